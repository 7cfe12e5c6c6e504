/*-------------------------------------------------------------------------
 *
 * test_status_text.c
 *	  Unit tests of listener/src/status/status_text.c and status_json.c.
 *
 *-------------------------------------------------------------------------
 */
#include "status/status_text.h"

#include "status/status_fixture.h"
#include "status/status_json.h"

static char text[8192];
static StatusTextStyle style;
static char hostile[] = "a|b\033[31m\nUNCACHE OK";
static char hostile_name[] = "x\033[2J y";
static char acked[] = "2026-11-29T04:50:42.365Z";
static char resync[] = "resync";

static void
set_up(void)
{
	set_up_well();
	style = (StatusTextStyle)
	{
		.has_colour = false
	};
}

static void
print(void)
{
	FILE	   *stream;

	make_report();
	memset(text, 0, sizeof(text));
	stream = fmemopen(text, sizeof(text), "w");
	status_text_print(stream, &report, &style);
	fclose(stream);
	forget_report();
}

static void
print_json(void)
{
	FILE	   *stream;

	make_report();
	memset(text, 0, sizeof(text));
	stream = fmemopen(text, sizeof(text), "w");
	status_json_print(stream, &report, "0.2");
	fclose(stream);
	forget_report();
}

START_TEST(status_text_is_an_aligned_table)
{
	rows[0].row_count = 12345678;
	rows[0].key_count = 23456789;
	rows[0].is_estimate = true;
	rows[0].lag_ms = 1500;
	health = "default state=ready redis=connected\n";
	print();
	ck_assert_str_eq(text,
					 "UNCACHE OK - 2 targets\n"
					 "\n"
					 "TARGET   STATE  WORKER    LAG       ROWS       KEYS  ACKNOWLEDGED  REDIS\n"
					 "default  ready    4711   0 ms          0          0     2.5 s ago  connected\n"
					 "api      ready    4711  1.5 s  ~12345678  ~23456789     2.5 s ago  -\n");
}

END_TEST

START_TEST(status_text_has_dashes_for_what_is_not_known)
{
	list.row_count = 1;
	rows[0].worker_pid = 0;
	rows[0].row_count = CONSUMER_UNKNOWN;
	rows[0].key_count = CONSUMER_UNKNOWN;
	rows[0].acked_ms_ago = CONSUMER_UNKNOWN;
	print();
	ck_assert_str_eq(text,
					 "UNCACHE CRITICAL - default: it has no consumer: no daemon has worked for it yet; api: no daemon works for it\n"
					 "\n"
					 "TARGET   STATE  WORKER   LAG  ROWS  KEYS  ACKNOWLEDGED  REDIS\n"
					 "default  -           -     -     -     -             -  -\n"
					 "api      ready       -  0 ms     -     -             -  -\n"
					 "CRITICAL default: it has no consumer: no daemon has worked for it yet\n"
					 "CRITICAL api: no daemon works for it\n");
}

END_TEST

START_TEST(status_text_is_not_broken_by_a_narrow_terminal)
{
	style.columns = 40;
	print();
	ck_assert_ptr_null(strstr(text, "TARGET"));
	ck_assert_ptr_nonnull(strstr(text, "default\n  STATE        ready\n  WORKER       4711\n  LAG          0 ms\n"));
	style.columns = 300;
	print();
	ck_assert_ptr_nonnull(strstr(text, "TARGET   STATE"));
}

END_TEST

START_TEST(status_text_has_colours_only_where_they_are_wanted)
{
	rows[0].worker_pid = 0;
	print();
	ck_assert_ptr_null(strchr(text, '\033'));
	style.has_colour = true;
	print();
	ck_assert_ptr_nonnull(strstr(text, "\033[31mUNCACHE CRITICAL\033[0m - api: no daemon works for it\n"));
	ck_assert_ptr_nonnull(strstr(text, "\033[32mready  \033[0m"));
}

END_TEST

START_TEST(status_text_has_figures_for_monitoring)
{
	style.has_perfdata = true;
	rows[0].lag_ms = 1500;
	rows[0].row_count = 7;
	print();
	ck_assert_ptr_nonnull(strstr(text, "UNCACHE OK - 2 targets |"
								 " default_lag=0.000s;60.000;;0 default_rows=0;;;0"
								 " api_lag=1.500s;60.000;;0 api_rows=7;;;0\n"));
}

END_TEST

START_TEST(status_text_tells_the_worst_first)
{
	rows[1].lag_ms = 90000;
	rows[0].worker_pid = 0;
	print();
	ck_assert_ptr_nonnull(strstr(text, "UNCACHE CRITICAL - api: no daemon works for it; default: behind for 90 s\n"));
}

END_TEST

START_TEST(status_text_obeys_no_text_of_the_database)
{
	rows[0].state = resync;
	rows[0].resync_reason = hostile;
	(void) add_row(hostile_name);
	print();
	ck_assert_ptr_nonnull(strstr(text, "UNCACHE WARNING - api: resync due: a/b\\x1B[31m\\nUNCACHE OK\n"));
	ck_assert_ptr_nonnull(strstr(text, "WARNING api: resync due: a|b\\x1B[31m\\nUNCACHE OK\n"));
	ck_assert_ptr_nonnull(strstr(text, "x?[2J?y "));
	ck_assert_ptr_nonnull(strstr(text, "OK x\\x1B[2J y: not in this configuration"));
	ck_assert_ptr_null(strchr(text, '\033'));
}

END_TEST

START_TEST(status_json_has_all_there_is)
{
	rows[0].state = resync;
	rows[0].resync_reason = hostile;
	rows[0].acked_at = acked;
	rows[0].is_estimate = true;
	rows[0].row_count = 5;
	rows[0].lag_ms = 1005;
	list.row_count = 1;
	print_json();
	ck_assert_str_eq(text,
					 "{\"status\":\"critical\",\"exit_status\":2,\"error\":null,\"daemon_version\":\"" UNCACHED_VERSION "\","
					 "\"extension_version\":\"0.2\",\"targets\":["
					 "{\"target\":\"default\",\"level\":\"critical\",\"is_configured\":true,\"has_rules\":false,"
					 "\"has_consumer\":false,\"state\":null,\"worker_pid\":null,\"lag_seconds\":null,\"pending_rows\":null,"
					 "\"pending_keys\":null,\"pending_is_estimate\":false,\"acked_at\":null,\"resync_reason\":null,"
					 "\"alarm\":null,\"redis\":null,\"findings\":[{\"level\":\"critical\",\"text\":"
					 "\"it has no consumer: no daemon has worked for it yet\"}]},"
					 "{\"target\":\"api\",\"level\":\"warning\",\"is_configured\":true,\"has_rules\":true,"
					 "\"has_consumer\":true,\"state\":\"resync\",\"worker_pid\":4711,\"lag_seconds\":1.005,\"pending_rows\":5,"
					 "\"pending_keys\":0,\"pending_is_estimate\":true,\"acked_at\":\"2026-11-29T04:50:42.365Z\","
					 "\"resync_reason\":\"a|b\\u001B[31m\\u000AUNCACHE OK\",\"alarm\":null,\"redis\":null,"
					 "\"findings\":[{\"level\":\"warning\",\"text\":\"resync due: a|b\\u001B[31m\\u000AUNCACHE OK\"}]}]}\n");
}

END_TEST

START_TEST(status_says_that_nothing_is_known)
{
	FILE	   *stream = fmemopen(text, sizeof(text), "w");

	status_text_print_unknown(stream, "no\nserver");
	status_json_print_unknown(stream, "no \"server\"");
	fclose(stream);
	ck_assert_str_eq(text, "UNCACHE UNKNOWN - no\\nserver\n"
					 "{\"status\":\"unknown\",\"exit_status\":3,\"error\":\"no \\\"server\\\"\","
					 "\"daemon_version\":\"" UNCACHED_VERSION "\",\"extension_version\":null,\"targets\":[]}\n");
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("status_text");
	TCase	   *tests = tcase_create("status_text");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, status_text_is_an_aligned_table);
	tcase_add_test(tests, status_text_has_dashes_for_what_is_not_known);
	tcase_add_test(tests, status_text_is_not_broken_by_a_narrow_terminal);
	tcase_add_test(tests, status_text_has_colours_only_where_they_are_wanted);
	tcase_add_test(tests, status_text_has_figures_for_monitoring);
	tcase_add_test(tests, status_text_tells_the_worst_first);
	tcase_add_test(tests, status_text_obeys_no_text_of_the_database);
	tcase_add_test(tests, status_json_has_all_there_is);
	tcase_add_test(tests, status_says_that_nothing_is_known);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
