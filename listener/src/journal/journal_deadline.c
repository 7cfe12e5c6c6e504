/*-------------------------------------------------------------------------
 *
 * journal_deadline.c
 *	  How long an operation of a journal session may go without an answer.
 *
 *-------------------------------------------------------------------------
 */
#include "journal/journal_deadline.h"

#define TICK_MS 1000
#define CONNECT_TICKS (JOURNAL_DEADLINE_CONNECT_MS / TICK_MS)
#define FIRST_TICKS 7
#define MAX_TICKS 35			/* more than statement_timeout */

/* Connecting always gets the same time: another host may be there. */
static void
extend_limit(JournalDeadline *deadline)
{
	int		   *limit = &deadline->limit_ticks[deadline->operation];

	if (deadline->operation != JOURNAL_OPERATION_CONNECTING)
		*limit = *limit * 2 < MAX_TICKS ? *limit * 2 : MAX_TICKS;
}

static bool
set_tick(JournalDeadline *deadline)
{
	return loop_timer_set(deadline->loop, &deadline->tick_timer, TICK_MS);
}

static void
take_tick(void *context)
{
	JournalDeadline *deadline = context;
	bool		is_over;

	deadline->silent_ticks++;
	if (deadline->silent_ticks > deadline->longest_ticks)
		deadline->longest_ticks = deadline->silent_ticks;
	is_over = deadline->silent_ticks >= deadline->limit_ticks[deadline->operation];
	if (is_over)
		extend_limit(deadline);

	/* without memory for a timer it is better to begin again */
	if (is_over || !set_tick(deadline))
		deadline->passed(deadline->context);
}

void
journal_deadline_init(JournalDeadline *deadline, Loop *loop, LoopTimerCallback passed,
					  void *context)
{
	deadline->loop = loop;
	deadline->passed = passed;
	deadline->context = context;
	loop_timer_init(&deadline->tick_timer, take_tick, deadline);
	for (int i = 0; i < JOURNAL_OPERATION_COUNT; i++)
		deadline->limit_ticks[i] = FIRST_TICKS;
	deadline->limit_ticks[JOURNAL_OPERATION_CONNECTING] = CONNECT_TICKS;
}

bool
journal_deadline_begin(JournalDeadline *deadline, JournalOperation operation)
{
	deadline->operation = operation;
	deadline->silent_ticks = 0;
	deadline->longest_ticks = 0;
	return set_tick(deadline);
}

void
journal_deadline_take_bytes(JournalDeadline *deadline)
{
	deadline->silent_ticks = 0;
}

/* The longer limit stays for as long as the operation is slow. */
void
journal_deadline_end(JournalDeadline *deadline)
{
	if (deadline->operation != JOURNAL_OPERATION_CONNECTING &&
		deadline->longest_ticks < FIRST_TICKS / 2)
		deadline->limit_ticks[deadline->operation] = FIRST_TICKS;
	journal_deadline_cancel(deadline);
}

void
journal_deadline_cancel(JournalDeadline *deadline)
{
	loop_timer_remove(deadline->loop, &deadline->tick_timer);
}
