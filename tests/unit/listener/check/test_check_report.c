/*-------------------------------------------------------------------------
 *
 * test_check_report.c
 *	  Unit tests of listener/src/check/check_report.c.
 *
 *-------------------------------------------------------------------------
 */
#include "check/check_report.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static char text[4096];
static FILE *stream;
static CheckReport report;

static void
set_up(void)
{
	memset(text, 0, sizeof(text));
	stream = fmemopen(text, sizeof(text), "w");
	ck_assert_ptr_nonnull(stream);
	check_report_begin(&report, stream);
	check_report_subject(&report, "postgres", NULL);
}

static void
tear_down(void)
{
	fclose(stream);
}

START_TEST(check_report_writes_a_line_for_each_finding)
{
	check_report_say(&report, CHECK_OK, "", "version %d", 7);
	check_report_subject(&report, "target", "api");
	check_report_say(&report, CHECK_MISSING, "do this", "%s", "that");
	check_report_say(&report, CHECK_UNKNOWN, "", "whether");
	ck_assert_str_eq(text, "ok      postgres: version 7\n"
					 "missing target api: that; do this\n"
					 "unknown target api: whether\n");
}

END_TEST

START_TEST(check_report_counts_only_what_is_missing)
{
	check_report_say(&report, CHECK_OK, "", "a");
	check_report_say(&report, CHECK_UNKNOWN, "", "b");
	ck_assert_uint_eq(report.missing_count, 0);
	check_report_say(&report, CHECK_MISSING, "", "c");
	check_report_say(&report, CHECK_MISSING, "", "d");
	ck_assert_uint_eq(report.missing_count, 2);
}

END_TEST

START_TEST(check_report_keeps_a_finding_on_one_line)
{
	check_report_say(&report, CHECK_OK, "", "%s", "one\ntwo\r\n\tthree\x7f\x1b four\n\n");
	ck_assert_str_eq(text, "ok      postgres: one two   three   four\n");
}

END_TEST

START_TEST(check_report_cuts_what_is_endless)
{
	char		endless[3000];

	memset(endless, 'x', sizeof(endless));
	endless[sizeof(endless) - 1] = '\0';
	check_report_say(&report, CHECK_OK, "", "%s", endless);
	ck_assert_uint_lt(strlen(text), 1100);
	ck_assert_str_eq(text + strlen(text) - 1, "\n");
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("check_report");
	TCase	   *tests = tcase_create("check_report");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, check_report_writes_a_line_for_each_finding);
	tcase_add_test(tests, check_report_counts_only_what_is_missing);
	tcase_add_test(tests, check_report_keeps_a_finding_on_one_line);
	tcase_add_test(tests, check_report_cuts_what_is_endless);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
