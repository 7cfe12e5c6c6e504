/*-------------------------------------------------------------------------
 *
 * test_log_buffer.c
 *	  Unit tests of listener/src/base/log_buffer.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log_buffer.h"

static LogBuffer buffer;

static void
clear(void)
{
	memset(&buffer, 0, sizeof(buffer));
}

static void
append_text(const char *line)
{
	log_buffer_append(&buffer, line, strlen(line));
}

/* A line of so many bytes, newline included. */
static void
append_long(size_t line_bytes)
{
	static char line[LOG_BUFFER_BYTES + 1];

	memset(line, 'x', line_bytes - 1);
	line[line_bytes - 1] = '\n';
	log_buffer_append(&buffer, line, line_bytes);
}

/* Until it takes no more: how many lines went in. */
static int
fill(void)
{
	int			count = 0;

	while (buffer.dropped_count == 0)
	{
		append_long(1000);
		count++;
	}
	return count - 1;
}

static void
expect_next(const char *expected)
{
	const char *bytes;
	size_t		byte_count = log_buffer_next(&buffer, &bytes);

	ck_assert_uint_eq(byte_count, strlen(expected));
	ck_assert_int_eq(strncmp(bytes, expected, byte_count), 0);
}

static size_t
next_bytes(void)
{
	const char *bytes;

	return log_buffer_next(&buffer, &bytes);
}

static void
write_all(void)
{
	while (!log_buffer_is_empty(&buffer))
		log_buffer_consume(&buffer, next_bytes());
}

START_TEST(log_buffer_begins_empty)
{
	ck_assert(log_buffer_is_empty(&buffer));
	ck_assert_int_eq(log_buffer_untold_count(&buffer), 0);
	expect_next("");
}

END_TEST

START_TEST(log_buffer_hands_out_lines_in_order)
{
	append_text("one\n");
	append_text("two\n");
	expect_next("one\ntwo\n");
	log_buffer_consume(&buffer, 4);
	append_text("three\n");
	expect_next("two\nthree\n");
	log_buffer_consume(&buffer, 10);
	ck_assert(log_buffer_is_empty(&buffer));
}

END_TEST

START_TEST(log_buffer_hands_out_whole_lines_that_a_pipe_takes_at_once)
{
	append_long(3000);
	append_long(1096);
	append_long(10);
	ck_assert_uint_eq(next_bytes(), 4096);
	log_buffer_consume(&buffer, 4096);
	ck_assert_uint_eq(next_bytes(), 10);
}

END_TEST

START_TEST(log_buffer_hands_out_a_longer_line_by_itself)
{
	append_long(10);
	append_long(30000);
	append_long(10);
	ck_assert_uint_eq(next_bytes(), 10);
	log_buffer_consume(&buffer, 10);
	ck_assert_uint_eq(next_bytes(), 30000);
	log_buffer_consume(&buffer, 30000);
	ck_assert_uint_eq(next_bytes(), 10);
}

END_TEST

START_TEST(log_buffer_goes_on_with_the_rest_of_a_line)
{
	append_text("one\n");
	log_buffer_consume(&buffer, 2);
	expect_next("e\n");
	append_text("two\n");
	expect_next("e\ntwo\n");
}

END_TEST

START_TEST(log_buffer_uses_its_room_again)
{
	for (int i = 0; i < 1000; i++)
	{
		append_long(1000);
		append_long(1000);
		log_buffer_consume(&buffer, 1000);
		if (i % 50 == 49)
			write_all();
	}
	ck_assert_int_eq(buffer.dropped_count, 0);
}

END_TEST

START_TEST(log_buffer_drops_what_does_not_fit_whole)
{
	int			count = fill();

	ck_assert_int_eq(count, (int) (LOG_BUFFER_BYTES / 1000));
	append_text("short\n");
	ck_assert_int_eq(buffer.dropped_count, 2);
	ck_assert_int_eq(log_buffer_untold_count(&buffer), 0);
	write_all();
	ck_assert_int_eq(log_buffer_untold_count(&buffer), 2);
}

END_TEST

START_TEST(log_buffer_drops_until_it_was_empty)
{
	(void) fill();
	log_buffer_consume(&buffer, next_bytes());
	append_text("late\n");
	ck_assert_int_eq(buffer.dropped_count, 2);
	write_all();
	log_buffer_append_notice(&buffer, "2 lost\n", 7);
	append_text("after\n");
	expect_next("2 lost\nafter\n");
	write_all();
	ck_assert_int_eq(log_buffer_untold_count(&buffer), 0);
}

END_TEST

START_TEST(log_buffer_tells_again_what_a_lost_notice_told)
{
	(void) fill();
	write_all();
	log_buffer_append_notice(&buffer, "1 lost\n", 7);
	append_text("after\n");
	log_buffer_consume(&buffer, 3);
	log_buffer_discard(&buffer);
	ck_assert_int_eq(log_buffer_untold_count(&buffer), 2);
}

END_TEST

START_TEST(log_buffer_does_not_tell_again_what_a_notice_has_told)
{
	(void) fill();
	write_all();
	log_buffer_append_notice(&buffer, "1 lost\n", 7);
	append_text("after\n");
	log_buffer_consume(&buffer, 7);
	log_buffer_discard(&buffer);
	ck_assert_int_eq(log_buffer_untold_count(&buffer), 1);
}

END_TEST

START_TEST(log_buffer_counts_each_line_that_it_discards)
{
	append_text("one\n");
	append_text("two\n");
	append_text("three\n");
	log_buffer_consume(&buffer, 2);
	log_buffer_discard(&buffer);
	ck_assert(log_buffer_is_empty(&buffer));
	ck_assert_int_eq(log_buffer_untold_count(&buffer), 3);
}

END_TEST

START_TEST(log_buffer_discards_only_the_rest_of_a_torn_line)
{
	append_text("one\n");
	append_text("two\n");
	log_buffer_discard_torn(&buffer);
	expect_next("one\ntwo\n");
	log_buffer_consume(&buffer, 6);
	log_buffer_discard_torn(&buffer);
	ck_assert(log_buffer_is_empty(&buffer));
	ck_assert_int_eq(log_buffer_untold_count(&buffer), 1);
	log_buffer_discard_torn(&buffer);
	ck_assert_int_eq(log_buffer_untold_count(&buffer), 1);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("log_buffer");
	TCase	   *tests = tcase_create("log_buffer");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, clear, NULL);
	tcase_add_test(tests, log_buffer_begins_empty);
	tcase_add_test(tests, log_buffer_hands_out_lines_in_order);
	tcase_add_test(tests, log_buffer_hands_out_whole_lines_that_a_pipe_takes_at_once);
	tcase_add_test(tests, log_buffer_hands_out_a_longer_line_by_itself);
	tcase_add_test(tests, log_buffer_goes_on_with_the_rest_of_a_line);
	tcase_add_test(tests, log_buffer_uses_its_room_again);
	tcase_add_test(tests, log_buffer_drops_what_does_not_fit_whole);
	tcase_add_test(tests, log_buffer_drops_until_it_was_empty);
	tcase_add_test(tests, log_buffer_tells_again_what_a_lost_notice_told);
	tcase_add_test(tests, log_buffer_does_not_tell_again_what_a_notice_has_told);
	tcase_add_test(tests, log_buffer_counts_each_line_that_it_discards);
	tcase_add_test(tests, log_buffer_discards_only_the_rest_of_a_torn_line);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
