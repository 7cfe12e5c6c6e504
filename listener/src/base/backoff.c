/*-------------------------------------------------------------------------
 *
 * backoff.c
 *	  How long to wait before the next try: capped exponential with jitter.
 *
 *-------------------------------------------------------------------------
 */
#include "base/backoff.h"

/*
 * One step of splitmix64 (Steele, Lea and Flood 2014): spreads seeds that
 * differ in a few bits, such as process ids, over the whole state.
 */
static uint64_t
scramble(uint64_t seed)
{
	seed += UINT64_C(0x9E3779B97F4A7C15);
	seed = (seed ^ (seed >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	seed = (seed ^ (seed >> 27)) * UINT64_C(0x94D049BB133111EB);
	return seed ^ (seed >> 31);
}

/* xorshift64* (Vigna 2016). */
static uint64_t
next_random(Backoff *backoff)
{
	uint64_t	state = backoff->random_state;

	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	backoff->random_state = state;
	return state * UINT64_C(0x2545F4914F6CDD1D);
}

/* min(cap_ms, first_ms * 2^failure_count), without overflow. */
static int64_t
bound_ms(const Backoff *backoff)
{
	int64_t		bound = backoff->first_ms;

	for (unsigned int i = 0; i < backoff->failure_count; i++)
	{
		if (bound > backoff->cap_ms / 2)
			return backoff->cap_ms;
		bound *= 2;
	}
	return bound;
}

void
backoff_init(Backoff *backoff, int64_t first_ms, int64_t cap_ms, uint64_t seed)
{
	backoff->first_ms = first_ms < 1 ? 1 : first_ms;
	backoff->cap_ms = cap_ms < backoff->first_ms ? backoff->first_ms : cap_ms;
	backoff->failure_count = 0;
	backoff->random_state = scramble(seed);
	if (backoff->random_state == 0)
		backoff->random_state = 1;
}

int64_t
backoff_next_ms(Backoff *backoff)
{
	int64_t		bound = bound_ms(backoff);
	int64_t		lowest = bound - bound / 2;
	uint64_t	choice_count = (uint64_t) (bound - lowest) + 1;

	if (backoff->failure_count < UINT32_MAX)
		backoff->failure_count++;
	return lowest + (int64_t) (next_random(backoff) % choice_count);
}

void
backoff_reset(Backoff *backoff)
{
	backoff->failure_count = 0;
}
