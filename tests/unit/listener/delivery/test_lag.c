/*-------------------------------------------------------------------------
 *
 * test_lag.c
 *	  Unit tests of listener/src/delivery/lag.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/lag.h"

static Lag	lag;

static void
set_up(void)
{
	memset(&lag, 0, sizeof(lag));
}

static void
assert_lag(uint64_t row_count, int64_t oldest_at_us)
{
	ck_assert_uint_eq(lag_row_count(&lag), row_count);
	ck_assert_int_eq(lag_oldest_at_us(&lag), oldest_at_us);
}

START_TEST(lag_is_nothing_at_the_begin)
{
	assert_lag(0, 0);
	lag_acknowledge(&lag, 5);
	assert_lag(0, 0);
}

END_TEST

START_TEST(lag_lasts_from_the_fetch_to_the_acknowledgement)
{
	lag_fetch(&lag, 3, 100);
	assert_lag(3, 100);
	lag_apply(&lag, 3, 1);
	assert_lag(3, 100);
	lag_acknowledge(&lag, 1);
	assert_lag(0, 0);
}

END_TEST

START_TEST(lag_is_that_of_the_oldest_that_is_not_acknowledged)
{
	lag_fetch(&lag, 3, 100);
	lag_apply(&lag, 3, 1);
	lag_fetch(&lag, 2, 200);
	lag_apply(&lag, 2, 2);
	lag_fetch(&lag, 1, 150);
	lag_acknowledge(&lag, 1);
	assert_lag(3, 150);
	lag_acknowledge(&lag, 2);
	assert_lag(1, 150);
}

END_TEST

/* With standbys batches are made anew when they are applied for good. */
START_TEST(lag_knows_batches_that_are_acknowledged_together_or_split)
{
	lag_fetch(&lag, 10, 100);
	lag_apply(&lag, 4, 1);
	lag_apply(&lag, 6, 2);
	lag_acknowledge(&lag, 1);
	assert_lag(6, 100);
	lag_acknowledge(&lag, 7);
	assert_lag(0, 0);
}

END_TEST

START_TEST(lag_counts_what_was_only_seen)
{
	lag_fetch(&lag, 2, 300);
	lag_see(&lag, 50, 400);
	assert_lag(52, 300);
	lag_see(&lag, 50, 200);
	assert_lag(52, 200);
	lag_see(&lag, 0, 0);
	assert_lag(2, 300);
}

END_TEST

START_TEST(lag_of_a_long_queue_is_never_too_small)
{
	for (int i = 1; i <= 1000; i++)
	{
		lag_fetch(&lag, 2, i * 10);
		lag_apply(&lag, 2, (uint64_t) i);
	}
	assert_lag(2000, 10);
	for (uint64_t order = 1; order < 1000; order++)
	{
		lag_acknowledge(&lag, order);
		ck_assert_int_le(lag_oldest_at_us(&lag), (int64_t) (order + 1) * 10);
		ck_assert_uint_ge(lag_row_count(&lag), 2000 - 2 * order);
	}
	ck_assert_int_gt(lag_oldest_at_us(&lag), 5000);
	lag_acknowledge(&lag, 1000);
	assert_lag(0, 0);
}

END_TEST

START_TEST(lag_that_is_settled_is_nothing)
{
	lag_fetch(&lag, 3, 100);
	lag_see(&lag, 1, 50);
	lag_settle(&lag);
	assert_lag(0, 0);
	lag_fetch(&lag, 1, 500);
	lag_apply(&lag, 1, 9);
	assert_lag(1, 500);
	lag_acknowledge(&lag, 9);
	assert_lag(0, 0);
}

END_TEST


int
main(void)
{
	Suite	   *suite = suite_create("lag");
	TCase	   *tests = tcase_create("lag");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, lag_is_nothing_at_the_begin);
	tcase_add_test(tests, lag_lasts_from_the_fetch_to_the_acknowledgement);
	tcase_add_test(tests, lag_is_that_of_the_oldest_that_is_not_acknowledged);
	tcase_add_test(tests, lag_knows_batches_that_are_acknowledged_together_or_split);
	tcase_add_test(tests, lag_counts_what_was_only_seen);
	tcase_add_test(tests, lag_of_a_long_queue_is_never_too_small);
	tcase_add_test(tests, lag_that_is_settled_is_nothing);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
