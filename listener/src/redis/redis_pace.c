/*-------------------------------------------------------------------------
 *
 * redis_pace.c
 *	  How fast a pass may look at keys.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_pace.h"

#define US_PER_S INT64_C(1000000)
#define US_PER_MS INT64_C(1000)

#define SLICES_PER_S 10
#define SLICE_MIN_KEYS ((size_t) 10)

/*
 * How late a slice may come without losing the time: the timer's and the
 * server's delays.  More would allow a burst after a pause.
 */
#define CREDIT_US INT64_C(10000)

/* SCAN goes on to the end of a bucket: mostly one key more than asked for. */
static int64_t
cost_us(const RedisPace *pace, size_t slice_keys)
{
	int64_t		scaled = ((int64_t) slice_keys + 1) * US_PER_S;

	return (scaled + pace->keys_per_s - 1) / pace->keys_per_s;
}

void
redis_pace_init(RedisPace *pace, int64_t keys_per_s)
{
	pace->keys_per_s = keys_per_s;
	pace->paid_until_us = 0;
}

void
redis_pace_begin(RedisPace *pace, int64_t now_ms)
{
	if (pace->paid_until_us < now_ms * US_PER_MS)
		pace->paid_until_us = now_ms * US_PER_MS;
}

size_t
redis_pace_slice_keys(const RedisPace *pace, size_t wanted_keys)
{
	size_t		share;

	if (pace->keys_per_s == 0)
		return wanted_keys;
	share = (size_t) pace->keys_per_s / SLICES_PER_S;
	if (share < SLICE_MIN_KEYS)
		share = SLICE_MIN_KEYS;
	return wanted_keys < share ? wanted_keys : share;
}

int64_t
redis_pace_wait_ms(const RedisPace *pace, size_t slice_keys, int64_t now_ms)
{
	int64_t		left_us;

	if (pace->keys_per_s == 0)
		return 0;
	left_us = pace->paid_until_us + cost_us(pace, slice_keys) - now_ms * US_PER_MS;
	return left_us > 0 ? (left_us + US_PER_MS - 1) / US_PER_MS : 0;
}

void
redis_pace_take(RedisPace *pace, size_t slice_keys, int64_t now_ms)
{
	int64_t		earliest_us = now_ms * US_PER_MS - CREDIT_US;

	if (pace->keys_per_s == 0)
		return;
	pace->paid_until_us += cost_us(pace, slice_keys);
	if (pace->paid_until_us < earliest_us)
		pace->paid_until_us = earliest_us;
}
