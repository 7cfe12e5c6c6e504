/*-------------------------------------------------------------------------
 *
 * test_ini.c
 *	  Unit tests of listener/src/config/ini.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/ini.h"

#define SECRET "hunter2"

static IniFile file;
static IniError error;

static void
clear(void)
{
	memset(&file, 0, sizeof(file));
	memset(&error, 0, sizeof(error));
}

static void
reset(void)
{
	ini_reset(&file);
}

static void
accept_bytes(const char *text, size_t byte_count)
{
	ini_reset(&file);
	ck_assert_msg(ini_parse(text, byte_count, &file, &error), "%zu: %s", error.line,
				  error.message);
}

static void
accept_text(const char *text)
{
	accept_bytes(text, strlen(text));
}

static void
refuse_bytes(const char *text, size_t byte_count, size_t line, const char *expected)
{
	ck_assert_msg(!ini_parse(text, byte_count, &file, &error), "accepted: %s", text);
	ck_assert_uint_eq(error.line, line);
	ck_assert_msg(strstr(error.message, expected) != NULL, "%s: %s", text, error.message);
	ck_assert_ptr_null(strstr(error.message, SECRET));
	ck_assert_uint_eq(file.section_count, 0);
	ck_assert_ptr_null(file.sections);
}

static void
refuse_text(const char *text, size_t line, const char *expected)
{
	refuse_bytes(text, strlen(text), line, expected);
}

/* The value of the one key of the one section. */
static void
assert_value(const char *line, const char *expected)
{
	char		text[256];

	snprintf(text, sizeof(text), "[s]\n%s", line);
	accept_text(text);
	ck_assert_uint_eq(file.section_count, 1);
	ck_assert_uint_eq(file.sections[0].entry_count, 1);
	ck_assert_str_eq(file.sections[0].entries[0].key, "k");
	ck_assert_str_eq(file.sections[0].entries[0].value, expected);
}

START_TEST(ini_reads_nothing_from_nothing)
{
	accept_text("");
	ck_assert_uint_eq(file.section_count, 0);
}

END_TEST

START_TEST(ini_reads_sections_and_keys_with_their_lines)
{
	accept_text("[postgres]\ndsn = host=/run dbname=a\n\n[target api]\nurl=redis://h\nprefix = x\n");
	ck_assert_uint_eq(file.section_count, 2);
	ck_assert_str_eq(file.sections[0].kind, "postgres");
	ck_assert_ptr_null(file.sections[0].name);
	ck_assert_uint_eq(file.sections[0].line, 1);
	ck_assert_str_eq(file.sections[0].entries[0].key, "dsn");
	ck_assert_str_eq(file.sections[0].entries[0].value, "host=/run dbname=a");
	ck_assert_uint_eq(file.sections[0].entries[0].line, 2);
	ck_assert_str_eq(file.sections[1].kind, "target");
	ck_assert_str_eq(file.sections[1].name, "api");
	ck_assert_uint_eq(file.sections[1].line, 4);
	ck_assert_uint_eq(file.sections[1].entry_count, 2);
	ck_assert_uint_eq(file.sections[1].entries[1].line, 6);
}

END_TEST

START_TEST(ini_takes_a_last_line_without_a_newline)
{
	assert_value("k = v", "v");
}

END_TEST

START_TEST(ini_drops_blanks_around_everything)
{
	accept_text("  [ \t target \t api ]  \n \t k \t = \t v \t \n");
	ck_assert_str_eq(file.sections[0].kind, "target");
	ck_assert_str_eq(file.sections[0].name, "api");
	ck_assert_str_eq(file.sections[0].entries[0].key, "k");
	ck_assert_str_eq(file.sections[0].entries[0].value, "v");
}

END_TEST

START_TEST(ini_takes_lines_that_end_in_crlf)
{
	accept_text("[s]\r\n\r\n# c\r\nk = v\r\nl = \"w\"\r\n");
	ck_assert_str_eq(file.sections[0].entries[0].value, "v");
	ck_assert_str_eq(file.sections[0].entries[1].value, "w");
}

END_TEST

START_TEST(ini_skips_comment_lines)
{
	accept_text("# a\n; b\n\t # c\n[s]\n#k = v\n;k = v\n");
	ck_assert_uint_eq(file.section_count, 1);
	ck_assert_uint_eq(file.sections[0].entry_count, 0);
}

END_TEST

START_TEST(ini_keeps_comment_marks_inside_a_word)
{
	assert_value("k = shop:;x#y", "shop:;x#y");
	assert_value("k = a;b c#d;", "a;b c#d;");
}

END_TEST

START_TEST(ini_keeps_comment_marks_in_quotes)
{
	assert_value("k = \"a ; b # c\"", "a ; b # c");
	assert_value("k = \"; x\"", "; x");
}

END_TEST

START_TEST(ini_refuses_what_looks_like_a_comment_behind_a_value)
{
	refuse_text("[s]\nk = " SECRET " ; shop\n", 2, "a comment has a line of its own; quotes");
	refuse_text("[s]\nk = " SECRET "\t# shop\n", 2, "a comment has a line of its own");
	refuse_text("[s]\nk = " SECRET "; shop\n", 2, "a comment has a line of its own");
	refuse_text("[s]\n\nk = ; shop\n", 3, "a comment has a line of its own");
	refuse_text("[s]\nk = #\n", 2, "a comment has a line of its own");
	refuse_text("[s]\nk = \"" SECRET "\" ; shop\n", 2, "a comment has a line of its own");
}

END_TEST

START_TEST(ini_skips_a_byte_order_mark_at_the_begin)
{
	accept_text("\xEF\xBB\xBF[s]\nk = v\n");
	ck_assert_str_eq(file.sections[0].kind, "s");
	ck_assert_uint_eq(file.sections[0].line, 1);
	accept_text("\xEF\xBB\xBF# comment\r\n[s]\r\n");
	accept_text("\xEF\xBB\xBF");
	refuse_text("[s]\n\xEF\xBB\xBFk = v\n", 2, "expected a key");
	refuse_text("\xEF\xBB[s]\n", 1, "expected key = value");
}

END_TEST

START_TEST(ini_keeps_equals_signs_and_inner_quotes_in_a_value)
{
	assert_value("k = a=b 'c d' \"e\"", "a=b 'c d' \"e\"");
}

END_TEST

START_TEST(ini_keeps_backslashes_outside_quotes)
{
	assert_value("k = a\\b", "a\\b");
}

END_TEST

START_TEST(ini_takes_an_empty_value)
{
	assert_value("k =", "");
	assert_value("k = \"\"", "");
}

END_TEST

START_TEST(ini_keeps_blanks_and_comment_marks_inside_quotes)
{
	assert_value("k = \"  a ; b  \"  ", "  a ; b  ");
}

END_TEST

START_TEST(ini_knows_two_escapes_inside_quotes)
{
	assert_value("k = \"a\\\"b\\\\c\"", "a\"b\\c");
}

END_TEST

START_TEST(ini_keeps_bytes_beyond_ascii)
{
	assert_value("k = \xc3\xbc\xff", "\xc3\xbc\xff");
}

END_TEST

START_TEST(ini_takes_lines_of_any_length)
{
	size_t		value_bytes = 1000000;
	char	   *text = malloc(value_bytes + 16);

	ck_assert_ptr_nonnull(text);
	memcpy(text, "[s]\nk=", 6);
	memset(text + 6, 'a', value_bytes);
	accept_bytes(text, value_bytes + 6);
	ck_assert_uint_eq(strlen(file.sections[0].entries[0].value), value_bytes);
	free(text);
}

END_TEST

START_TEST(ini_takes_the_same_key_in_another_section)
{
	accept_text("[a]\nk = 1\n[b]\nk = 2\n[b x]\nk = 3\n[b y]\nk = 4\n");
	ck_assert_uint_eq(file.section_count, 4);
}

END_TEST

START_TEST(ini_refuses_a_section_given_twice)
{
	refuse_text("[a]\n\n[a]\n", 3, "line 1");
	refuse_text("[a x]\n[a]\n[a  x]\n", 3, "line 1");
}

END_TEST

START_TEST(ini_refuses_a_key_given_twice)
{
	refuse_text("[a]\nk = " SECRET "\nk = " SECRET "2\n", 3, "\"k\" stands in line 2");
}

END_TEST

START_TEST(ini_refuses_broken_section_lines)
{
	static const char *const lines[] = {
		"[", "[]", "[ ]", "[a", "[a] b", "[A]", "[1a]", "[a b c]", "[a b\"]", "[a [b]", "[a-b]",
		"[a b\xc3\xbc]"
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		refuse_text(lines[i], 1, "[kind name]");
}

END_TEST

START_TEST(ini_refuses_a_line_without_an_equals_sign)
{
	refuse_text("[a]\npassword " SECRET, 2, "key = value");
}

END_TEST

START_TEST(ini_refuses_what_is_no_key)
{
	static const char *const lines[] = {
		"[a]\n= v", "[a]\n1k = v", "[a]\nk-l = v", "[a]\nk l = v", "[a]\n" SECRET "! = v",
		"[a]\n_k = v", "[a]\nK = v"
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		refuse_text(lines[i], 2, "expected a key");
}

END_TEST

START_TEST(ini_refuses_a_key_before_the_first_section)
{
	refuse_text("k = " SECRET "\n", 1, "[section]");
}

END_TEST

START_TEST(ini_refuses_an_unclosed_quote)
{
	refuse_text("[a]\nk = \"" SECRET "\n", 2, "closing quote");
	refuse_text("[a]\nk = \"\n", 2, "closing quote");
	refuse_text("[a]\nk = \"" SECRET "\\\"\n", 2, "closing quote");
}

END_TEST

START_TEST(ini_refuses_text_after_the_closing_quote)
{
	refuse_text("[a]\nk = \"" SECRET "\" # c\n", 2, "after the closing quote");
}

END_TEST

START_TEST(ini_refuses_other_escapes)
{
	refuse_text("[a]\nk = \"" SECRET "\\n\"\n", 2, "after a backslash");
	refuse_text("[a]\nk = \"" SECRET "\\", 2, "after a backslash");
}

END_TEST

START_TEST(ini_refuses_a_zero_byte_anywhere)
{
	refuse_bytes("[a]\nk = a\0b\n", 12, 2, "zero byte");
	refuse_bytes("[a]\n# a\0b\n", 10, 2, "zero byte");
	refuse_bytes("\0", 1, 1, "zero byte");
}

END_TEST

START_TEST(ini_shows_only_the_start_of_a_very_long_key)
{
	char		text[512] = "[a]\n";
	char		key[201];

	memset(key, 'k', 200);
	key[200] = '\0';
	snprintf(text, sizeof(text), "[a]\n%s=1\n%s=2\n", key, key);
	refuse_text(text, 3, "line 2 already");
}

END_TEST

START_TEST(ini_reset_leaves_storage_that_may_be_reset_again)
{
	accept_text("[a]\nk = v\n");
	ini_reset(&file);
	ck_assert_uint_eq(file.section_count, 0);
	ini_reset(&file);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("ini");
	TCase	   *tests = tcase_create("ini");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, clear, reset);
	tcase_add_test(tests, ini_reads_nothing_from_nothing);
	tcase_add_test(tests, ini_reads_sections_and_keys_with_their_lines);
	tcase_add_test(tests, ini_takes_a_last_line_without_a_newline);
	tcase_add_test(tests, ini_drops_blanks_around_everything);
	tcase_add_test(tests, ini_takes_lines_that_end_in_crlf);
	tcase_add_test(tests, ini_skips_comment_lines);
	tcase_add_test(tests, ini_keeps_comment_marks_inside_a_word);
	tcase_add_test(tests, ini_keeps_comment_marks_in_quotes);
	tcase_add_test(tests, ini_refuses_what_looks_like_a_comment_behind_a_value);
	tcase_add_test(tests, ini_skips_a_byte_order_mark_at_the_begin);
	tcase_add_test(tests, ini_keeps_equals_signs_and_inner_quotes_in_a_value);
	tcase_add_test(tests, ini_keeps_backslashes_outside_quotes);
	tcase_add_test(tests, ini_takes_an_empty_value);
	tcase_add_test(tests, ini_keeps_blanks_and_comment_marks_inside_quotes);
	tcase_add_test(tests, ini_knows_two_escapes_inside_quotes);
	tcase_add_test(tests, ini_keeps_bytes_beyond_ascii);
	tcase_add_test(tests, ini_takes_lines_of_any_length);
	tcase_add_test(tests, ini_takes_the_same_key_in_another_section);
	tcase_add_test(tests, ini_refuses_a_section_given_twice);
	tcase_add_test(tests, ini_refuses_a_key_given_twice);
	tcase_add_test(tests, ini_refuses_broken_section_lines);
	tcase_add_test(tests, ini_refuses_a_line_without_an_equals_sign);
	tcase_add_test(tests, ini_refuses_what_is_no_key);
	tcase_add_test(tests, ini_refuses_a_key_before_the_first_section);
	tcase_add_test(tests, ini_refuses_an_unclosed_quote);
	tcase_add_test(tests, ini_refuses_text_after_the_closing_quote);
	tcase_add_test(tests, ini_refuses_other_escapes);
	tcase_add_test(tests, ini_refuses_a_zero_byte_anywhere);
	tcase_add_test(tests, ini_shows_only_the_start_of_a_very_long_key);
	tcase_add_test(tests, ini_reset_leaves_storage_that_may_be_reset_again);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
