/*-------------------------------------------------------------------------
 *
 * test_histogram.c
 *	  Unit tests of listener/src/base/histogram.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/histogram.h"

static Histogram histogram;

static void
set_up(void)
{
	memset(&histogram, 0, sizeof(histogram));
}

START_TEST(histogram_has_ascending_bounds)
{
	for (size_t i = 1; i < HISTOGRAM_BOUND_COUNT; i++)
		ck_assert_int_gt(histogram_bounds_us[i], histogram_bounds_us[i - 1]);
}

END_TEST

START_TEST(histogram_counts_a_bound_as_below_it)
{
	for (size_t i = 0; i < HISTOGRAM_BOUND_COUNT; i++)
	{
		histogram_add(&histogram, histogram_bounds_us[i], 1);
		ck_assert_uint_eq(histogram.counts[i], 1);
		histogram_add(&histogram, histogram_bounds_us[i] + 1, 1);
		ck_assert_uint_eq(histogram.counts[i + 1], 1);
		set_up();
	}
}

END_TEST

START_TEST(histogram_counts_several_at_once)
{
	histogram_add(&histogram, 300, 5);
	histogram_add(&histogram, 200, 2);
	ck_assert_uint_eq(histogram.count, 7);
	ck_assert_uint_eq(histogram.sum_us, 1900);
}

END_TEST

/* The server's clock may be ahead. */
START_TEST(histogram_takes_less_than_nothing_for_nothing)
{
	histogram_add(&histogram, -1000000, 3);
	ck_assert_uint_eq(histogram.counts[0], 3);
	ck_assert_uint_eq(histogram.sum_us, 0);
}

END_TEST


int
main(void)
{
	Suite	   *suite = suite_create("histogram");
	TCase	   *tests = tcase_create("histogram");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, histogram_has_ascending_bounds);
	tcase_add_test(tests, histogram_counts_a_bound_as_below_it);
	tcase_add_test(tests, histogram_counts_several_at_once);
	tcase_add_test(tests, histogram_takes_less_than_nothing_for_nothing);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
