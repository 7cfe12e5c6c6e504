/*-------------------------------------------------------------------------
 *
 * test_journal_report.c
 *	  Unit tests of listener/src/journal/journal_report.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log_fixture.h"
#include "journal/journal_report.h"

static Loop *loop;
static JournalRoute route;
static JournalReport report;

static void
set_up(void)
{
	loop = loop_create();
	ck_assert_ptr_nonnull(loop);
	open_test_log(LOG_LEVEL_INFO);
	journal_report_init(&report, loop, &test_log, "default", &route);
}

static void
tear_down(void)
{
	close_test_log();
	loop_destroy(loop);
}

/* How many lines have been written; they are in "said". */
static int
count_lines(void)
{
	int			lines = 0;

	read_test_log();
	for (const char *at = said; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	return lines;
}

static void
deny(JournalOperation operation)
{
	journal_report_failure(&report, NULL, operation, JOURNAL_FAILURE_SERVER, "42501",
						   "permission denied for function ack");
}

START_TEST(journal_report_says_once_what_repeats)
{
	for (int i = 0; i < 10; i++)
		deny(JOURNAL_OPERATION_ACK);
	ck_assert_int_eq(count_lines(), 1);
	ck_assert_ptr_nonnull(strstr(said, "level=error"));
	ck_assert_ptr_nonnull(strstr(said, "advice=\"a superuser must run"));
	ck_assert_ptr_nonnull(strstr(said, "repeated=0"));
}

END_TEST

/* A standby, while the primary's address may follow. */
START_TEST(journal_report_says_an_error_when_no_address_is_left)
{
	static const struct addrinfo other;

	route.next = &other;
	journal_report_failure(&report, NULL, JOURNAL_OPERATION_CONNECTING,
						   JOURNAL_FAILURE_CONNECTION, "25006", "read-only");
	ck_assert_int_eq(count_lines(), 1);
	ck_assert_ptr_nonnull(strstr(said, "level=warning"));
	ck_assert_ptr_null(strstr(said, "level=error"));
	route.next = NULL;
	journal_report_failure(&report, NULL, JOURNAL_OPERATION_CONNECTING,
						   JOURNAL_FAILURE_CONNECTION, "25006", "read-only");
	ck_assert_int_eq(count_lines(), 2);
	ck_assert_ptr_nonnull(strstr(said, "level=error"));
}

END_TEST

/* What the server said last belongs to its session. */
START_TEST(journal_report_forgets_the_last_words_of_another_session)
{
	snprintf(report.farewell, sizeof(report.farewell), "terminating connection");
	journal_report_begin(&report);
	journal_report_broken(&report, NULL, JOURNAL_OPERATION_CONNECTING, NULL);
	ck_assert_int_eq(count_lines(), 1);
	ck_assert_ptr_null(strstr(said, "terminating"));
}

END_TEST

START_TEST(journal_report_says_a_failure_of_libpq_for_each_operation)
{
	journal_report_broken(&report, NULL, JOURNAL_OPERATION_CONNECTING, NULL);
	journal_report_broken(&report, NULL, JOURNAL_OPERATION_FETCH, NULL);
	journal_report_broken(&report, NULL, JOURNAL_OPERATION_CONNECTING, NULL);
	ck_assert_int_eq(count_lines(), 2);
	ck_assert_ptr_nonnull(strstr(said, "level=warning"));
}

END_TEST

START_TEST(journal_report_says_when_it_is_over)
{
	journal_report_end(&report);
	ck_assert_int_eq(count_lines(), 0);
	deny(JOURNAL_OPERATION_ACK);
	deny(JOURNAL_OPERATION_ACK);
	journal_report_end(&report);
	ck_assert_int_eq(count_lines(), 2);
	ck_assert_ptr_nonnull(strstr(said, "msg=\"PostgreSQL serves the target again\" target=default failures=2"));
	journal_report_end(&report);
	ck_assert_int_eq(count_lines(), 2);
	deny(JOURNAL_OPERATION_ACK);
	ck_assert_int_eq(count_lines(), 3);
}

END_TEST

START_TEST(journal_report_owes_what_failed_until_that_is_done)
{
	ck_assert(journal_report_owes_nothing(&report));
	deny(JOURNAL_OPERATION_TRIM);
	journal_report_done(&report, JOURNAL_OPERATION_PREPARING_ACK);
	journal_report_done(&report, JOURNAL_OPERATION_FETCH);
	journal_report_done(&report, JOURNAL_OPERATION_ACK);
	ck_assert(!journal_report_owes_nothing(&report));
	journal_report_done(&report, JOURNAL_OPERATION_TRIM);
	ck_assert(journal_report_owes_nothing(&report));
}

END_TEST

START_TEST(journal_report_owes_no_connection_once_there_is_one)
{
	journal_report_broken(&report, NULL, JOURNAL_OPERATION_CONNECTING, NULL);
	ck_assert(!journal_report_owes_nothing(&report));
	journal_report_done(&report, JOURNAL_OPERATION_SETTING_UP);
	ck_assert(journal_report_owes_nothing(&report));
}

END_TEST

/* A session that was ended while it waited did nothing that could be done again. */
START_TEST(journal_report_owes_nothing_for_what_ended_an_idle_session)
{
	journal_report_broken(&report, NULL, JOURNAL_OPERATION_IDLE, NULL);
	ck_assert(journal_report_owes_nothing(&report));
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("journal_report");
	TCase	   *tests = tcase_create("journal_report");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, journal_report_says_once_what_repeats);
	tcase_add_test(tests, journal_report_says_an_error_when_no_address_is_left);
	tcase_add_test(tests, journal_report_forgets_the_last_words_of_another_session);
	tcase_add_test(tests, journal_report_says_a_failure_of_libpq_for_each_operation);
	tcase_add_test(tests, journal_report_says_when_it_is_over);
	tcase_add_test(tests, journal_report_owes_what_failed_until_that_is_done);
	tcase_add_test(tests, journal_report_owes_no_connection_once_there_is_one);
	tcase_add_test(tests, journal_report_owes_nothing_for_what_ended_an_idle_session);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
