/*-------------------------------------------------------------------------
 *
 * test_shown_text.c
 *	  Unit tests of listener/src/status/shown_text.c.
 *
 *-------------------------------------------------------------------------
 */
#include "status/shown_text.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

typedef void (*Printer) (FILE *stream, const char *text, size_t text_bytes);

static void
assert_printed(Printer print, const char *text, size_t text_bytes, const char *expected)
{
	char		printed[512] = "";
	FILE	   *stream = fmemopen(printed, sizeof(printed), "w");

	print(stream, text, text_bytes);
	fclose(stream);
	ck_assert_str_eq(printed, expected);
}

#define assert_shown(text, expected) \
	assert_printed(shown_text_print, text, sizeof(text) - 1, expected)
#define assert_json(text, expected) \
	assert_printed(shown_text_print_json, text, sizeof(text) - 1, expected)

START_TEST(shown_text_leaves_characters_alone)
{
	assert_shown("item:1 \"a\" * \xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80", "item:1 \"a\" * \xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80");
	assert_json("item:1 \xC3\xA4", "\"item:1 \xC3\xA4\"");
}

END_TEST

START_TEST(shown_text_escapes_what_a_terminal_obeys)
{
	assert_shown("a\033[31mb\a\x7F\b", "a\\x1B[31mb\\x07\\x7F\\x08");
	assert_shown("a\nb\tc\rd\0e", "a\\nb\\tc\\rd\\x00e");
	assert_shown("a\xC2\x9B" "31m", "a\\x9B31m");
	assert_json("a\033b\nc\0d\xC2\x9B", "\"a\\u001Bb\\u000Ac\\u0000d\\u009B\"");
}

END_TEST

START_TEST(shown_text_escapes_marks_that_turn_a_line_or_are_not_seen)
{
	assert_shown("a\xE2\x80\xAE" "b\xE2\x80\x8B\xEF\xBB\xBF", "a\\u202Eb\\u200B\\uFEFF");
	assert_json("\xE2\x80\xA8", "\"\\u2028\"");
}

END_TEST

START_TEST(shown_text_can_be_told_from_what_it_escapes)
{
	assert_shown("a\\nb", "a\\\\nb");
	assert_json("a\\n\"b", "\"a\\\\n\\\"b\"");
}

END_TEST

START_TEST(shown_text_shows_bytes_that_are_no_characters)
{
	assert_shown("\xFF\xC3", "\\xFF\\xC3");
	assert_shown("\xC0\xAF\xE0\x80\xAF\xED\xA0\x80", "\\xC0\\xAF\\xE0\\x80\\xAF\\xED\\xA0\\x80");
	assert_shown("\xF4\x90\x80\x80\x80", "\\xF4\\x90\\x80\\x80\\x80");
	assert_shown("\xE2\x82x", "\\xE2\\x82x");
	assert_json("a\xFF", "\"a\\uFFFD\"");
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("shown_text");
	TCase	   *tests = tcase_create("shown_text");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, shown_text_leaves_characters_alone);
	tcase_add_test(tests, shown_text_escapes_what_a_terminal_obeys);
	tcase_add_test(tests, shown_text_escapes_marks_that_turn_a_line_or_are_not_seen);
	tcase_add_test(tests, shown_text_can_be_told_from_what_it_escapes);
	tcase_add_test(tests, shown_text_shows_bytes_that_are_no_characters);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
