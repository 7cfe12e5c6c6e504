/*-------------------------------------------------------------------------
 *
 * test_tail_line.c
 *	  Unit tests of listener/src/status/tail_line.c.
 *
 *-------------------------------------------------------------------------
 */
#include "status/tail_line.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char text[1024];
static TailRow row;

static void
set_up(void)
{
	(void) setenv("TZ", "UTC-1", 1);
	tzset();
	row = (TailRow)
	{
		.xid = "748",.at_us = INT64_C(1795927842365999),.age_ms = 5,.target = "api",.action = "keys",.key = "item:1",
			.key_bytes = 6
	};
}

static void
print(bool is_json)
{
	FILE	   *stream = fmemopen(text, sizeof(text), "w");

	tail_line_print(stream, &row, is_json);
	fclose(stream);
}

START_TEST(tail_line_has_all_that_is_known_of_a_key)
{
	print(false);
	ck_assert_str_eq(text, "2026-11-29 05:50:42.365 api keys 748 5ms item:1\n");
}

END_TEST

START_TEST(tail_line_can_be_json)
{
	print(true);
	ck_assert_str_eq(text, "{\"at\":\"2026-11-29T04:50:42.365Z\",\"target\":\"api\",\"action\":\"keys\",\"key\":\"item:1\","
					 "\"xid\":\"748\",\"age_ms\":5}\n");
}

END_TEST

START_TEST(tail_line_of_a_resync_of_all_targets_has_no_key)
{
	row.target = "";
	row.action = "resync";
	row.key_bytes = 0;
	print(false);
	ck_assert_str_eq(text, "2026-11-29 05:50:42.365 * resync 748 5ms\n");
	print(true);
	ck_assert_ptr_nonnull(strstr(text, "\"target\":null,\"action\":\"resync\",\"key\":null"));
}

END_TEST

START_TEST(tail_line_stays_one_line)
{
	row.key = "a\n\033[2J\0b";
	row.key_bytes = 8;
	print(false);
	ck_assert_str_eq(text, "2026-11-29 05:50:42.365 api keys 748 5ms a\\n\\x1B[2J\\x00b\n");
}

END_TEST

START_TEST(tail_line_tells_a_gap)
{
	FILE	   *stream = fmemopen(text, sizeof(text), "w");

	tail_line_print_gap(stream, row.at_us, "why\n", false);
	tail_line_print_gap(stream, row.at_us, "why", true);
	fclose(stream);
	ck_assert_str_eq(text, "2026-11-29 05:50:42.365 gap: why\\n\n"
					 "{\"at\":\"2026-11-29T04:50:42.365Z\",\"gap\":\"why\"}\n");
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("tail_line");
	TCase	   *tests = tcase_create("tail_line");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, tail_line_has_all_that_is_known_of_a_key);
	tcase_add_test(tests, tail_line_can_be_json);
	tcase_add_test(tests, tail_line_of_a_resync_of_all_targets_has_no_key);
	tcase_add_test(tests, tail_line_stays_one_line);
	tcase_add_test(tests, tail_line_tells_a_gap);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
