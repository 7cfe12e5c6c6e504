/*-------------------------------------------------------------------------
 *
 * redis_node_fixture.h
 *	  A Redis target in front of a scripted server, and what it reported.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_NODE_FIXTURE_H
#define UNCACHED_REDIS_NODE_FIXTURE_H

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "redis/redis_node.h"
#include "redis/redis_node_notes.h"
#include "redis/scripted_redis.h"

static ScriptedRedis server;
static RedisNode *node;
static int64_t scan_rate;		/* 0 without bound */
static int64_t sweep_ms;		/* 0 is never */
static const Log *target_log = &silent;
static LoopClock test_clock;	/* NULL for the real one */

static int	command_count;		/* over all connections */

/* What the scripted server does wrong, once: see start_badly(). */
static int	bad_command;		/* number of the one that is answered badly */
static const char *bad_reply;	/* NULL is silence */
static bool bad_hang_up;		/* after the bad reply */
static ScriptedRedisAnswer answer_well; /* to all other commands */

/* Short only where it is to pass: a busy machine may hold up everything. */
#define REPLY_DEADLINE_MS 5000
#define SILENCE_DEADLINE_MS 300
static int	reply_deadline_ms = REPLY_DEADLINE_MS;

static inline void
start(ScriptedRedisAnswer answer)
{
	RedisTargetSettings settings = {
		.alias = "default",
		.timeouts = {5000, reply_deadline_ms},
		.backoff_first_ms = 1,
		.backoff_cap_ms = 5,
		.scan_rate = scan_rate,
		.sweep_ms = sweep_ms,
		.prefix = "",
		.seed = 1,
	};

	loop = loop_create();
	ck_assert_ptr_nonnull(loop);
	if (test_clock != NULL)
		loop_set_clock(loop, test_clock, NULL);
	scripted_redis_start(&server, loop, answer);
	settings.url = &server.url;
	node = redis_node_create(loop, target_log, &settings, &events, NULL);
	ck_assert_ptr_nonnull(node);
	redis_node_set_worker(node, &work_events, NULL);
	name_sets_init(&names, 1);
	name_sets_init(&patterns, 1);
	ready_count = placed_count = lost_count = apply_done_count = scan_done_count = 0;
	command_count = 0;
	redis_node_start(node);
}

static inline void
stop(void)
{
	redis_node_destroy(node);
	scripted_redis_stop(&server);
	loop_destroy(loop);
	name_sets_free(&names);
	name_sets_free(&patterns);
}

/* Waits until the names are done, and sees that nothing else happens. */
static inline void
expect_apply_done(int expected_lost_count)
{
	scripted_redis_run_until(loop, &apply_done_count, 1);
	scripted_redis_settle(loop);
	ck_assert_int_eq(apply_done_count, 1);
	ck_assert_int_eq(lost_count, expected_lost_count);
}

/* Likewise, for a pass. */
static inline void
expect_scan_done(int expected_lost_count)
{
	scripted_redis_run_until(loop, &scan_done_count, 1);
	scripted_redis_settle(loop);
	ck_assert_int_eq(scan_done_count, 1);
	ck_assert_int_eq(lost_count, expected_lost_count);
}

/* One bad reply over the first connection; all is well after that. */
static inline void
answer_one_badly(ScriptedRedis *redis, const redisReply *command)
{
	if (redis->connection_count > 1 || redis->command_count != bad_command)
	{
		answer_well(redis, command);
		return;
	}
	if (bad_reply != NULL)
		scripted_redis_send(redis, bad_reply);
	if (bad_hang_up)
		scripted_redis_hang_up(redis);
}

/* As start(), but one command of the first connection is answered badly. */
static inline void
start_badly(ScriptedRedisAnswer answer, int number, const char *reply, bool hang_up)
{
	answer_well = answer;
	bad_command = number;
	bad_reply = reply;
	bad_hang_up = hang_up;
	reply_deadline_ms = reply == NULL && !hang_up ? SILENCE_DEADLINE_MS : REPLY_DEADLINE_MS;
	start(answer_one_badly);
}

/*
 * Tries a bad reply in the place of each command's.  run() has the target send
 * them, and sees that it is done in the end; all are sent again by then.
 */
static inline void
try_bad_replies(ScriptedRedisAnswer answer, int total, const char *reply, bool hang_up,
				void (*run) (void))
{
	for (int number = 1; number <= total; number++)
	{
		start_badly(answer, number, reply, hang_up);
		run();
		ck_assert_int_eq(server.connection_count, 2);
		ck_assert_int_eq(server.command_count, total);
		stop();
	}
}

#endif
