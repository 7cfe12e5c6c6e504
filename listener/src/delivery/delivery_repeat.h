/*-------------------------------------------------------------------------
 *
 * delivery_repeat.h
 *	  Does again what a delivery has done, when standbys have replayed it.
 *
 * Part of delivery, for targets whose cache is filled from standbys.  Rows are
 * fetched and applied at once, as ever, but nothing is acknowledged for that.
 * Behind comes a second reader of the journal, which goes no further than the
 * cursors that standbys.h has released; its batches are applied like others,
 * and acknowledged.  What waits for standbys waits in the journal.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_DELIVERY_REPEAT_H
#define UNCACHED_DELIVERY_REPEAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "delivery/delivery.h"
#include "delivery/standbys.h"

typedef struct DeliveryRepeat
{
	bool		is_on;			/* else nothing below is used */
	Standbys	standbys;
	bool		wants_report;	/* who is late has changed */

	/* of the session */
	char	   *cursor;			/* owned; where the next fetch of this starts */
	char	   *until;			/* owned; how far the last one was to go, or
								 * NULL */
	char	   *asked_cursor;	/* owned; whose mark is asked for, or NULL */
	bool		is_exhausted;	/* all before until was fetched */
	bool		wants_mark;		/* more was fetched since the last mark */
	bool		is_its_turn;	/* the other reader has fetched since */
	int64_t		poll_ms;		/* from the last question to the next */
	int64_t		asked_ms;		/* when it was */
	int64_t		marked_ms;		/* when the last mark was asked for */
	LoopTimer	poll_timer;
} DeliveryRepeat;

/* Part of the delivery's lifetime.  False if memory is exhausted. */
extern bool delivery_repeat_init(Delivery *delivery) __attribute__((warn_unused_result));
extern bool delivery_repeat_begin_session(Delivery *delivery, const char *cursor,
										  bool resync) __attribute__((warn_unused_result));
extern void delivery_repeat_end_session(Delivery *delivery);
extern void delivery_repeat_free(Delivery *delivery);

/* Rows were fetched that are to be done again; or some time has passed. */
extern void delivery_repeat_want_mark(Delivery *delivery);

/* Is it time to tell who is late, or to ask what is replayed?  Else a timer comes back. */
extern bool delivery_repeat_wants_report(const Delivery *delivery);
extern void delivery_repeat_start_report(Delivery *delivery);
extern bool delivery_repeat_wants_question(Delivery *delivery);
extern void delivery_repeat_start_question(Delivery *delivery);

/*
 * Is there something to fetch again, if there is room for it?  Its slot is the one that
 * is being filled then.
 */
extern bool delivery_repeat_wants_fetch(const Delivery *delivery);
extern void delivery_repeat_start_fetch(Delivery *delivery);

/* That is answered; the slot waits to be applied then.  False if memory is exhausted. */
extern bool delivery_repeat_take_fetch(Delivery *delivery, const JournalFetch *fetch)
			__attribute__((warn_unused_result));

/* Was all that was fetched fetched again? */
extern bool delivery_repeat_is_complete(const Delivery *delivery);

#endif
