/*-------------------------------------------------------------------------
 *
 * test_backoff.c
 *	  Unit tests of listener/src/base/backoff.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/backoff.h"

START_TEST(backoff_stays_in_the_upper_half_of_each_bound)
{
	static const int64_t bounds_ms[] = {100, 200, 400, 800, 1000, 1000, 1000};

	for (uint64_t seed = 0; seed < 1000; seed++)
	{
		Backoff		backoff;

		backoff_init(&backoff, 100, 1000, seed);
		for (size_t i = 0; i < sizeof(bounds_ms) / sizeof(bounds_ms[0]); i++)
		{
			int64_t		delay_ms = backoff_next_ms(&backoff);

			ck_assert_int_ge(delay_ms, bounds_ms[i] / 2);
			ck_assert_int_le(delay_ms, bounds_ms[i]);
		}
	}
}

END_TEST

START_TEST(backoff_reaches_both_ends_of_the_upper_half)
{
	Backoff		backoff;
	bool		seen[11] = {false};

	backoff_init(&backoff, 10, 10, 1);
	for (int i = 0; i < 1000; i++)
		seen[backoff_next_ms(&backoff)] = true;
	for (int delay_ms = 5; delay_ms <= 10; delay_ms++)
		ck_assert_msg(seen[delay_ms], "never %d", delay_ms);
}

END_TEST

START_TEST(backoff_repeats_its_delays_for_the_same_seed)
{
	Backoff		one;
	Backoff		other;

	backoff_init(&one, 100, 60000, 42);
	backoff_init(&other, 100, 60000, 42);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(backoff_next_ms(&one), backoff_next_ms(&other));
}

END_TEST

START_TEST(backoff_differs_between_neighbouring_seeds)
{
	Backoff		one;
	Backoff		other;
	int			equal_count = 0;

	backoff_init(&one, 60000, 60000, 1000);
	backoff_init(&other, 60000, 60000, 1001);
	for (int i = 0; i < 100; i++)
	{
		if (backoff_next_ms(&one) == backoff_next_ms(&other))
			equal_count++;
	}
	ck_assert_int_lt(equal_count, 5);
}

END_TEST

START_TEST(backoff_starts_over_after_a_reset)
{
	Backoff		backoff;

	backoff_init(&backoff, 100, 100000, 7);
	for (int i = 0; i < 8; i++)
		(void) backoff_next_ms(&backoff);
	backoff_reset(&backoff);
	ck_assert_uint_eq(backoff.failure_count, 0);
	ck_assert_int_le(backoff_next_ms(&backoff), 100);
}

END_TEST

START_TEST(backoff_never_overflows_however_often_it_fails)
{
	Backoff		backoff;

	backoff_init(&backoff, 3, INT64_MAX, 7);
	for (int i = 0; i < 200; i++)
		ck_assert_int_ge(backoff_next_ms(&backoff), 1);
	ck_assert_int_ge(backoff_next_ms(&backoff), INT64_MAX / 2);
	backoff.failure_count = UINT32_MAX;
	ck_assert_int_ge(backoff_next_ms(&backoff), INT64_MAX / 2);
	ck_assert_uint_eq(backoff.failure_count, UINT32_MAX);
}

END_TEST

START_TEST(backoff_never_returns_less_than_a_millisecond)
{
	Backoff		backoff;

	backoff_init(&backoff, 1, 1, 0);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(backoff_next_ms(&backoff), 1);
}

END_TEST

START_TEST(backoff_raises_bounds_that_are_too_low)
{
	Backoff		backoff;

	backoff_init(&backoff, 0, -5, 1);
	ck_assert_int_eq(backoff.first_ms, 1);
	ck_assert_int_eq(backoff.cap_ms, 1);
	backoff_init(&backoff, 100, 50, 1);
	ck_assert_int_eq(backoff.cap_ms, 100);
}

END_TEST

START_TEST(backoff_takes_the_one_seed_that_scrambles_to_zero)
{
	Backoff		backoff;

	/* splitmix64 is a bijection: minus its increment maps to zero */
	backoff_init(&backoff, 1000, 1000, UINT64_C(0) - UINT64_C(0x9E3779B97F4A7C15));
	ck_assert_uint_ne(backoff.random_state, 0);
	ck_assert_int_ne(backoff_next_ms(&backoff), backoff_next_ms(&backoff));
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("backoff");
	TCase	   *tests = tcase_create("backoff");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, backoff_stays_in_the_upper_half_of_each_bound);
	tcase_add_test(tests, backoff_reaches_both_ends_of_the_upper_half);
	tcase_add_test(tests, backoff_repeats_its_delays_for_the_same_seed);
	tcase_add_test(tests, backoff_differs_between_neighbouring_seeds);
	tcase_add_test(tests, backoff_starts_over_after_a_reset);
	tcase_add_test(tests, backoff_never_overflows_however_often_it_fails);
	tcase_add_test(tests, backoff_never_returns_less_than_a_millisecond);
	tcase_add_test(tests, backoff_raises_bounds_that_are_too_low);
	tcase_add_test(tests, backoff_takes_the_one_seed_that_scrambles_to_zero);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
