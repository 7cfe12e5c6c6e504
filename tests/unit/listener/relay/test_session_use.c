/*-------------------------------------------------------------------------
 *
 * test_session_use.c
 *	  Unit tests of listener/src/relay/session_use.c: when a session is of use, and
 *	  how long to wait for the next one.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>

#include "relay/session_use.h"

#define FIRST_MS 100
#define CAP_MS 5000
#define MINUTE_MS 60000

static SessionUse use;

/* A session that is connected at time 0, after others of which this many were attached. */
static void
connect_after(int attach_count)
{
	session_use_init(&use, FIRST_MS, CAP_MS, 1);
	for (int i = 0; i < attach_count; i++)
		session_use_attach(&use);
	session_use_connect(&use, 0);
}

/* So many sessions are lost one after the other. */
static void
lose(int count)
{
	for (int i = 0; i < count; i++)
		(void) session_use_wait_ms(&use);
}

START_TEST(session_use_is_seen_by_an_acknowledgement)
{
	connect_after(1);
	ck_assert(session_use_take_answer(&use, 1, true, true));
	ck_assert(!session_use_is_repeated(&use));
}

END_TEST

START_TEST(session_use_waits_for_what_failed_last)
{
	connect_after(1);
	ck_assert(!session_use_take_answer(&use, 1, true, false));
	ck_assert(!session_use_take_answer(&use, CAP_MS + 1, false, false));
	ck_assert(session_use_is_repeated(&use));
}

END_TEST

START_TEST(session_use_needs_time_where_nothing_is_acknowledged)
{
	connect_after(1);
	ck_assert(!session_use_take_answer(&use, CAP_MS, false, true));
	ck_assert(session_use_is_repeated(&use));
	ck_assert(session_use_take_answer(&use, CAP_MS + 1, false, true));
	ck_assert(!session_use_is_repeated(&use));
}

END_TEST

START_TEST(session_use_is_certain_after_a_minute)
{
	connect_after(1);
	ck_assert(!session_use_take_answer(&use, MINUTE_MS, false, false));
	ck_assert(session_use_take_answer(&use, MINUTE_MS + 1, false, false));
}

END_TEST

START_TEST(session_use_counts_time_from_the_last_connection)
{
	connect_after(0);
	session_use_connect(&use, CAP_MS);
	ck_assert(!session_use_take_answer(&use, 2 * CAP_MS, false, true));
	ck_assert(session_use_take_answer(&use, 2 * CAP_MS + 1, false, true));
}

END_TEST

START_TEST(session_use_waits_longer_while_sessions_are_lost)
{
	connect_after(0);
	ck_assert_int_le(session_use_wait_ms(&use), FIRST_MS);
	lose(10);
	ck_assert_int_gt(session_use_wait_ms(&use), FIRST_MS);
}

END_TEST

START_TEST(session_use_waits_shortly_once_one_has_lasted)
{
	connect_after(0);
	lose(10);
	ck_assert(!session_use_take_answer(&use, CAP_MS + 1, false, false));
	ck_assert_int_le(session_use_wait_ms(&use), FIRST_MS);
}

END_TEST

START_TEST(session_use_makes_news_of_one_that_was_begun_on_purpose)
{
	connect_after(2);
	session_use_restart(&use);
	ck_assert(!session_use_is_repeated(&use));
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("session_use");
	TCase	   *tests = tcase_create("session_use");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, session_use_is_seen_by_an_acknowledgement);
	tcase_add_test(tests, session_use_waits_for_what_failed_last);
	tcase_add_test(tests, session_use_needs_time_where_nothing_is_acknowledged);
	tcase_add_test(tests, session_use_is_certain_after_a_minute);
	tcase_add_test(tests, session_use_counts_time_from_the_last_connection);
	tcase_add_test(tests, session_use_waits_longer_while_sessions_are_lost);
	tcase_add_test(tests, session_use_waits_shortly_once_one_has_lasted);
	tcase_add_test(tests, session_use_makes_news_of_one_that_was_begun_on_purpose);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
