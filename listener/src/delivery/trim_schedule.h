/*-------------------------------------------------------------------------
 *
 * trim_schedule.h
 *	  When to trim the journal: now and then, and again while there is more,
 *	  but fetching goes first.
 *
 * While many rows come, twice as many are trimmed as are fetched: enough to catch
 * up, and no more of the writers' processors than that takes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_TRIM_SCHEDULE_H
#define UNCACHED_TRIM_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

/* What one trim deletes at most: five milliseconds' work, for which fetches wait. */
#define TRIM_SCHEDULE_MAX_ROWS 500

typedef struct TrimSchedule
{
	bool		is_due;			/* the interval is over */
	bool		has_more;		/* the last trim deleted all that it may */
	bool		has_fetched;	/* since the last trim */
	bool		is_busy;		/* many rows come */
	int64_t		fetched_rows;	/* since the last trim */
	bool		is_behind;		/* the last fetch was full: another follows */
} TrimSchedule;

/* Milliseconds between two trims, different for each seed. */
extern int64_t trim_schedule_interval_ms(uint64_t seed);

/* Prepares caller's storage: no trim is due. */
extern void trim_schedule_init(TrimSchedule *schedule);

extern void trim_schedule_take_interval(TrimSchedule *schedule);

/* "is_busy" says whether many rows come. */
extern void trim_schedule_take_fetch(TrimSchedule *schedule, int64_t row_count, bool was_full,
									 bool is_busy);
extern void trim_schedule_take_trim(TrimSchedule *schedule, int64_t row_count);

/* Is it time to trim?  "can_fetch" says whether a fetch could go first. */
extern bool trim_schedule_wants(const TrimSchedule *schedule, bool can_fetch);

/* A trim was started. */
extern void trim_schedule_begin(TrimSchedule *schedule);

#endif
