/*-------------------------------------------------------------------------
 *
 * lag.h
 *	  How many rows wait for a target, and since when.
 *
 * Pure.  Rows are counted as they are fetched, applied and acknowledged, always in that
 * order.  Of long queues the marks are thinned out: the age is then never too small.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_LAG_H
#define UNCACHED_LAG_H

#include <stddef.h>
#include <stdint.h>

#define LAG_MARKS 64

typedef struct LagMark
{
	uint64_t	row_count;		/* of all rows up to there */
	uint64_t	order;			/* when they were applied (progress.h) */
	int64_t		oldest_at_us;	/* of the rows since the mark before */
} LagMark;

/* The oldest first. */
typedef struct LagMarks
{
	LagMark		marks[LAG_MARKS];
	size_t		count;
} LagMarks;

/* All zero is the begin of a session. */
typedef struct Lag
{
	uint64_t	fetched_count;
	uint64_t	applied_count;
	uint64_t	acked_count;
	LagMarks	fetched;		/* not acknowledged */
	LagMarks	applied;		/* likewise */

	/* seen in the journal, and not fetched to be applied */
	uint64_t	waiting_count;
	int64_t		waiting_at_us;
} Lag;

/* A batch was fetched: so many rows, the oldest of which is from then. */
extern void lag_fetch(Lag *lag, uint64_t row_count, int64_t oldest_at_us);

/* So many rows are applied, and acknowledged when everything up to that order is. */
extern void lag_apply(Lag *lag, uint64_t row_count, uint64_t order);
extern void lag_acknowledge(Lag *lag, uint64_t order);

/* Nothing is left. */
extern void lag_settle(Lag *lag);

/* So many rows were seen in the journal behind those that were fetched. */
extern void lag_see(Lag *lag, uint64_t row_count, int64_t oldest_at_us);

extern uint64_t lag_row_count(const Lag *lag);

/* The time of the oldest of them; 0 if there are none. */
extern int64_t lag_oldest_at_us(const Lag *lag);

#endif
