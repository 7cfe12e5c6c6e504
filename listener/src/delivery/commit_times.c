/*-------------------------------------------------------------------------
 *
 * commit_times.c
 *	  When the transactions of a batch have committed, in little space.
 *
 *-------------------------------------------------------------------------
 */
#include "delivery/commit_times.h"

#define TOLERANCE_PART 64
#define TOLERANCE_LEAST_US 50

static int64_t
tolerance_us(int64_t age_us)
{
	int64_t		part_us = age_us / TOLERANCE_PART;

	return part_us > TOLERANCE_LEAST_US ? part_us : TOLERANCE_LEAST_US;
}

void
commit_times_add(CommitTimes *times, int64_t at_us, int64_t now_us)
{
	CommitTime *last = &times->times[times->time_count > 0 ? times->time_count - 1 : 0];
	int64_t		apart_us = at_us > last->at_us ? at_us - last->at_us : last->at_us - at_us;

	if (times->time_count == 0 ||
		(apart_us > tolerance_us(now_us - at_us) && times->time_count < COMMIT_TIMES_MAX))
	{
		last = &times->times[times->time_count++];
		last->at_us = at_us;
		last->count = 0;
	}
	if (at_us < last->at_us)
		last->at_us = at_us;
	last->count++;
}

void
commit_times_observe(const CommitTimes *times, int64_t now_us, Histogram *ages)
{
	for (size_t i = 0; i < times->time_count; i++)
		histogram_add(ages, now_us - times->times[i].at_us, times->times[i].count);
}
