/*-------------------------------------------------------------------------
 *
 * delivery_standbys_fixture.h
 *	  A delivery that waits for the standby "a", by a clock of the test's own.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_DELIVERY_STANDBYS_FIXTURE_H
#define UNCACHED_DELIVERY_STANDBYS_FIXTURE_H

#include <check.h>
#include <stdbool.h>

#include "delivery/delivery_fixture.h"
#include "delivery/delivery_internal.h"

static char standby_names[] = "a";
static int64_t clock_ms;

static inline int64_t
read_clock(void *context)
{
	(void) context;
	return clock_ms;
}

static inline void
start_standbys_named(char *names)
{
	fixture.config.standbys = names;
	fixture.config.standby_timeout_ms = 1000;
	start();
	clock_ms = 1000;
	loop_set_clock(fixture.loop, read_clock, NULL);
}

static inline void
start_standbys(void)
{
	start_standbys_named(standby_names);
}

static inline void
pass_ms(int64_t elapsed_ms)
{
	clock_ms += elapsed_ms;
	ck_assert(loop_turn(fixture.loop, 0));
}

/* "a" has replayed so much; 0: it is not connected.  position: of a mark, or 0. */
static inline void
tell(uint64_t replayed, uint64_t position)
{
	fixture.is_busy = false;
	if (replayed > 0)
		ck_assert(journal_gives_standby("a", replayed));
	journal_ends_standbys(position);
}

static inline void
answer_report(void)
{
	fixture.is_busy = false;
	journal_ends_report();
}

/* Nothing comes from the journal until this is asked for. */
static inline void
idle_until(const char *what)
{
	for (int i = 0; i < 1000 && strcmp(fixture.asked, what) != 0; i++)
	{
		fixture.asked[0] = '\0';
		if (fixture.is_busy)
			answer_empty("1");
		else
			pass_ms(10);
	}
	expect(what);
}

/* One row is fetched, applied and marked at 10; "a" is at 5, and the reader asleep. */
static inline void
apply_and_wait(bool has_pattern)
{
	begin();
	answer_fetch("1", 1, has_pattern);
	expect("fetch 0;apply;mark;");
	tell(5, 10);
	redis_finishes(REDIS_LANE_QUICK);
	answer_empty("1");
	answer_empty("1");
	expect(has_pattern ? "fetch 1;scan;sleep 1;" : "fetch 1;sleep 1;");
	if (has_pattern)
		redis_finishes_pass();
	expect("");
}

#endif
