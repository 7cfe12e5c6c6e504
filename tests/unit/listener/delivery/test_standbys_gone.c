/*-------------------------------------------------------------------------
 *
 * test_standbys_gone.c
 *	  Unit tests of listener/src/delivery/standbys.c: those that come and go, also
 *	  several of one name.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "delivery/standbys_fixture.h"

START_TEST(standbys_of_any_are_those_that_were_seen)
{
	start("any");
	end("one", 10, 0);
	expect_released("one");
	take("a", 15);
	end("two", 20, 1);
	expect_released("one");
	/* gone, and waited for all the same */
	end(NULL, 0, 2);
	expect_released("one");
	take("b", 99);
	take("a", 20);
	end(NULL, 0, 3);
	expect_released("two");
	stop();
}

END_TEST

START_TEST(standbys_of_any_are_forgotten_when_they_have_gone)
{
	start("any");
	take("a", 5);
	end("one", 10, 0);
	ck_assert_str_eq(end(NULL, 0, TIMEOUT_MS), "a is late;");
	expect_released("one");
	ck_assert_uint_eq(standbys.known_count, 0);
	end("two", 20, 1100);
	expect_released("two");
	/* it comes back */
	take("a", 25);
	end("three", 30, 1200);
	expect_released("two");
	/* late and connected, it stays known */
	take("a", 25);
	ck_assert_str_eq(end(NULL, 0, 2200), "a is late;");
	ck_assert_uint_eq(standbys.known_count, 1);
	stop();
}

END_TEST

START_TEST(standbys_of_one_name_are_all_waited_for)
{
	static const char *const settings[] = {"a,b", "any"};

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
	{
		start(settings[i]);
		take("a", 20);
		take("b", 20);
		take("a", 5);
		end("one", 10, 0);
		expect_released(NULL);
		/* the slow one has gone */
		take("a", 20);
		take("b", 20);
		end(NULL, 0, 1);
		expect_released(NULL);
		/* nor does the fast one stand for it */
		take("b", 20);
		take("a", 9);
		end(NULL, 0, 2);
		expect_released(NULL);
		take("a", 15);
		take("b", 15);
		take("a", 10);
		end(NULL, 0, 3);
		expect_released("one");
		ck_assert_uint_eq(standbys.known_count, 3);
		stop();
	}
}

END_TEST

START_TEST(standbys_wait_for_those_whose_namesake_is_late)
{
	start("a");
	take("a", 10);
	take("a", 10);
	end("one", 10, 0);
	expect_released("one");
	take("a", 10);
	end("two", 20, 100);
	take("a", 20);
	ck_assert_str_eq(end(NULL, 0, 100 + TIMEOUT_MS), "a is late;");
	expect_released("two");
	take("a", 20);
	end("three", 30, 1200);
	expect_released("two");
	take("a", 30);
	end(NULL, 0, 1201);
	expect_released("three");
	ck_assert(standbys_has_late(&standbys));
	/* the other one is back */
	take("a", 30);
	take("a", 9);
	ck_assert_str_eq(end(NULL, 40, 1300), "");
	take("a", 40);
	take("a", 40);
	ck_assert_str_eq(end(NULL, 0, 1400), "a is back;");
	ck_assert(!standbys_has_late(&standbys));
	stop();
}

END_TEST

START_TEST(standbys_forget_a_namesake_that_has_gone_for_long)
{
	start("a");
	take("a", 10);
	take("a", 10);
	end("one", 10, 0);
	take("a", 10);
	end("two", 20, 100);
	take("a", 20);
	ck_assert_str_eq(end(NULL, 0, 100 + TIMEOUT_MS), "a is late;");
	ck_assert(!has_dropped_late);
	take("a", 20);
	ck_assert_str_eq(end(NULL, 0, 99 + 2 * TIMEOUT_MS), "");
	ck_assert(!has_dropped_late && standbys_has_late(&standbys));
	take("a", 20);
	ck_assert_str_eq(end(NULL, 0, 100 + 2 * TIMEOUT_MS), "");
	ck_assert(has_dropped_late && !standbys_has_late(&standbys));
	ck_assert_uint_eq(standbys.known_count, 1);
	/* the last one of a name that was given is not forgotten */
	end("three", 30, 3000);
	ck_assert_str_eq(end(NULL, 0, 3000 + TIMEOUT_MS), "a is late;");
	ck_assert_str_eq(end(NULL, 0, 9000), "");
	ck_assert(!has_dropped_late);
	ck_assert_uint_eq(standbys.known_count, 1);
	stop();
}

END_TEST

START_TEST(standbys_are_gone_from_when_they_were_connected_last)
{
	start("a");
	take("a", 10);
	take("a", 5);
	end("one", 10, 0);
	take("a", 10);
	take("a", 5);
	ck_assert_str_eq(end(NULL, 0, TIMEOUT_MS), "a is late;");
	take("a", 10);
	take("a", 5);
	ck_assert_str_eq(end(NULL, 0, 10000), "");
	take("a", 10);
	ck_assert_str_eq(end(NULL, 0, 10999), "");
	ck_assert(!has_dropped_late);
	take("a", 10);
	ck_assert_str_eq(end(NULL, 0, 11000), "");
	ck_assert(has_dropped_late);
	stop();
}

END_TEST

START_TEST(standbys_of_any_tell_that_one_was_forgotten_which_was_late_before_it_went)
{
	start("any");
	take("a", 5);
	end("one", 10, 0);
	take("a", 5);
	ck_assert_str_eq(end(NULL, 0, TIMEOUT_MS), "a is late;");
	ck_assert(!has_dropped_late);
	ck_assert_str_eq(end(NULL, 0, 1100), "");
	ck_assert(has_dropped_late);
	ck_assert_str_eq(end(NULL, 0, 1200), "");
	ck_assert(!has_dropped_late);
	stop();
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("standbys_gone");
	TCase	   *tests = tcase_create("standbys_gone");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	suite_add_tcase(suite, tests);
	tcase_add_test(tests, standbys_of_any_are_those_that_were_seen);
	tcase_add_test(tests, standbys_of_any_are_forgotten_when_they_have_gone);
	tcase_add_test(tests, standbys_of_one_name_are_all_waited_for);
	tcase_add_test(tests, standbys_wait_for_those_whose_namesake_is_late);
	tcase_add_test(tests, standbys_forget_a_namesake_that_has_gone_for_long);
	tcase_add_test(tests, standbys_are_gone_from_when_they_were_connected_last);
	tcase_add_test(tests, standbys_of_any_tell_that_one_was_forgotten_which_was_late_before_it_went);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
