/*-------------------------------------------------------------------------
 *
 * test_minute_log.c
 *	  Unit tests of listener/src/status/minute_log.c.
 *
 *-------------------------------------------------------------------------
 */
#include "status/minute_log.h"

#include <stdlib.h>
#include <string.h>

#include "base/log_fixture.h"

#define NOW_US INT64_C(1700000000000000)

static TargetCounters counters[2];
static TargetStatus targets[2];
static Snapshot snapshot;
static Loop *loop;
static MinuteLog *minute_log;

static void
set_up(void)
{
	memset(counters, 0, sizeof(counters));
	memset(targets, 0, sizeof(targets));
	for (int i = 0; i < 2; i++)
	{
		targets[i].alias = i == 0 ? "one" : "two";
		targets[i].counters = &counters[i];
	}
	snapshot.targets = targets;
	snapshot.target_count = 2;
	snapshot.taken_at_us = NOW_US;
	open_test_log(LOG_LEVEL_INFO);
	loop = loop_create();
	minute_log = minute_log_create(loop, &test_log, NULL);
	ck_assert_ptr_nonnull(minute_log);
}

static void
tear_down(void)
{
	minute_log_destroy(minute_log);
	loop_destroy(loop);
	close_test_log();
}

static size_t
count_lines(void)
{
	size_t		count = 0;

	read_test_log();
	for (const char *line = said; (line = strstr(line, "work of the last minute")) != NULL; line++)
		count++;
	return count;
}

START_TEST(minute_log_says_nothing_where_nothing_was_done)
{
	minute_log_say(minute_log, &snapshot);
	minute_log_say(minute_log, &snapshot);
	ck_assert_uint_eq(count_lines(), 0);
}

END_TEST

START_TEST(minute_log_says_what_a_target_has_done_since)
{
	counters[0].delivery.rows = 10;
	minute_log_say(minute_log, &snapshot);
	counters[0].delivery.rows = 13;
	counters[0].delivery.invalidations[0] = 4;
	counters[0].delivery.invalidations[1] = 3;
	counters[0].redis.keys_deleted = 5;
	counters[0].delivery.latency.count = 2;
	counters[0].delivery.latency.sum_us = 7000;
	targets[0].delivery.lag_rows = 9;
	targets[0].delivery.oldest_at_us = NOW_US - 1500000;
	minute_log_say(minute_log, &snapshot);
	ck_assert_uint_eq(count_lines(), 2);
	ck_assert_ptr_nonnull(strstr(said, "msg=\"work of the last minute\" target=one row_count=10 key_count=0 "));
	ck_assert_ptr_nonnull(strstr(said, "msg=\"work of the last minute\" target=one row_count=3 key_count=7 keys_deleted=5"
								 " mean_latency_ms=3 lag_rows=9 lag_ms=1500\n"));
	minute_log_say(minute_log, &snapshot);
	ck_assert_uint_eq(count_lines(), 2);
}

END_TEST

START_TEST(minute_log_knows_targets_by_their_names)
{
	TargetStatus swapped = targets[0];

	counters[0].delivery.rows = 10;
	minute_log_say(minute_log, &snapshot);
	targets[0] = targets[1];
	targets[1] = swapped;
	minute_log_say(minute_log, &snapshot);
	ck_assert_uint_eq(count_lines(), 1);
}

END_TEST

START_TEST(minute_log_begins_anew_with_a_target_that_came_back)
{
	counters[1].delivery.rows = 10;
	minute_log_say(minute_log, &snapshot);
	counters[1].delivery.rows = 4;
	minute_log_say(minute_log, &snapshot);
	ck_assert_uint_eq(count_lines(), 2);
	ck_assert_ptr_nonnull(strstr(said, "target=two row_count=4 "));
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("minute_log");
	TCase	   *tests = tcase_create("minute_log");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, minute_log_says_nothing_where_nothing_was_done);
	tcase_add_test(tests, minute_log_says_what_a_target_has_done_since);
	tcase_add_test(tests, minute_log_knows_targets_by_their_names);
	tcase_add_test(tests, minute_log_begins_anew_with_a_target_that_came_back);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
