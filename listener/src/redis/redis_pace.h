/*-------------------------------------------------------------------------
 *
 * redis_pace.h
 *	  How fast a pass may look at keys.
 *
 * Each slice is paid for by waiting before it is asked for, so that from the
 * begin of a pass on the keys looked at never exceed the rate times the time.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_PACE_H
#define UNCACHED_REDIS_PACE_H

#include <stddef.h>
#include <stdint.h>

typedef struct RedisPace
{
	int64_t		keys_per_s;		/* 0 is without bound */
	int64_t		paid_until_us;	/* on the loop's clock */
} RedisPace;

/* Prepares caller's storage.  keys_per_s is at most 10^9. */
extern void redis_pace_init(RedisPace *pace, int64_t keys_per_s);

/* A pass begins, or begins again: time that has gone by buys nothing. */
extern void redis_pace_begin(RedisPace *pace, int64_t now_ms);

/*
 * How many keys the next slice may ask for: as many as wanted, but at most a
 * tenth of a second's share, or ten.
 */
extern size_t redis_pace_slice_keys(const RedisPace *pace, size_t wanted_keys);

/* How long to wait before a slice of so many keys; 0 is now. */
extern int64_t redis_pace_wait_ms(const RedisPace *pace, size_t slice_keys, int64_t now_ms);

/* The slice is asked for. */
extern void redis_pace_take(RedisPace *pace, size_t slice_keys, int64_t now_ms);

#endif
