/*-------------------------------------------------------------------------
 *
 * real_redis_fixture.h
 *	  A Redis target in front of a real server, for each test anew.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REAL_REDIS_FIXTURE_H
#define UNCACHED_REAL_REDIS_FIXTURE_H

#include <check.h>
#include <stdlib.h>

#include "redis/real_redis.h"
#include "redis/redis_node_notes.h"
#include "redis/scripted_redis.h"

/* More than some chunks of a tag. */
#define MANY_COUNT 2600

static RealRedis redis;
static RedisNode *real_target;

static inline void
start_target(void)
{
	RedisTargetSettings settings = {
		.alias = "default",
		.url = &redis.url,
		.timeouts = {5000, 5000},
		.backoff_first_ms = 1,
		.backoff_cap_ms = 20,
		.seed = 1,
	};

	real_target = redis_node_create(loop, &silent, &settings, &events, NULL);
	ck_assert_ptr_nonnull(real_target);
	redis_node_set_worker(real_target, &work_events, NULL);
	redis_node_start(real_target);
}

static inline void
set_up(void)
{
	real_redis_start(&redis);
	loop = loop_create();
	ck_assert_ptr_nonnull(loop);
	name_sets_init(&names, 1);
	name_sets_init(&patterns, 1);
	start_target();
}

static inline void
tear_down(void)
{
	redis_node_destroy(real_target);
	loop_destroy(loop);
	name_sets_free(&names);
	name_sets_free(&patterns);
	real_redis_stop(&redis);
}

/* Applies the names that were added since the last time. */
static inline void
apply(void)
{
	redis_node_apply(real_target, REDIS_LANE_QUICK, &names);
	scripted_redis_run_until(loop, &apply_done_count, apply_done_count + 1);
	name_sets_reset(&names);
}

static inline void
scan(void)
{
	ck_assert(redis_node_scan(real_target, &patterns));
	scripted_redis_run_until(loop, &scan_done_count, scan_done_count + 1);
}

static inline void
expect_key_count(long long expected)
{
	ck_assert_int_eq(REAL_REDIS_COUNT(&redis, "DBSIZE"), expected);
}

static inline void
register_keys(const char *tag, int count)
{
	for (int i = 0; i < count; i++)
	{
		REAL_REDIS_DO(&redis, "SET %s:%d x", tag, i);
		REAL_REDIS_DO(&redis, "SADD %s %s:%d", tag, tag, i);
	}
}

/* Runs the tests that add() adds. */
static inline int
run_server_tests(const char *name, void (*add) (TCase *tests))
{
	Suite	   *suite = suite_create(name);
	TCase	   *tests = tcase_create(name);
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 60);
	add(tests);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
