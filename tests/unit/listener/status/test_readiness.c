/*-------------------------------------------------------------------------
 *
 * test_readiness.c
 *	  Unit tests of listener/src/status/readiness.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "status/readiness.h"

#define NOW_US INT64_C(1700000000000000)
#define MAX_LAG_MS 60000

static TargetStatus targets[2];
static Snapshot snapshot;

static void
set_up(void)
{
	memset(targets, 0, sizeof(targets));
	for (int i = 0; i < 2; i++)
	{
		targets[i].alias = i == 0 ? "one" : "two";
		targets[i].state = TARGET_STATE_READY;
		targets[i].has_redis = true;
	}
	snapshot.targets = targets;
	snapshot.target_count = 2;
	snapshot.taken_at_us = NOW_US;
}

static void
assert_text(bool is_ready, const char *expected)
{
	char		text[1024] = "";
	FILE	   *stream = fmemopen(text, sizeof(text), "w");

	ck_assert_ptr_nonnull(stream);
	ck_assert_int_eq(readiness_write(&snapshot, MAX_LAG_MS, stream), is_ready);
	fclose(stream);
	ck_assert_str_eq(text, expected);
}

START_TEST(readiness_is_that_of_all_targets)
{
	assert_text(true, "");
	targets[0].state = TARGET_STATE_CONNECTING;
	targets[1].has_redis = false;
	assert_text(false, "one: it is connecting\ntwo: Redis is not connected\n");
}

END_TEST

START_TEST(readiness_needs_a_state_that_is_attached)
{
	for (TargetState state = 0; state < TARGET_STATE_COUNT; state++)
	{
		char		reason[100];
		bool		is_ready = state == TARGET_STATE_READY || state == TARGET_STATE_RESYNC ||
		state == TARGET_STATE_STOPPING || state == TARGET_STATE_STANDBY;

		targets[0].state = state;
		snprintf(reason, sizeof(reason), "one: it is %s\n", target_state_names[state]);
		assert_text(is_ready, is_ready ? "" : reason);
	}
}

END_TEST

START_TEST(readiness_asks_nothing_more_of_a_standby)
{
	targets[0].state = TARGET_STATE_STANDBY;
	targets[0].has_redis = false;
	assert_text(true, "");
}

END_TEST

START_TEST(readiness_has_a_bound_for_the_lag)
{
	targets[0].delivery.oldest_at_us = NOW_US - MAX_LAG_MS * 1000;
	assert_text(true, "");
	targets[0].delivery.oldest_at_us = NOW_US - MAX_LAG_MS * 1000 - 1000;
	assert_text(false, "one: behind for 60001 ms, more than ready_max_lag, 60000 ms\n");
	targets[0].delivery.oldest_at_us = NOW_US + 1000000;
	assert_text(true, "");
}

END_TEST


int
main(void)
{
	Suite	   *suite = suite_create("readiness");
	TCase	   *tests = tcase_create("readiness");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, readiness_is_that_of_all_targets);
	tcase_add_test(tests, readiness_needs_a_state_that_is_attached);
	tcase_add_test(tests, readiness_asks_nothing_more_of_a_standby);
	tcase_add_test(tests, readiness_has_a_bound_for_the_lag);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
