/*-------------------------------------------------------------------------
 *
 * backoff.h
 *	  How long to wait before the next try: capped exponential with jitter.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_BACKOFF_H
#define UNCACHED_BACKOFF_H

#include <stdint.h>

typedef struct Backoff
{
	int64_t		first_ms;		/* bound of the first delay, at least 1 */
	int64_t		cap_ms;			/* bound of every delay, at least first_ms */
	unsigned int failure_count; /* since the last success */
	uint64_t	random_state;	/* of the generator; never 0 */
} Backoff;

/*
 * The seed makes the delays repeatable; any value will do.  Bounds that are
 * too low are raised to the lowest that is allowed.
 */
extern void backoff_init(Backoff *backoff, int64_t first_ms, int64_t cap_ms,
						 uint64_t seed);

/*
 * Counts a failure and returns the delay before the next try, uniformly from
 * the upper half of [0, min(cap_ms, first_ms * 2^n)] after n earlier failures,
 * so that daemons which lost the same server do not come back in step.  At
 * least 1.
 */
extern int64_t backoff_next_ms(Backoff *backoff);

/* After a success: the next failure starts over. */
extern void backoff_reset(Backoff *backoff);

#endif
