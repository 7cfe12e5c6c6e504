/*-------------------------------------------------------------------------
 *
 * test_commit_times.c
 *	  Unit tests of listener/src/delivery/commit_times.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/commit_times.h"

#define NOW_US INT64_C(1700000000000000)

static CommitTimes times;
static Histogram ages;

static void
set_up(void)
{
	memset(&times, 0, sizeof(times));
	memset(&ages, 0, sizeof(ages));
}

static uint64_t
total_count(void)
{
	uint64_t	count = 0;

	for (size_t i = 0; i < times.time_count; i++)
		count += times.times[i].count;
	return count;
}

START_TEST(commit_times_observe_nothing_without_rows)
{
	commit_times_observe(&times, NOW_US, &ages);
	ck_assert_uint_eq(ages.count, 0);
}

END_TEST

START_TEST(commit_times_tell_how_long_ago_each_row_was)
{
	commit_times_add(&times, NOW_US - 200, NOW_US);
	commit_times_add(&times, NOW_US - 90000, NOW_US);
	commit_times_observe(&times, NOW_US + 100, &ages);
	ck_assert_uint_eq(ages.count, 2);
	ck_assert_uint_eq(ages.sum_us, 300 + 90100);
}

END_TEST

START_TEST(commit_times_keep_neighbours_as_one_and_the_earliest_of_them)
{
	commit_times_add(&times, NOW_US - 1000, NOW_US);
	commit_times_add(&times, NOW_US - 990, NOW_US);
	commit_times_add(&times, NOW_US - 1010, NOW_US);
	ck_assert_uint_eq(times.time_count, 1);
	ck_assert_int_eq(times.times[0].at_us, NOW_US - 1010);
	ck_assert_uint_eq(times.times[0].count, 3);
}

END_TEST

START_TEST(commit_times_are_wrong_by_a_64th_at_most_while_there_is_room)
{
	for (int64_t age_us = 10000000; age_us > 9000000; age_us -= 100)
		commit_times_add(&times, NOW_US - age_us, NOW_US);
	ck_assert_uint_lt(times.time_count, COMMIT_TIMES_MAX);
	ck_assert_uint_eq(total_count(), 10000);
	commit_times_observe(&times, NOW_US, &ages);
	ck_assert_uint_ge(ages.sum_us, UINT64_C(9500050) * 10000);
	ck_assert_uint_le(ages.sum_us, UINT64_C(9500050) * 10000 / 63 * 64);
}

END_TEST

START_TEST(commit_times_lose_no_row_without_room)
{
	for (int i = 0; i < 10 * COMMIT_TIMES_MAX; i++)
		commit_times_add(&times, NOW_US - (i % 2 == 0 ? 1000 : 100000000), NOW_US);
	ck_assert_uint_eq(times.time_count, COMMIT_TIMES_MAX);
	ck_assert_uint_eq(total_count(), 10 * COMMIT_TIMES_MAX);
}

END_TEST


int
main(void)
{
	Suite	   *suite = suite_create("commit_times");
	TCase	   *tests = tcase_create("commit_times");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, commit_times_observe_nothing_without_rows);
	tcase_add_test(tests, commit_times_tell_how_long_ago_each_row_was);
	tcase_add_test(tests, commit_times_keep_neighbours_as_one_and_the_earliest_of_them);
	tcase_add_test(tests, commit_times_are_wrong_by_a_64th_at_most_while_there_is_room);
	tcase_add_test(tests, commit_times_lose_no_row_without_room);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
