/*-------------------------------------------------------------------------
 *
 * commit_times.h
 *	  When the transactions of a batch have committed, in little space.
 *
 * Pure.  Times that differ by less than a 64th of their age count as one: what is made of
 * them is how long ago they were.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_COMMIT_TIMES_H
#define UNCACHED_COMMIT_TIMES_H

#include <stddef.h>
#include <stdint.h>

#include "base/histogram.h"

/* Further ones count as the last. */
#define COMMIT_TIMES_MAX 128

typedef struct CommitTime
{
	int64_t		at_us;			/* the earliest of those that count as one */
	uint64_t	count;
} CommitTime;

/* All zero is none. */
typedef struct CommitTimes
{
	CommitTime	times[COMMIT_TIMES_MAX];
	size_t		time_count;
} CommitTimes;

extern void commit_times_add(CommitTimes *times, int64_t at_us, int64_t now_us);

/* Adds how long ago each was. */
extern void commit_times_observe(const CommitTimes *times, int64_t now_us, Histogram *ages);

#endif
