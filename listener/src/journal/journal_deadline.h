/*-------------------------------------------------------------------------
 *
 * journal_deadline.h
 *	  How long an operation of a journal session may go without an answer.
 *
 * A server that is slow is not to be mistaken for one that is gone, nor the
 * other way round.  The first limit is short, so that a connection that died
 * silently is noticed soon; an operation that ran into it gets twice the time
 * at the next try, up to more than statement_timeout.  Time is counted in
 * ticks of the loop: while the whole machine stood still, the server could not
 * answer either.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_JOURNAL_DEADLINE_H
#define UNCACHED_JOURNAL_DEADLINE_H

#include <stdbool.h>

#include "base/loop.h"
#include "journal/journal_operation.h"

/* For connecting to one address, and before that for looking up a name. */
#define JOURNAL_DEADLINE_CONNECT_MS 5000

typedef struct JournalDeadline
{
	Loop	   *loop;			/* borrowed */
	LoopTimerCallback passed;
	void	   *context;		/* borrowed */
	LoopTimer	tick_timer;		/* armed while an operation is under way */
	JournalOperation operation;
	int			silent_ticks;	/* since it began or bytes came */
	int			longest_ticks;	/* without bytes, of this operation */
	int			limit_ticks[JOURNAL_OPERATION_COUNT];
} JournalDeadline;

/*
 * Prepares caller's storage.  "passed" is called when an operation has taken
 * too long, which has ended then.
 */
extern void journal_deadline_init(JournalDeadline *deadline, Loop *loop,
								  LoopTimerCallback passed, void *context);

/* The operation begins.  False if memory is exhausted. */
extern bool journal_deadline_begin(JournalDeadline *deadline, JournalOperation operation)
			__attribute__((warn_unused_result));

/* Something came from the server. */
extern void journal_deadline_take_bytes(JournalDeadline *deadline);

/* The operation was answered. */
extern void journal_deadline_end(JournalDeadline *deadline);

/* There is no operation any more, and no answer. */
extern void journal_deadline_cancel(JournalDeadline *deadline);

#endif
