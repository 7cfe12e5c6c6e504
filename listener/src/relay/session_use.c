/*-------------------------------------------------------------------------
 *
 * session_use.c
 *	  Pure: whether a session with PostgreSQL is of use, and how long to wait
 *	  for the next one.
 *
 *-------------------------------------------------------------------------
 */
#include "relay/session_use.h"

/* A session that has lasted so long works, whatever failed before. */
#define LONG_MS 60000

void
session_use_init(SessionUse *use, int64_t first_ms, int64_t cap_ms, uint64_t seed)
{
	backoff_init(&use->backoff, first_ms, cap_ms, seed);
	use->cap_ms = cap_ms;
	use->connected_ms = 0;
	use->attach_count = 0;
}

void
session_use_connect(SessionUse *use, int64_t now_ms)
{
	use->connected_ms = now_ms;
}

void
session_use_attach(SessionUse *use)
{
	use->attach_count++;
}

static bool
settle(SessionUse *use)
{
	backoff_reset(&use->backoff);
	use->attach_count = 0;
	return true;
}

bool
session_use_take_answer(SessionUse *use, int64_t now_ms, bool is_ack, bool owes_nothing)
{
	int64_t		lasted_ms = now_ms - use->connected_ms;

	if (is_ack)
		return owes_nothing && settle(use);
	if (lasted_ms <= use->cap_ms)
		return false;
	backoff_reset(&use->backoff);
	return (lasted_ms > LONG_MS || owes_nothing) && settle(use);
}

bool
session_use_is_repeated(const SessionUse *use)
{
	return use->attach_count > 0;
}

int64_t
session_use_wait_ms(SessionUse *use)
{
	return backoff_next_ms(&use->backoff);
}

void
session_use_restart(SessionUse *use)
{
	use->attach_count = 0;
}
