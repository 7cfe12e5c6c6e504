/*-------------------------------------------------------------------------
 *
 * test_delivery_polls.c
 *	  Unit tests of listener/src/delivery/delivery_repeat.c: when standbys are asked
 *	  for, and who is told of those that are late.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>

#include "delivery/delivery_standbys_fixture.h"

START_TEST(delivery_asks_soon_at_first_and_then_less_often)
{
	static const int64_t intervals_ms[] = {5, 10, 20, 40, 80, 100, 100};

	start_standbys();
	apply_and_wait(false);
	for (size_t i = 0; i < sizeof(intervals_ms) / sizeof(intervals_ms[0]); i++)
	{
		pass_ms(intervals_ms[i] - 1);
		ck_assert_ptr_null(strstr(fixture.asked, "replayed;"));
		if (fixture.is_busy)
			answer_empty("1");
		fixture.asked[0] = '\0';
		pass_ms(1);
		expect("replayed;");
		tell(5, 0);
	}
	stop();
}

END_TEST

START_TEST(delivery_reports_who_is_late_and_goes_on)
{
	start_standbys();
	apply_and_wait(false);
	pass_ms(1000);
	fixture.asked[0] = '\0';
	tell(0, 0);
	expect("late a;");
	answer_report();
	expect("again 0-1;");
	answer_fetch("1", 1, false);
	redis_finishes(REDIS_LANE_QUICK);
	expect("apply;ack 1;");
	answer_ack();
	expect("sleep 1;");
	answer_empty("1");
	/* until it is back it is asked for again and again, with a goal */
	idle_until("mark;");
	tell(12, 20);
	idle_until("mark;");
	tell(20, 30);
	idle_until("late none;");
	stop();
}

END_TEST

START_TEST(delivery_reports_that_a_late_one_of_any_has_gone)
{
	char		any[] = "any";

	start_standbys_named(any);
	apply_and_wait(false);
	pass_ms(1000);
	fixture.asked[0] = '\0';
	tell(5, 0);
	expect("late a;");
	answer_report();
	expect("again 0-1;");
	answer_fetch("1", 1, false);
	redis_finishes(REDIS_LANE_QUICK);
	expect("apply;ack 1;");
	answer_ack();
	expect("sleep 1;");
	answer_empty("1");
	idle_until("mark;");
	tell(0, 20);
	expect("late none;");
	stop();
}

END_TEST

START_TEST(delivery_says_that_it_lives_while_standbys_hold_it_up)
{
	start_standbys();
	apply_and_wait(false);
	ck_assert(loop_timer_set(fixture.loop, &fixture.delivery->trim_timer, 0));
	pass_ms(0);
	expect("ack 0;");
	answer_ack();
	ck_assert_str_eq(fixture.delivery->progress.clean.cursor, "0");
	stop();
}

END_TEST

START_TEST(delivery_acknowledges_the_cursor_of_empty_fetches_behind_standbys)
{
	start_standbys();
	begin();
	answer_empty("5");
	answer_empty("5");
	expect("fetch 0;sleep 5;");
	ck_assert(loop_timer_set(fixture.loop, &fixture.delivery->trim_timer, 0));
	pass_ms(0);
	expect("ack 0;");
	answer_ack();
	expect("mark;");
	tell(9, 10);
	answer_trim();
	expect("trim;");
	idle_until("replayed;");
	tell(10, 0);
	idle_until("again 0-5;");
	answer_empty("5");
	ck_assert_str_eq(fixture.delivery->progress.clean.cursor, "5");
	stop();
}

END_TEST

START_TEST(delivery_does_not_ask_more_often_in_a_stream)
{
	int			mark_count = 0;

	start_standbys();
	begin();
	for (int i = 1; i <= 100; i++)
	{
		char		cursor[16];

		(void) snprintf(cursor, sizeof(cursor), "%d", i);
		fixture.asked[0] = '\0';
		answer_fetch(cursor, 1, false);
		if (strstr(fixture.asked, "mark") != NULL)
		{
			mark_count++;
			tell(1000, 10);
		}
		redis_finishes(REDIS_LANE_QUICK);
		while (strstr(fixture.asked, "again") != NULL || strstr(fixture.asked, "ack") != NULL)
		{
			bool		is_ack = strstr(fixture.asked, "ack") != NULL;

			fixture.asked[0] = '\0';
			if (is_ack)
				answer_ack();
			else
				answer_empty(cursor);
		}
		if (!fixture.is_busy)
			journal_rings();
		pass_ms(5);
	}
	/* of half a second */
	ck_assert_int_ge(mark_count, 8);
	ck_assert_int_le(mark_count, 11);
	stop();
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("delivery_polls");
	TCase	   *tests = tcase_create("delivery_polls");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	suite_add_tcase(suite, tests);
	tcase_add_test(tests, delivery_asks_soon_at_first_and_then_less_often);
	tcase_add_test(tests, delivery_reports_who_is_late_and_goes_on);
	tcase_add_test(tests, delivery_reports_that_a_late_one_of_any_has_gone);
	tcase_add_test(tests, delivery_says_that_it_lives_while_standbys_hold_it_up);
	tcase_add_test(tests, delivery_acknowledges_the_cursor_of_empty_fetches_behind_standbys);
	tcase_add_test(tests, delivery_does_not_ask_more_often_in_a_stream);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
