/*-------------------------------------------------------------------------
 *
 * redis_target_fixture.h
 *	  A Redis target in front of a scripted server, and what it reported.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_TARGET_FIXTURE_H
#define UNCACHED_REDIS_TARGET_FIXTURE_H

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "redis_target.h"
#include "redis_target_events.h"
#include "scripted_redis.h"

static ScriptedRedis server;
static RedisTarget *target;
static int64_t scan_rate;		/* 0 without bound */
static LoopClock test_clock;	/* NULL for the real one */

static int	command_count;		/* over all connections */

/* What the scripted server does wrong, once: see the tests. */
static int	bad_command __attribute__((unused));	/* number of the one that
													 * is answered badly */
static const char *bad_reply __attribute__((unused));	/* NULL is silence */
static bool bad_hang_up __attribute__((unused));	/* after the bad reply */

static inline void
start(ScriptedRedisAnswer answer)
{
	RedisTargetSettings settings = {
		.alias = "default",
		.timeouts = {5000, 100},
		.backoff_first_ms = 1,
		.backoff_cap_ms = 5,
		.scan_rate = scan_rate,
		.stagger_ms = 5000,
		.seed = 1,
	};

	loop = loop_create();
	ck_assert_ptr_nonnull(loop);
	if (test_clock != NULL)
		loop_set_clock(loop, test_clock, NULL);
	scripted_redis_start(&server, loop, answer);
	settings.url = &server.url;
	target = redis_target_create(loop, &silent, &settings, &events, NULL);
	ck_assert_ptr_nonnull(target);
	name_sets_init(&names, 1);
	name_sets_init(&patterns, 1);
	ready_count = placed_count = lost_count = apply_done_count = scan_done_count = 0;
	command_count = 0;
	redis_target_start(target);
}

static inline void
stop(void)
{
	redis_target_destroy(target);
	scripted_redis_stop(&server);
	loop_destroy(loop);
	name_sets_free(&names);
	name_sets_free(&patterns);
}

#endif
