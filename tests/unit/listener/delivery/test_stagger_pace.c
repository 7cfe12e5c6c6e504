/*-------------------------------------------------------------------------
 *
 * test_stagger_pace.c
 *	  Unit tests of listener/src/delivery/stagger_pace.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/stagger_pace.h"

static StaggerPace pace;

/* Takes what is due at each wait's end until the time; how many that were. */
static size_t
take_until(int64_t from_ms, int64_t until_ms)
{
	size_t		taken = 0;
	int64_t		now_ms = from_ms;

	for (;;)
	{
		size_t		due = stagger_pace_due(&pace, now_ms);
		int64_t		wait_ms;

		stagger_pace_take(&pace, due);
		taken += due;
		wait_ms = stagger_pace_wait_ms(&pace, now_ms);
		if (wait_ms == 0 || now_ms + wait_ms > until_ms)
			return taken;
		now_ms += wait_ms;
	}
}

static void
setup(void)
{
	memset(&pace, 0, sizeof(pace));
}

START_TEST(stagger_pace_has_nothing_due_without_keys)
{
	ck_assert_uint_eq(stagger_pace_due(&pace, 1000), 0);
	ck_assert_int_eq(stagger_pace_wait_ms(&pace, 1000), 0);
	stagger_pace_add(&pace, 0, 5000, 1000);
	ck_assert_int_eq(stagger_pace_wait_ms(&pace, 1000), 0);
	stagger_pace_take(&pace, 7);
	ck_assert_int_eq(stagger_pace_wait_ms(&pace, 1000), 0);
}

END_TEST

START_TEST(stagger_pace_spreads_a_herd_evenly)
{
	stagger_pace_add(&pace, 1000, 5000, 0);
	for (int64_t second = 0; second < 5; second++)
	{
		size_t		taken = take_until(second * 1000, second * 1000 + 999);

		ck_assert_uint_ge(taken, 190);
		ck_assert_uint_le(taken, 210);
	}
	(void) take_until(5000, 5000);
	ck_assert_uint_eq(pace.herd_count, 0);
}

END_TEST

START_TEST(stagger_pace_ends_at_the_deadline_whoever_is_late)
{
	stagger_pace_add(&pace, 1000000, 100, 0);
	ck_assert_uint_lt(stagger_pace_due(&pace, 1), 100000);
	ck_assert_uint_eq(stagger_pace_due(&pace, 100), 1000000);
	ck_assert_uint_eq(stagger_pace_due(&pace, 100000), 1000000);
}

END_TEST

/* A single key comes at the end: anywhere within is as good. */
START_TEST(stagger_pace_lets_a_single_key_go_in_time)
{
	stagger_pace_add(&pace, 1, 3000, 500);
	ck_assert_uint_eq(take_until(500, 3500), 1);
}

END_TEST

START_TEST(stagger_pace_is_in_time_for_a_herd_however_many_follow)
{
	size_t		taken;

	stagger_pace_add(&pace, 1000, 10000, 0);
	taken = take_until(0, 9900);
	for (int64_t at = 9901; at < 9950; at += 10)
		stagger_pace_add(&pace, 1, 10000, at);
	taken += take_until(9950, 10000);
	ck_assert_uint_ge(taken, 1000);
}

END_TEST

START_TEST(stagger_pace_goes_faster_for_a_herd_behind_a_small_one)
{
	stagger_pace_add(&pace, 10, 1000, 0);
	stagger_pace_add(&pace, 100000, 1000, 900);
	(void) take_until(900, 1400);
	ck_assert_uint_eq(pace.herd_count, 1);
	ck_assert_uint_lt(pace.herds[0].key_count, 60000);
	(void) take_until(1401, 1900);
	ck_assert_uint_eq(pace.herd_count, 0);
}

END_TEST

START_TEST(stagger_pace_merges_herds_that_are_too_many_and_forgets_no_key)
{
	size_t		count = 0;

	for (int64_t i = 0; i < 1000; i++)
		stagger_pace_add(&pace, 3, 60000, i * 10);
	ck_assert_uint_le(pace.herd_count, STAGGER_PACE_HERDS);
	for (size_t i = 0; i < pace.herd_count; i++)
		count += pace.herds[i].key_count;
	ck_assert_uint_eq(count, 3000);
	for (int64_t i = 1; i < 1000; i++)
		stagger_pace_add(&pace, 1, 60000, i * 60000);
	ck_assert_uint_le(pace.herd_count, STAGGER_PACE_HERDS);
}

END_TEST

START_TEST(stagger_pace_keeps_its_rate_for_a_herd_that_comes_again_behind_the_first)
{
	ck_assert_int_eq(stagger_pace_left_ms(&pace, 0), 0);
	stagger_pace_add(&pace, 1000, 5000, 0);
	ck_assert_int_eq(stagger_pace_left_ms(&pace, 10), 4990);
	stagger_pace_add(&pace, 1000, 5000 + stagger_pace_left_ms(&pace, 10), 10);
	for (int64_t second = 0; second < 10; second++)
	{
		size_t		taken = take_until(second * 1000, second * 1000 + 999);

		ck_assert_uint_ge(taken, 190);
		ck_assert_uint_le(taken, 210);
	}
	ck_assert_int_eq(stagger_pace_left_ms(&pace, 20000), 0);
}

END_TEST

START_TEST(stagger_pace_takes_more_than_was_known)
{
	stagger_pace_add(&pace, 5, 1000, 0);
	stagger_pace_take(&pace, 100);
	ck_assert_uint_eq(pace.herd_count, 0);
	ck_assert_uint_eq(stagger_pace_due(&pace, 5000), 0);
	stagger_pace_add(&pace, 1000, 1000, 5000);
	ck_assert_uint_eq(stagger_pace_due(&pace, 5000), 0);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("stagger_pace");
	TCase	   *tests = tcase_create("stagger_pace");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_test(tests, stagger_pace_has_nothing_due_without_keys);
	tcase_add_test(tests, stagger_pace_spreads_a_herd_evenly);
	tcase_add_test(tests, stagger_pace_ends_at_the_deadline_whoever_is_late);
	tcase_add_test(tests, stagger_pace_lets_a_single_key_go_in_time);
	tcase_add_test(tests, stagger_pace_is_in_time_for_a_herd_however_many_follow);
	tcase_add_test(tests, stagger_pace_goes_faster_for_a_herd_behind_a_small_one);
	tcase_add_test(tests, stagger_pace_merges_herds_that_are_too_many_and_forgets_no_key);
	tcase_add_test(tests, stagger_pace_keeps_its_rate_for_a_herd_that_comes_again_behind_the_first);
	tcase_add_test(tests, stagger_pace_takes_more_than_was_known);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
