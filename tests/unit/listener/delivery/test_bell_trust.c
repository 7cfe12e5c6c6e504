/*-------------------------------------------------------------------------
 *
 * test_bell_trust.c
 *	  Unit tests of listener/src/delivery/bell_trust.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/bell_trust.h"

static BellTrust trust;
static int64_t now_ms;

static void
set_up(void)
{
	memset(&trust, 0, sizeof(trust));
	now_ms = 5000;
}

static int64_t
find_nothing(void)
{
	bell_trust_take_fetch(&trust, now_ms, true, 0);
	return bell_trust_wait_ms(&trust, now_ms);
}

START_TEST(bell_trust_believes_the_first_bell)
{
	ck_assert_int_eq(bell_trust_wait_ms(&trust, 0), 0);
	ck_assert_int_eq(bell_trust_wait_ms(&trust, now_ms), 0);
}

END_TEST

START_TEST(bell_trust_doubts_for_longer_each_time_up_to_a_second)
{
	for (int64_t expected = 1; expected < 4096; expected *= 2)
	{
		int64_t		wait_ms = find_nothing();

		ck_assert_int_eq(wait_ms, expected < 1000 ? expected : 1000);
		now_ms += wait_ms;
		ck_assert_int_eq(bell_trust_wait_ms(&trust, now_ms), 0);
	}
}

END_TEST

START_TEST(bell_trust_returns_with_rows)
{
	for (int i = 0; i < 5; i++)
		(void) find_nothing();
	bell_trust_take_fetch(&trust, now_ms, false, 1);
	ck_assert_int_eq(bell_trust_wait_ms(&trust, now_ms), 0);
	ck_assert_int_eq(find_nothing(), 1);
}

END_TEST

START_TEST(bell_trust_returns_after_a_pause)
{
	for (int i = 0; i < 12; i++)
		(void) find_nothing();
	now_ms += 2 * BELL_TRUST_MAX_DOUBT_MS;
	ck_assert_int_eq(find_nothing(), 1);
}

END_TEST

/* The journal is looked at by the clock as well. */
START_TEST(bell_trust_does_not_blame_bells_for_fetches_that_none_asked_for)
{
	bell_trust_take_fetch(&trust, now_ms, false, 0);
	ck_assert_int_eq(bell_trust_wait_ms(&trust, now_ms), 0);
	(void) find_nothing();
	bell_trust_take_fetch(&trust, now_ms, false, 0);
	ck_assert_int_eq(bell_trust_wait_ms(&trust, now_ms), 1);
}

END_TEST

/* However many bells ring in a day, without a row: how often they are believed. */
START_TEST(bell_trust_bounds_what_a_flood_costs)
{
	int			look_count = 0;

	for (int64_t end_ms = now_ms + 60 * 1000; now_ms < end_ms; now_ms++)
		if (bell_trust_wait_ms(&trust, now_ms) == 0)
		{
			look_count++;
			(void) find_nothing();
		}
	ck_assert_int_le(look_count, 60 + 11);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("bell_trust");
	TCase	   *tests = tcase_create("bell_trust");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, bell_trust_believes_the_first_bell);
	tcase_add_test(tests, bell_trust_doubts_for_longer_each_time_up_to_a_second);
	tcase_add_test(tests, bell_trust_returns_with_rows);
	tcase_add_test(tests, bell_trust_returns_after_a_pause);
	tcase_add_test(tests, bell_trust_does_not_blame_bells_for_fetches_that_none_asked_for);
	tcase_add_test(tests, bell_trust_bounds_what_a_flood_costs);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
