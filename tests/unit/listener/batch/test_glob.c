/*-------------------------------------------------------------------------
 *
 * test_glob.c
 *	  Unit tests of listener/src/batch/glob.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "batch/glob.h"

static bool
matches(const char *pattern, const char *text)
{
	return glob_match(pattern, strlen(pattern), text, strlen(text));
}

/* What glob_literal_prefix says, as text; "=" in front of a whole literal. */
static void
check_prefix(const char *pattern, const char *expected)
{
	char		literal[64] = "=";
	size_t		count;
	bool		is_whole = glob_literal_prefix(pattern, strlen(pattern),
											   literal + 1, &count);

	literal[1 + count] = '\0';
	ck_assert_str_eq(is_whole ? literal : literal + 1, expected);
}

START_TEST(glob_literal_matches_only_itself)
{
	ck_assert(matches("abc", "abc"));
	ck_assert(matches("", ""));
	ck_assert(!matches("abc", "ab"));
	ck_assert(!matches("abc", "abcd"));
	ck_assert(!matches("abc", "abd"));
	ck_assert(!matches("", "a"));
	ck_assert(!matches("a", ""));
}

END_TEST

START_TEST(glob_question_mark_matches_exactly_one_byte)
{
	ck_assert(matches("h?llo", "hello"));
	ck_assert(matches("h?llo", "h?llo"));
	ck_assert(!matches("h?llo", "hllo"));
	ck_assert(!matches("h?llo", "heello"));
	ck_assert(!matches("?", ""));
}

END_TEST

START_TEST(glob_star_matches_any_bytes_and_none)
{
	ck_assert(matches("h*llo", "hllo"));
	ck_assert(matches("h*llo", "heeeello"));
	ck_assert(matches("*", "anything"));
	ck_assert(matches("*", ""));
	ck_assert(matches("**", "x"));
	ck_assert(matches("a*", "a"));
	ck_assert(matches("*a", "a"));
	ck_assert(matches("*a*", "bab"));
	ck_assert(!matches("h*llo", "hell"));
	ck_assert(!matches("a*", "ba"));
	ck_assert(!matches("*a", "ab"));
}

END_TEST

START_TEST(glob_star_tries_every_length)
{
	ck_assert(matches("*ab*ab*", "xabyabz"));
	ck_assert(matches("a*b*c", "aXbXbXc"));
	ck_assert(matches("*aab", "aaab"));
	ck_assert(!matches("*ab*ab*", "xabyaz"));
	ck_assert(!matches("a*b*c", "aXbXbX"));
}

END_TEST

START_TEST(glob_class_matches_one_of_its_bytes)
{
	ck_assert(matches("h[ae]llo", "hello"));
	ck_assert(matches("h[ae]llo", "hallo"));
	ck_assert(!matches("h[ae]llo", "hillo"));
	ck_assert(!matches("h[ae]llo", "hllo"));
}

END_TEST

START_TEST(glob_negated_class_matches_any_other_byte)
{
	ck_assert(matches("h[^e]llo", "hallo"));
	ck_assert(matches("[^]", "x"));
	ck_assert(!matches("h[^e]llo", "hello"));
	ck_assert(!matches("h[^e]llo", "hllo"));
}

END_TEST

START_TEST(glob_caret_is_literal_unless_first)
{
	ck_assert(matches("[a^]", "^"));
	ck_assert(matches("[a^]", "a"));
	ck_assert(!matches("[a^]", "b"));
}

END_TEST

START_TEST(glob_range_includes_both_ends)
{
	ck_assert(matches("h[a-c]llo", "hallo"));
	ck_assert(matches("h[a-c]llo", "hcllo"));
	ck_assert(matches("[a-cx-z]", "y"));
	ck_assert(!matches("h[a-c]llo", "hdllo"));
	ck_assert(!matches("[a-cx-z]", "m"));
}

END_TEST

START_TEST(glob_range_may_be_written_backwards)
{
	ck_assert(matches("[c-a]", "b"));
	ck_assert(!matches("[c-a]", "d"));
}

END_TEST

START_TEST(glob_range_takes_a_bracket_as_its_end)
{
	ck_assert(matches("[a-]]", "^"));
	ck_assert(!matches("[a-]]", "-"));
}

END_TEST

START_TEST(glob_dash_at_the_end_of_an_unclosed_class_is_literal)
{
	ck_assert(matches("[a-", "-"));
	ck_assert(matches("[a-", "a"));
	ck_assert(!matches("[a-", "b"));
}

END_TEST

START_TEST(glob_backslash_takes_the_next_byte_literally)
{
	ck_assert(matches("h\\?llo", "h?llo"));
	ck_assert(matches("\\*", "*"));
	ck_assert(matches("\\a", "a"));
	ck_assert(matches("\\\\", "\\"));
	ck_assert(matches("\\[a]", "[a]"));
	ck_assert(!matches("h\\?llo", "hello"));
	ck_assert(!matches("\\*", "x"));
}

END_TEST

START_TEST(glob_backslash_at_the_end_is_literal)
{
	ck_assert(matches("a\\", "a\\"));
	ck_assert(!matches("a\\", "a"));
}

END_TEST

START_TEST(glob_backslash_works_inside_a_class)
{
	ck_assert(matches("[\\]]", "]"));
	ck_assert(matches("[\\-a]", "-"));
	ck_assert(matches("[a\\^]", "^"));
	ck_assert(!matches("[\\]]", "\\"));
}

END_TEST

START_TEST(glob_unclosed_class_ends_with_the_pattern)
{
	ck_assert(matches("[abc", "b"));
	ck_assert(matches("x[abc", "xc"));
	ck_assert(!matches("[abc", "d"));
	ck_assert(!matches("[abc", "bc"));
}

END_TEST

START_TEST(glob_empty_class_matches_nothing)
{
	ck_assert(!matches("[]", "a"));
	ck_assert(!matches("[]", ""));
	ck_assert(!matches("[]a]", "a"));
}

END_TEST

START_TEST(glob_matches_zero_bytes_and_high_bytes)
{
	ck_assert(glob_match("a?b*", 4, "a\0b\0\xff", 5));
	ck_assert(glob_match("[\x80-\xff]", 5, "\xc3", 1));
	ck_assert(!glob_match("[\x80-\xff]", 5, "a", 1));
}

END_TEST

START_TEST(glob_takes_no_exponential_time_for_many_stars)
{
	char		pattern[201];
	char		text[10000];

	for (size_t i = 0; i < 200; i += 2)
		memcpy(pattern + i, "a*", 2);
	pattern[200] = 'b';
	memset(text, 'a', sizeof(text));
	ck_assert(!glob_match(pattern, sizeof(pattern), text, sizeof(text)));
}

END_TEST

START_TEST(glob_escape_makes_a_pattern_for_exactly_the_literal)
{
	static const char literal[] = "a*b?c[d]e\\f^-";
	char		pattern[2 * sizeof(literal)];
	size_t		count = glob_escape(literal, strlen(literal), pattern);

	ck_assert(glob_match(pattern, count, literal, strlen(literal)));
	ck_assert(!glob_match(pattern, count, "axb?c[d]e\\f^-", strlen(literal)));
	ck_assert_uint_eq(count, strlen(literal) + 4);
}

END_TEST

START_TEST(glob_literal_prefix_stops_at_the_first_wildcard)
{
	check_prefix("abc*", "abc");
	check_prefix("abc?d", "abc");
	check_prefix("abc[d]", "abc");
	check_prefix("*", "");
}

END_TEST

START_TEST(glob_literal_prefix_drops_backslashes)
{
	check_prefix("a\\*b*", "a*b");
	check_prefix("a\\\\*", "a\\");
}

END_TEST

START_TEST(glob_literal_prefix_knows_a_pattern_without_wildcards)
{
	check_prefix("abc", "=abc");
	check_prefix("a\\*", "=a*");
	check_prefix("a\\", "=a\\");
	check_prefix("", "=");
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("glob");
	TCase	   *tests = tcase_create("glob");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, glob_literal_matches_only_itself);
	tcase_add_test(tests, glob_question_mark_matches_exactly_one_byte);
	tcase_add_test(tests, glob_star_matches_any_bytes_and_none);
	tcase_add_test(tests, glob_star_tries_every_length);
	tcase_add_test(tests, glob_class_matches_one_of_its_bytes);
	tcase_add_test(tests, glob_negated_class_matches_any_other_byte);
	tcase_add_test(tests, glob_caret_is_literal_unless_first);
	tcase_add_test(tests, glob_range_includes_both_ends);
	tcase_add_test(tests, glob_range_may_be_written_backwards);
	tcase_add_test(tests, glob_range_takes_a_bracket_as_its_end);
	tcase_add_test(tests, glob_dash_at_the_end_of_an_unclosed_class_is_literal);
	tcase_add_test(tests, glob_backslash_takes_the_next_byte_literally);
	tcase_add_test(tests, glob_backslash_at_the_end_is_literal);
	tcase_add_test(tests, glob_backslash_works_inside_a_class);
	tcase_add_test(tests, glob_unclosed_class_ends_with_the_pattern);
	tcase_add_test(tests, glob_empty_class_matches_nothing);
	tcase_add_test(tests, glob_matches_zero_bytes_and_high_bytes);
	tcase_add_test(tests, glob_takes_no_exponential_time_for_many_stars);
	tcase_add_test(tests, glob_escape_makes_a_pattern_for_exactly_the_literal);
	tcase_add_test(tests, glob_literal_prefix_stops_at_the_first_wildcard);
	tcase_add_test(tests, glob_literal_prefix_drops_backslashes);
	tcase_add_test(tests, glob_literal_prefix_knows_a_pattern_without_wildcards);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
