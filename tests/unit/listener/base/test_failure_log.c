/*-------------------------------------------------------------------------
 *
 * test_failure_log.c
 *	  Unit tests of listener/src/base/failure_log.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/failure_log.h"

#define MINUTE_MS ((int64_t) 60 * 1000)

static FailureLog failures;
static int64_t now_ms;
static int64_t repeated_count;

static void
set_up(void)
{
	memset(&failures, 0, sizeof(failures));
	now_ms = 1000;
	repeated_count = -1;
}

static bool
failed(const char *message, const char *server, const char *sqlstate, const char *error)
{
	const Failure failure = {message, server, sqlstate, error};

	return failure_log_take(&failures, &failure, now_ms, &repeated_count);
}

static bool
fail_alike(void)
{
	return failed("session ended", "db1", "42501", "permission denied");
}

START_TEST(failure_log_says_the_first_failure)
{
	ck_assert(!failure_log_is_open(&failures));
	ck_assert(fail_alike());
	ck_assert_int_eq(repeated_count, 0);
	ck_assert(failure_log_is_open(&failures));
}

END_TEST

START_TEST(failure_log_says_a_failure_again_after_a_minute)
{
	ck_assert(fail_alike());
	for (int i = 0; i < 12; i++)
	{
		now_ms += MINUTE_MS / 12 - 1;
		ck_assert(!fail_alike());
	}
	now_ms += MINUTE_MS;
	ck_assert(fail_alike());
	ck_assert_int_eq(repeated_count, 12);
}

END_TEST

START_TEST(failure_log_says_it_every_ten_minutes_from_then_on)
{
	int			said_count = 0;

	for (int second = 0; second < 24 * 60 * 60; second++)
	{
		said_count += fail_alike() ? 1 : 0;
		now_ms += 1000;
	}
	/* at once, after a minute, and every ten minutes of a day */
	ck_assert_int_eq(said_count, 2 + 24 * 6 - 1);
	ck_assert_int_eq(repeated_count, 599);
}

END_TEST

START_TEST(failure_log_says_at_once_what_changes)
{
	ck_assert(fail_alike());
	ck_assert(failed("session ended", "db1", "42501", "another error"));
	ck_assert(failed("session ended", "db1", "42883", "permission denied"));
	ck_assert(failed("session ended", "db2", "42501", "permission denied"));
	ck_assert(failed("cannot connect", "db1", "42501", "permission denied"));
	ck_assert_int_eq(repeated_count, 0);
}

END_TEST

START_TEST(failure_log_keeps_texts_apart)
{
	ck_assert(failed("a", "bc", "", ""));
	ck_assert(failed("ab", "c", "", ""));
	ck_assert(failed("", "", "", "abc"));
}

END_TEST

/* Two hosts of one dsn are tried in turns. */
START_TEST(failure_log_counts_failures_that_take_turns_apart)
{
	ck_assert(failed("session ended", "db1", "", "connection refused"));
	ck_assert(failed("session ended", "db2", "", "session is read-only"));
	for (int i = 0; i < 10; i++)
	{
		ck_assert(!failed("session ended", "db1", "", "connection refused"));
		ck_assert(!failed("session ended", "db2", "", "session is read-only"));
	}
	now_ms += MINUTE_MS;
	ck_assert(failed("session ended", "db2", "", "session is read-only"));
	ck_assert_int_eq(repeated_count, 10);
}

END_TEST

START_TEST(failure_log_takes_errors_that_differ_in_digits_for_alike)
{
	ck_assert(failed("dropped", "r1", "", "MOVED 3999 127.0.0.1:6381"));
	ck_assert(!failed("dropped", "r1", "", "MOVED 17 127.0.0.1:6382"));
	ck_assert(failed("dropped", "r2", "", "MOVED 17 127.0.0.1:6382"));
}

END_TEST

START_TEST(failure_log_forgets_what_was_not_seen_for_longest)
{
	char		error[2] = "a";

	ck_assert(fail_alike());
	for (int i = 0; i < FAILURE_LOG_KINDS; i++)
	{
		now_ms++;
		ck_assert(i == FAILURE_LOG_KINDS - 1 || !fail_alike());
		now_ms++;
		ck_assert(failed("session ended", "db1", "", error));
		error[0]++;
	}
	ck_assert(!fail_alike());
	ck_assert(failed("session ended", "db1", "", "a"));
}

END_TEST

START_TEST(failure_log_begins_anew_when_the_server_has_worked)
{
	ck_assert(fail_alike());
	ck_assert(!fail_alike());
	failure_log_end(&failures);
	ck_assert(!failure_log_is_open(&failures));
	ck_assert(fail_alike());
	ck_assert_int_eq(repeated_count, 0);
	ck_assert_int_eq(failures.failure_count, 1);
}

END_TEST

START_TEST(failure_log_knows_how_many_there_were_and_since_when)
{
	ck_assert(fail_alike());
	now_ms += 5;
	ck_assert(!fail_alike());
	ck_assert(failed("session ended", "db1", "", "x"));
	ck_assert_int_eq(failures.failure_count, 3);
	ck_assert_int_eq(failures.begin_ms, 1000);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("failure_log");
	TCase	   *tests = tcase_create("failure_log");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, failure_log_says_the_first_failure);
	tcase_add_test(tests, failure_log_says_a_failure_again_after_a_minute);
	tcase_add_test(tests, failure_log_says_it_every_ten_minutes_from_then_on);
	tcase_add_test(tests, failure_log_says_at_once_what_changes);
	tcase_add_test(tests, failure_log_keeps_texts_apart);
	tcase_add_test(tests, failure_log_counts_failures_that_take_turns_apart);
	tcase_add_test(tests, failure_log_takes_errors_that_differ_in_digits_for_alike);
	tcase_add_test(tests, failure_log_forgets_what_was_not_seen_for_longest);
	tcase_add_test(tests, failure_log_begins_anew_when_the_server_has_worked);
	tcase_add_test(tests, failure_log_knows_how_many_there_were_and_since_when);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
