/*-------------------------------------------------------------------------
 *
 * test_standbys.c
 *	  Unit tests of listener/src/delivery/standbys.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "delivery/standbys_fixture.h"

START_TEST(standbys_release_a_mark_that_is_replayed)
{
	start("a");
	answer(9, "one", 10, 0);
	expect_released(NULL);
	answer(9, NULL, 0, 10);
	expect_released(NULL);
	answer(10, NULL, 0, 20);
	expect_released("one");
	ck_assert_uint_eq(standbys.mark_count, 0);
	stop();
}

END_TEST

START_TEST(standbys_release_at_once_what_is_replayed_already)
{
	start("a");
	answer(10, "one", 10, 0);
	expect_released("one");
	stop();
}

END_TEST

START_TEST(standbys_release_the_newest_mark_that_is_replayed)
{
	start("a");
	answer(1, "one", 10, 0);
	answer(1, "two", 20, 1);
	answer(1, "three", 30, 2);
	answer(25, NULL, 0, 3);
	expect_released("two");
	ck_assert_uint_eq(standbys.mark_count, 1);
	answer(30, NULL, 0, 4);
	expect_released("three");
	stop();
}

END_TEST

START_TEST(standbys_wait_for_all_that_are_named)
{
	start("a,b");
	take("a", 10);
	end("one", 10, 0);
	expect_released(NULL);
	take("b", 10);
	take("a", 9);
	end(NULL, 0, 1);
	expect_released(NULL);
	take("b", 10);
	take("a", 10);
	take("c", 1);
	end(NULL, 0, 2);
	expect_released("one");
	ck_assert_uint_eq(standbys.known_count, 2);
	stop();
}

END_TEST

START_TEST(standbys_wait_for_one_that_is_named_twice)
{
	start("a,b,a");
	ck_assert_uint_eq(standbys.known_count, 2);
	stop();
}

END_TEST

START_TEST(standbys_believe_only_the_last_answer)
{
	start("a");
	answer(10, NULL, 0, 0);
	end("one", 10, 1);
	expect_released(NULL);
	/* started again from an older state */
	answer(5, NULL, 0, 2);
	expect_released(NULL);
	stop();
}

END_TEST

START_TEST(standbys_are_late_after_the_timeout)
{
	start("a,b");
	take("b", 100);
	ck_assert_str_eq(end("one", 10, 0), "");
	take("b", 100);
	ck_assert_str_eq(end("two", 20, TIMEOUT_MS - 1), "");
	expect_released(NULL);
	ck_assert(!standbys_has_late(&standbys));
	take("b", 100);
	ck_assert_str_eq(end(NULL, 0, TIMEOUT_MS), "a is late;");
	expect_released("two");
	ck_assert(standbys_has_late(&standbys));
	take("b", 19);
	ck_assert_str_eq(end("three", 30, TIMEOUT_MS + 1), "");
	expect_released("two");
	stop();
}

END_TEST

START_TEST(standbys_that_go_on_are_late_only_by_what_they_have_not_replayed)
{
	start("a");
	answer(1, "one", 10, 0);
	answer(1, "two", 20, 500);
	ck_assert_str_eq(answer(10, "three", 30, TIMEOUT_MS), "");
	ck_assert_str_eq(answer(20, NULL, 0, TIMEOUT_MS + 499), "");
	expect_released("two");
	ck_assert_str_eq(answer(20, NULL, 0, 2 * TIMEOUT_MS), "a is late;");
	stop();
}

END_TEST

START_TEST(standbys_are_back_when_they_have_replayed_what_is_young)
{
	start("a");
	answer(1, "one", 10, 0);
	ck_assert_str_eq(answer(1, NULL, 0, TIMEOUT_MS), "a is late;");
	/* the goal is 50, at 1500 */
	ck_assert_str_eq(answer(10, NULL, 50, 1500), "");
	ck_assert_str_eq(answer(49, NULL, 60, 1600), "");
	ck_assert_str_eq(answer(50, NULL, 70, 1700), "a is back;");
	ck_assert(!standbys_has_late(&standbys));
	answer(69, "two", 70, 1800);
	expect_released("one");
	stop();
}

END_TEST

START_TEST(standbys_are_not_back_by_what_has_become_old)
{
	start("a");
	answer(1, "one", 10, 0);
	ck_assert_str_eq(answer(1, NULL, 0, TIMEOUT_MS), "a is late;");
	ck_assert_str_eq(answer(1, NULL, 50, 1500), "");
	/* it reaches that too late; the next goal is 90 */
	ck_assert_str_eq(answer(50, NULL, 90, 2500), "");
	ck_assert_str_eq(answer(60, NULL, 95, 2600), "");
	ck_assert_str_eq(answer(90, NULL, 99, 2700), "a is back;");
	stop();
}

END_TEST

START_TEST(standbys_stay_late_over_a_reset_and_get_another_goal)
{
	start("a");
	answer(1, "one", 10, 0);
	ck_assert_str_eq(answer(1, NULL, 50, TIMEOUT_MS), "a is late;");
	answer(1, NULL, 50, TIMEOUT_MS);
	standbys_reset(&standbys);
	expect_released(NULL);
	ck_assert(standbys_has_late(&standbys));
	ck_assert_str_eq(answer(60, NULL, 0, 1100), "");
	ck_assert_str_eq(answer(60, NULL, 60, 1200), "");
	ck_assert_str_eq(answer(60, NULL, 60, 1300), "a is back;");
	stop();
}

END_TEST

START_TEST(standbys_remember_few_of_many_marks_and_forget_nothing)
{
	char		cursor[16];

	start("a");
	for (int i = 1; i <= 1000; i++)
	{
		(void) snprintf(cursor, sizeof(cursor), "%d", i);
		answer(1, cursor, (uint64_t) i * 10, 0);
		ck_assert_uint_le(standbys.mark_count, STANDBYS_MARK_MAX);
		ck_assert_str_eq(standbys.marks[standbys.mark_count - 1].cursor, cursor);
	}
	for (uint64_t replayed = 1; replayed <= 10000; replayed += 7)
	{
		answer(replayed, NULL, 0, 0);
		/* never more than is replayed */
		if (standbys.released != NULL)
			ck_assert_uint_le(strtoul(standbys.released, NULL, 10) * 10, replayed);
	}
	answer(10000, NULL, 0, 0);
	expect_released("1000");
	stop();
}

END_TEST

/* A mark every 50 ms, for minutes; the standby is 20 s behind. */
START_TEST(standbys_release_in_a_stream_what_a_slow_one_has_replayed)
{
	char		cursor[16];

	start("a");
	standbys.timeout_ms = 60000;
	for (int i = 1; i <= 6000; i++)
	{
		(void) snprintf(cursor, sizeof(cursor), "%d", i);
		ck_assert_str_eq(answer(i > 400 ? (uint64_t) i - 400 : 0, cursor, (uint64_t) i, i * 50), "");
		if (i > 500)
		{
			long		released = strtol(standbys.released, NULL, 10);

			ck_assert_int_le(released, i - 400);
			/* two seconds more at most */
			ck_assert_int_ge(released, i - 440);
		}
	}
	stop();
}

END_TEST

START_TEST(standbys_are_late_in_a_stream_after_the_timeout)
{
	char		cursor[16];

	start("a");
	standbys.timeout_ms = 60000;
	for (int i = 1; i <= 1200; i++)
	{
		(void) snprintf(cursor, sizeof(cursor), "%d", i);
		ck_assert_str_eq(answer(1, cursor, (uint64_t) i + 1, i * 50), "");
	}
	ck_assert_str_eq(answer(1, NULL, 0, 60050), "a is late;");
	expect_released("1200");
	stop();
}

END_TEST

START_TEST(standbys_cut_a_name_as_postgresql_does)
{
	char		name[] = "0123456789012345678901234567890123456789012345678901234567890123";

	ck_assert_uint_eq(strlen(name), CONFIG_STANDBY_NAME_MAX + 1);
	start("any");
	take(name, 5);
	ck_assert_uint_eq(strlen(standbys.known[0].name), CONFIG_STANDBY_NAME_MAX);
	stop();
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("standbys");
	TCase	   *tests = tcase_create("standbys");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	suite_add_tcase(suite, tests);
	tcase_add_test(tests, standbys_release_a_mark_that_is_replayed);
	tcase_add_test(tests, standbys_release_at_once_what_is_replayed_already);
	tcase_add_test(tests, standbys_release_the_newest_mark_that_is_replayed);
	tcase_add_test(tests, standbys_wait_for_all_that_are_named);
	tcase_add_test(tests, standbys_wait_for_one_that_is_named_twice);
	tcase_add_test(tests, standbys_believe_only_the_last_answer);
	tcase_add_test(tests, standbys_are_late_after_the_timeout);
	tcase_add_test(tests, standbys_that_go_on_are_late_only_by_what_they_have_not_replayed);
	tcase_add_test(tests, standbys_are_back_when_they_have_replayed_what_is_young);
	tcase_add_test(tests, standbys_are_not_back_by_what_has_become_old);
	tcase_add_test(tests, standbys_stay_late_over_a_reset_and_get_another_goal);
	tcase_add_test(tests, standbys_remember_few_of_many_marks_and_forget_nothing);
	tcase_add_test(tests, standbys_release_in_a_stream_what_a_slow_one_has_replayed);
	tcase_add_test(tests, standbys_are_late_in_a_stream_after_the_timeout);
	tcase_add_test(tests, standbys_cut_a_name_as_postgresql_does);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
