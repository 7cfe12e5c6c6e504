/*-------------------------------------------------------------------------
 *
 * trim_schedule.c
 *	  When to trim the journal: now and then, and again while there is more,
 *	  but fetching goes first.
 *
 *-------------------------------------------------------------------------
 */
#include "delivery/trim_schedule.h"

#include <string.h>

#define INTERVAL_MS INT64_C(10000)
#define JITTER_MS INT64_C(2000)

int64_t
trim_schedule_interval_ms(uint64_t seed)
{
	return INTERVAL_MS - JITTER_MS / 2 + (int64_t) (seed % (uint64_t) JITTER_MS);
}

void
trim_schedule_init(TrimSchedule *schedule)
{
	memset(schedule, 0, sizeof(*schedule));
}

void
trim_schedule_take_interval(TrimSchedule *schedule)
{
	schedule->is_due = true;
}

void
trim_schedule_take_fetch(TrimSchedule *schedule, int64_t row_count, bool was_full,
						 bool is_busy)
{
	schedule->has_fetched = true;
	schedule->fetched_rows += row_count;
	schedule->is_busy = is_busy;
	schedule->is_behind = was_full;
}

void
trim_schedule_take_trim(TrimSchedule *schedule, int64_t row_count)
{
	schedule->has_more = row_count >= TRIM_SCHEDULE_MAX_ROWS;
}

bool
trim_schedule_wants(const TrimSchedule *schedule, bool can_fetch)
{
	if (schedule->is_due || !schedule->has_more)
		return schedule->is_due;
	if (schedule->is_busy && 2 * schedule->fetched_rows < TRIM_SCHEDULE_MAX_ROWS)
		return false;
	return !can_fetch || (schedule->has_fetched && !schedule->is_behind);
}

void
trim_schedule_begin(TrimSchedule *schedule)
{
	schedule->is_due = false;
	schedule->has_more = false;
	schedule->has_fetched = false;
	schedule->fetched_rows = 0;
}
