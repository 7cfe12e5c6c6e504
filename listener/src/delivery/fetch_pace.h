/*-------------------------------------------------------------------------
 *
 * fetch_pace.h
 *	  How long to linger between two fetches, so that a busy journal is
 *	  fetched in fewer and larger batches.
 *
 * Pure: the caller has the clock.  A fetch costs about the same for one row as for
 * fifty, and is taken from the writers' processors.  There is no lingering where rows
 * come seldom, nor where they come one by one even then: that is somebody who waits
 * for each to be applied, who is held up for as long as it takes to notice, once in
 * a while.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_FETCH_PACE_H
#define UNCACHED_FETCH_PACE_H

#include <stddef.h>
#include <stdint.h>

/* What lingering adds to the time from commit to delete, at most. */
#define FETCH_PACE_LINGER_MS INT64_C(8)

/* So many rows in so many milliseconds are a busy journal, and so many still are. */
#define FETCH_PACE_BUSY_ROWS INT64_C(14)
#define FETCH_PACE_STILL_BUSY_ROWS INT64_C(7)
#define FETCH_PACE_INTERVAL_MS INT64_C(64)

/* How long somebody who waits for each row is left alone. */
#define FETCH_PACE_ALONE_MS INT64_C(1000)

typedef struct FetchPace
{
	int64_t		begin_ms;		/* of the interval that is counted */
	int64_t		row_count;		/* in it */
	int64_t		answer_count;	/* in it, with rows */
	int64_t		linger_ms;		/* what the last interval has shown */
	int64_t		alone_until_ms; /* rows came one by one in spite of lingering */
} FetchPace;

extern void fetch_pace_init(FetchPace *pace, int64_t now_ms);

/* A fetch was answered with so many rows. */
extern void fetch_pace_take_fetch(FetchPace *pace, int64_t now_ms, size_t row_count);

/* From the answer to the next fetch, in milliseconds. */
extern int64_t fetch_pace_linger_ms(const FetchPace *pace);

#endif
