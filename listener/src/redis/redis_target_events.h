/*-------------------------------------------------------------------------
 *
 * redis_target_events.h
 *	  What a Redis target is told at first, and what it reports.
 *
 * Callbacks run from the loop, never from inside a function of redis_target.h; a
 * callback may call any of them but redis_target_destroy.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_TARGET_EVENTS_H
#define UNCACHED_REDIS_TARGET_EVENTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/url.h"
#include "redis/redis_conn.h"

typedef enum RedisLane
{
	REDIS_LANE_QUICK,			/* what is expected at once */
	REDIS_LANE_STEPS,			/* what takes Redis long */
	REDIS_LANE_STAGGERED,		/* what somebody else sees to the pace of */
	REDIS_LANE_COUNT
} RedisLane;

typedef struct RedisTargetSettings
{
	const char *alias;			/* borrowed; for the log */
	const RedisUrl *url;		/* borrowed */
	RedisConnTimeouts timeouts;
	int64_t		backoff_first_ms;
	int64_t		backoff_cap_ms;
	int64_t		scan_rate;		/* keys a pass may look at in a second; 0 is
								 * without bound */
	int64_t		sweep_ms;		/* between two sweeps of tags; 0 is never */
	const char *prefix;			/* borrowed; in front of the tags to sweep */
	size_t		prefix_bytes;
	uint64_t	seed;
	struct RedisCounters *counters; /* borrowed; NULL counts nothing */
} RedisTargetSettings;

/* For the owner of the target. */
typedef struct RedisTargetEvents
{
	/* Connected and greeted. */
	void		(*ready) (void *context);

	/*
	 * Redis has told again of its history, about once a second while it is
	 * ready: it has gone on, and has in it everything that was answered
	 * before.
	 */
	void		(*placed) (void *context);

	/*
	 * A connection could not be made or was dropped; it was logged.  The
	 * target tries again by itself.
	 */
	void		(*lost) (void *context);
} RedisTargetEvents;

/* For whoever gives it work. */
typedef struct RedisWorkEvents
{
	/*
	 * Which sets some of the lane's names mean is not known: a pass with this
	 * pattern over sets has to follow.  Before apply_done; the pattern is
	 * borrowed.  It may come more than once.
	 */
	void		(*needs_scan) (void *context, RedisLane lane, const char *pattern,
							   size_t pattern_bytes);

	/* The lane's names are proven to be deleted, and no longer borrowed. */
	void		(*apply_done) (void *context, RedisLane lane);

	/* A whole pass with the patterns is proven. */
	void		(*scan_done) (void *context);
} RedisWorkEvents;

#endif
