/*-------------------------------------------------------------------------
 *
 * test_trim_schedule.c
 *	  Unit tests of listener/src/delivery/trim_schedule.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/trim_schedule.h"

static TrimSchedule schedule;

static void
start(void)
{
	trim_schedule_init(&schedule);
}

/* A trim that deleted all it may. */
static void
trim_full(void)
{
	trim_schedule_begin(&schedule);
	trim_schedule_take_trim(&schedule, TRIM_SCHEDULE_MAX_ROWS);
}

START_TEST(trim_schedule_waits_for_the_interval)
{
	start();
	ck_assert(!trim_schedule_wants(&schedule, true));
	ck_assert(!trim_schedule_wants(&schedule, false));
	trim_schedule_take_interval(&schedule);
	ck_assert(trim_schedule_wants(&schedule, true));
	ck_assert(trim_schedule_wants(&schedule, false));
}

END_TEST

START_TEST(trim_schedule_trims_once_for_an_interval)
{
	start();
	trim_schedule_take_interval(&schedule);
	trim_schedule_begin(&schedule);
	trim_schedule_take_trim(&schedule, TRIM_SCHEDULE_MAX_ROWS - 1);
	ck_assert(!trim_schedule_wants(&schedule, true));
}

END_TEST

START_TEST(trim_schedule_fetches_before_it_trims_again)
{
	start();
	trim_full();
	ck_assert(!trim_schedule_wants(&schedule, true));
	trim_schedule_take_fetch(&schedule, 1, false, false);
	ck_assert(trim_schedule_wants(&schedule, true));
}

END_TEST

START_TEST(trim_schedule_does_not_trim_again_while_fetches_are_full)
{
	start();
	trim_full();
	trim_schedule_take_fetch(&schedule, 1, true, false);
	ck_assert(!trim_schedule_wants(&schedule, true));
	trim_schedule_take_fetch(&schedule, 1, false, false);
	ck_assert(trim_schedule_wants(&schedule, true));
}

END_TEST

START_TEST(trim_schedule_trims_at_each_interval_even_while_fetches_are_full)
{
	start();
	trim_schedule_take_fetch(&schedule, 1, true, false);
	trim_schedule_take_interval(&schedule);
	ck_assert(trim_schedule_wants(&schedule, true));
}

END_TEST

START_TEST(trim_schedule_trims_again_at_once_where_nothing_can_be_fetched)
{
	start();
	trim_full();
	ck_assert(trim_schedule_wants(&schedule, false));
}

END_TEST

START_TEST(trim_schedule_trims_twice_what_busy_writers_bring)
{
	start();
	trim_full();
	trim_schedule_take_fetch(&schedule, TRIM_SCHEDULE_MAX_ROWS / 2 - 1, false, true);
	ck_assert(!trim_schedule_wants(&schedule, true));
	ck_assert(!trim_schedule_wants(&schedule, false));
	trim_schedule_take_fetch(&schedule, 1, false, true);
	ck_assert(trim_schedule_wants(&schedule, true));
	ck_assert(trim_schedule_wants(&schedule, false));
	trim_full();
	ck_assert(!trim_schedule_wants(&schedule, false));
}

END_TEST

START_TEST(trim_schedule_goes_on_when_writers_are_quiet_again)
{
	start();
	trim_full();
	trim_schedule_take_fetch(&schedule, 1, false, true);
	ck_assert(!trim_schedule_wants(&schedule, false));
	trim_schedule_take_fetch(&schedule, 0, false, false);
	ck_assert(trim_schedule_wants(&schedule, false));
}

END_TEST

START_TEST(trim_schedule_trims_at_each_interval_even_beside_busy_writers)
{
	start();
	trim_full();
	trim_schedule_take_fetch(&schedule, 1, false, true);
	trim_schedule_take_interval(&schedule);
	ck_assert(trim_schedule_wants(&schedule, true));
}

END_TEST

START_TEST(trim_schedule_interval_is_about_ten_seconds)
{
	for (uint64_t seed = 0; seed < 5000; seed++)
	{
		ck_assert_int_ge(trim_schedule_interval_ms(seed), 9000);
		ck_assert_int_le(trim_schedule_interval_ms(seed), 11000);
	}
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("trim_schedule");
	TCase	   *tests = tcase_create("trim_schedule");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, trim_schedule_waits_for_the_interval);
	tcase_add_test(tests, trim_schedule_trims_once_for_an_interval);
	tcase_add_test(tests, trim_schedule_fetches_before_it_trims_again);
	tcase_add_test(tests, trim_schedule_does_not_trim_again_while_fetches_are_full);
	tcase_add_test(tests, trim_schedule_trims_at_each_interval_even_while_fetches_are_full);
	tcase_add_test(tests, trim_schedule_trims_again_at_once_where_nothing_can_be_fetched);
	tcase_add_test(tests, trim_schedule_trims_twice_what_busy_writers_bring);
	tcase_add_test(tests, trim_schedule_goes_on_when_writers_are_quiet_again);
	tcase_add_test(tests, trim_schedule_trims_at_each_interval_even_beside_busy_writers);
	tcase_add_test(tests, trim_schedule_interval_is_about_ten_seconds);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
