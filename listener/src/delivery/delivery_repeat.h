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

#include "delivery/delivery_internal.h"

/*
 * Part of the delivery's lifetime.  go_on: when standbys may be asked again, with the
 * delivery.  False if memory is exhausted.
 */
extern bool delivery_repeat_init(Delivery *delivery, LoopTimerCallback go_on)
			__attribute__((warn_unused_result));
extern bool delivery_repeat_begin_session(Delivery *delivery, const char *cursor,
										  bool resync) __attribute__((warn_unused_result));
extern void delivery_repeat_end_session(Delivery *delivery);
extern void delivery_repeat_free(Delivery *delivery);

/* Rows were fetched that are to be done again; or some time has passed. */
extern void delivery_repeat_want_mark(Delivery *delivery);

/* Is it time to tell who is late, or to ask what is replayed?  Else a timer comes back. */
extern bool delivery_repeat_wants_report(Delivery *delivery);
extern void delivery_repeat_start_report(Delivery *delivery);
extern bool delivery_repeat_wants_question(Delivery *delivery);
extern void delivery_repeat_start_question(Delivery *delivery);

/* The answer: each standby, then the position that was marked.  False if memory is exhausted. */
extern bool delivery_repeat_take_standby(Delivery *delivery, const char *name, uint64_t replayed)
			__attribute__((warn_unused_result));
extern bool delivery_repeat_take_answer(Delivery *delivery, uint64_t position)
			__attribute__((warn_unused_result));

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
