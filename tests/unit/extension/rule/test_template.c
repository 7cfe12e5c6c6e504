/*-------------------------------------------------------------------------
 *
 * test_template.c
 *	  Unit tests of extension/src/rule/template.c.
 *
 *-------------------------------------------------------------------------
 */
#include "rule/template.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Reads a template into one line: its target, then each part as L<literal>,
 * I<identifier> or E<expression>, and for an error "!<byte offset>".
 */
static const char *
describe(const char *text)
{
	static char line[1024];
	TemplateReader reader;
	TemplatePart part;
	int			n;

	template_reader_init(&reader, text, strlen(text));
	n = snprintf(line, sizeof(line), "%.*s:", (int) reader.target_length, reader.target);
	while (template_next(&reader, &part) != TEMPLATE_END)
	{
		if (part.kind == TEMPLATE_INVALID)
		{
			snprintf(line + n, sizeof(line) - n, " !%zu", reader.error_offset);
			break;
		}
		n += snprintf(line + n, sizeof(line) - n, " %c<%.*s>",
					  part.kind == TEMPLATE_LITERAL ? 'L' :
					  part.kind == TEMPLATE_IDENTIFIER ? 'I' : 'E',
					  (int) part.length, part.text);
	}
	return line;
}

static const char *
reach(const char *text)
{
	static char line[1024];
	size_t		length;
	bool		is_pattern = template_reach(text, strlen(text), false, line + 1, &length);

	line[0] = is_pattern ? 'P' : 'K';
	line[1 + length] = '\0';
	return line;
}

START_TEST(template_splits_literals_and_columns)
{
	ck_assert_str_eq(describe("tax_rate:{country}:{region}"),
					 "default: L<tax_rate:> I<country> L<:> I<region>");
}

END_TEST

START_TEST(template_without_placeholders_is_one_literal)
{
	ck_assert_str_eq(describe("active_discounts"), "default: L<active_discounts>");
}

END_TEST

START_TEST(template_of_no_bytes_has_no_parts)
{
	ck_assert_str_eq(describe(""), "default:");
}

END_TEST

START_TEST(template_names_its_target_in_front_of_colon_slash_slash)
{
	ck_assert_str_eq(describe("api://x:{id}"), "api: L<x:> I<id>");
	ck_assert_str_eq(describe("a-b_c.1://x"), "a-b_c.1: L<x>");
}

END_TEST

START_TEST(template_takes_no_target_that_does_not_start_with_a_letter)
{
	ck_assert_str_eq(describe("1a://x"), "default: L<1a://x>");
	ck_assert_str_eq(describe("://x"), "default: L<://x>");
	ck_assert_str_eq(describe("a b://x"), "default: L<a b://x>");
}

END_TEST

START_TEST(template_refuses_a_target_of_more_than_48_bytes)
{
	char		text[64];

	memset(text, 'a', sizeof(text));
	memcpy(text + 48, "://x", 5);
	ck_assert_ptr_nonnull(strstr(describe(text), "L<x>"));
	memset(text, 'a', sizeof(text));
	memcpy(text + 49, "://x", 5);
	ck_assert_str_eq(describe(text), "default: !0");
}

END_TEST

START_TEST(template_reads_doubled_braces_as_literal_braces)
{
	ck_assert_str_eq(describe("a{{b}}c"), "default: L<a{> L<b}> L<c>");
	ck_assert_str_eq(describe("{{{tenant}}}:x"),
					 "default: L<{> I<tenant> L<}> L<:x>");
}

END_TEST

START_TEST(template_strips_spaces_around_an_expression)
{
	ck_assert_str_eq(describe("{ id }{\tlower(a)\n}"), "default: I<id> E<lower(a)>");
}

END_TEST

START_TEST(template_tells_identifiers_from_expressions)
{
	ck_assert_str_eq(describe("{_a1$}{\"A b\"}{\"a\"\"b\"}{\xc3\xa9}"),
					 "default: I<_a1$> I<\"A b\"> I<\"a\"\"b\"> I<\xc3\xa9>");
	ck_assert_str_eq(describe("{1}{a.b}{\"a\"||\"b\"}{a b}{\"\"}"),
					 "default: E<1> E<a.b> E<\"a\"||\"b\"> E<a b> E<\"\">");
}

END_TEST

START_TEST(template_ends_no_placeholder_inside_an_sql_string)
{
	ck_assert_str_eq(describe("{'}'||a}"), "default: E<'}'||a>");
	ck_assert_str_eq(describe("{'it''s }'||a}"), "default: E<'it''s }'||a>");
	ck_assert_str_eq(describe("{'\\'||a}x"), "default: E<'\\'||a> L<x>");
	ck_assert_str_eq(describe("{E'\\'}'||a}"), "default: E<E'\\'}'||a>");
	ck_assert_str_eq(describe("{fe'\\'}x"), "default: E<fe'\\'> L<x>");
}

END_TEST

START_TEST(template_ends_no_placeholder_inside_a_quoted_identifier)
{
	ck_assert_str_eq(describe("{\"a}b\"}"), "default: I<\"a}b\">");
}

END_TEST

START_TEST(template_ends_no_placeholder_inside_a_dollar_quote)
{
	ck_assert_str_eq(describe("{$$}$$}"), "default: E<$$}$$>");
	ck_assert_str_eq(describe("{$a$ }$$ $a$}"), "default: E<$a$ }$$ $a$>");
	ck_assert_str_eq(describe("{a$b}"), "default: I<a$b>");
	ck_assert_str_eq(describe("{$1}"), "default: E<$1>");
}

END_TEST

START_TEST(template_ends_no_placeholder_inside_a_comment)
{
	ck_assert_str_eq(describe("{a /* } /* } */ } */ + 1}"),
					 "default: E<a /* } /* } */ } */ + 1>");
	ck_assert_str_eq(describe("{a -- }\n+ 1}"), "default: E<a -- }\n+ 1>");
}

END_TEST

START_TEST(template_refuses_an_unclosed_placeholder)
{
	ck_assert_str_eq(describe("a:{id"), "default: L<a:> !2");
	ck_assert_str_eq(describe("{"), "default: !0");
	ck_assert_str_eq(describe("{'}"), "default: !0");
	ck_assert_str_eq(describe("{$$}"), "default: !0");
	ck_assert_str_eq(describe("{/*}"), "default: !0");
	ck_assert_str_eq(describe("{E'\\'}"), "default: !0");
	ck_assert_str_eq(describe("{a -- }"), "default: !0");
}

END_TEST

START_TEST(template_refuses_an_empty_placeholder)
{
	ck_assert_str_eq(describe("a{}"), "default: L<a> !1");
	ck_assert_str_eq(describe("{ }"), "default: !0");
}

END_TEST

START_TEST(template_refuses_a_single_closing_brace)
{
	ck_assert_str_eq(describe("a}b"), "default: !1");
}

END_TEST

START_TEST(template_repeats_its_answer_at_the_end_and_after_an_error)
{
	TemplateReader reader;
	TemplatePart part;

	template_reader_init(&reader, "a", 1);
	(void) template_next(&reader, &part);
	ck_assert_int_eq(template_next(&reader, &part), TEMPLATE_END);
	ck_assert_int_eq(template_next(&reader, &part), TEMPLATE_END);
	template_reader_init(&reader, "{", 1);
	ck_assert_int_eq(template_next(&reader, &part), TEMPLATE_INVALID);
	ck_assert_int_eq(template_next(&reader, &part), TEMPLATE_INVALID);
}

END_TEST

START_TEST(template_reads_no_byte_beyond_its_length)
{
	TemplateReader reader;
	TemplatePart part;

	template_reader_init(&reader, "{a}", 2);
	ck_assert_int_eq(template_next(&reader, &part), TEMPLATE_INVALID);
	template_reader_init(&reader, "api://", 5);
	ck_assert_uint_eq(reader.target_length, strlen(TEMPLATE_DEFAULT_TARGET));
}

END_TEST

START_TEST(template_reach_has_a_star_for_each_placeholder)
{
	ck_assert_str_eq(reach("invoice:{id}:{lower(x)}"), "Pinvoice:*:*");
	ck_assert_str_eq(reach("api://invoice:{id}"), "Pinvoice:*");
}

END_TEST

START_TEST(template_reach_joins_neighbouring_stars)
{
	ck_assert_str_eq(reach("{a}{b}c{d}"), "P*c*");
}

END_TEST

START_TEST(template_reach_escapes_glob_characters_of_a_pattern)
{
	ck_assert_str_eq(reach("a*?[b]\\{id}"), "Pa\\*\\?\\[b\\]\\\\*");
}

END_TEST

START_TEST(template_reach_leaves_a_key_as_it_is)
{
	ck_assert_str_eq(reach("a*[b]"), "Ka*[b]");
	ck_assert_str_eq(reach("a{{b}}"), "Ka{b}");
	ck_assert_str_eq(reach(""), "K");
}

END_TEST

START_TEST(template_reach_widens_from_an_error_on)
{
	ck_assert_str_eq(reach("invoice:{id"), "Pinvoice:*");
	ck_assert_str_eq(reach("a{x}{"), "Pa*");
	/* nothing of the literal that holds the error is known for certain */
	ck_assert_str_eq(reach("ab}cd"), "P*");
}

END_TEST

/* What a glob's template produces for whatever row; "!" in front if it splits. */
static const char *
reach_of_glob(const char *text)
{
	static char line[1024];
	size_t		length;

	line[0] = '!';
	ck_assert(template_reach(text, strlen(text), true, line + 1, &length));
	line[length + 1] = '\0';
	return template_splits_glob(text, strlen(text)) ? line : line + 1;
}

START_TEST(template_reach_leaves_a_globs_own_characters_wild)
{
	ck_assert_str_eq(reach_of_glob("a*b?[c-d]\\*"), "a*b?[c-d]\\*");
	ck_assert_str_eq(reach_of_glob("api://r:*"), "r:*");
	ck_assert_str_eq(reach_of_glob(""), "");
	ck_assert_str_eq(reach_of_glob("*"), "*");
	ck_assert_str_eq(reach_of_glob("{{{{*}}"), "{{*}");
}

END_TEST

START_TEST(template_reach_has_a_star_for_each_placeholder_of_a_glob)
{
	ck_assert_str_eq(reach_of_glob("{a}"), "*");
	ck_assert_str_eq(reach_of_glob("a:{b}{c}:*:{d}"), "a:*:*:*");
	ck_assert_str_eq(reach_of_glob("*{a}*"), "***");
	ck_assert_str_eq(reach_of_glob("[ab]{c}"), "[ab]*");
	ck_assert_str_eq(reach_of_glob("\\\\{c}"), "\\\\*");
	ck_assert_str_eq(reach_of_glob("\\[{c}]"), "\\[*]");
	ck_assert_str_eq(reach_of_glob("]{c}["), "]*[");
	ck_assert_str_eq(reach_of_glob("[\\]]{c}"), "[\\]]*");
	ck_assert_str_eq(reach_of_glob("[^]{c}"), "[^]*");
	ck_assert_str_eq(reach_of_glob("[]{c}"), "[]*");
	ck_assert_str_eq(reach_of_glob("[^-]{c}"), "[^-]*");
	ck_assert_str_eq(reach_of_glob("[a-z-]{c}"), "[a-z-]*");
	ck_assert_str_eq(reach_of_glob("[\\a-]{c}"), "[\\a-]*");
}

END_TEST

START_TEST(template_reach_widens_where_a_placeholder_splits_a_glob)
{
	ck_assert_str_eq(reach_of_glob("a[{b}]c"), "!a*");
	ck_assert_str_eq(reach_of_glob("a[^x{b}"), "!a*");
	ck_assert_str_eq(reach_of_glob("a[x\\]{b}]"), "!a*");
	ck_assert_str_eq(reach_of_glob("a[x\\{b}]"), "!a*");
	ck_assert_str_eq(reach_of_glob("a\\{b}"), "!a*");
	ck_assert_str_eq(reach_of_glob("a\\\\\\{b}c"), "!a\\\\*");
	ck_assert_str_eq(reach_of_glob("{a}[{b}]"), "!**");
	ck_assert_str_eq(reach_of_glob("[{b}]"), "!*");
	ck_assert_str_eq(reach_of_glob("a[{b"), "!a*");
	ck_assert_str_eq(reach_of_glob("a[x-]{b}]"), "!a*");
	ck_assert_str_eq(reach_of_glob("a[--]{b}"), "!a*");
	ck_assert_str_eq(reach_of_glob("a[x-\\{b}"), "!a*");
}

END_TEST

START_TEST(template_reach_minds_no_brackets_of_a_key)
{
	char		out[64];
	size_t		length;

	ck_assert(template_reach("a[{b}]\\{c}", 11, false, out, &length));
	out[length] = '\0';
	ck_assert_str_eq(out, "a\\[*\\]\\\\*");
}

END_TEST

START_TEST(template_tells_what_can_name_a_target)
{
	char		name[TEMPLATE_TARGET_MAX + 1];

	memset(name, 'a', sizeof(name));
	ck_assert(template_is_target("default", 7));
	ck_assert(template_is_target("A1_.-", 5));
	ck_assert(template_is_target(name, TEMPLATE_TARGET_MAX));
	ck_assert(!template_is_target(name, TEMPLATE_TARGET_MAX + 1));
	ck_assert(!template_is_target("", 0));
	ck_assert(!template_is_target("1a", 2));
	ck_assert(!template_is_target("a b", 3));
	ck_assert(!template_is_target("a\n", 2));
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("template");
	TCase	   *cases = tcase_create("template");
	SRunner    *runner = srunner_create(suite);
	int			failed;

	suite_add_tcase(suite, cases);
	tcase_add_test(cases, template_splits_literals_and_columns);
	tcase_add_test(cases, template_without_placeholders_is_one_literal);
	tcase_add_test(cases, template_of_no_bytes_has_no_parts);
	tcase_add_test(cases, template_names_its_target_in_front_of_colon_slash_slash);
	tcase_add_test(cases, template_takes_no_target_that_does_not_start_with_a_letter);
	tcase_add_test(cases, template_refuses_a_target_of_more_than_48_bytes);
	tcase_add_test(cases, template_reads_doubled_braces_as_literal_braces);
	tcase_add_test(cases, template_strips_spaces_around_an_expression);
	tcase_add_test(cases, template_tells_identifiers_from_expressions);
	tcase_add_test(cases, template_ends_no_placeholder_inside_an_sql_string);
	tcase_add_test(cases, template_ends_no_placeholder_inside_a_quoted_identifier);
	tcase_add_test(cases, template_ends_no_placeholder_inside_a_dollar_quote);
	tcase_add_test(cases, template_ends_no_placeholder_inside_a_comment);
	tcase_add_test(cases, template_refuses_an_unclosed_placeholder);
	tcase_add_test(cases, template_refuses_an_empty_placeholder);
	tcase_add_test(cases, template_refuses_a_single_closing_brace);
	tcase_add_test(cases, template_repeats_its_answer_at_the_end_and_after_an_error);
	tcase_add_test(cases, template_reads_no_byte_beyond_its_length);
	tcase_add_test(cases, template_reach_has_a_star_for_each_placeholder);
	tcase_add_test(cases, template_reach_joins_neighbouring_stars);
	tcase_add_test(cases, template_reach_escapes_glob_characters_of_a_pattern);
	tcase_add_test(cases, template_reach_leaves_a_key_as_it_is);
	tcase_add_test(cases, template_reach_widens_from_an_error_on);
	tcase_add_test(cases, template_reach_leaves_a_globs_own_characters_wild);
	tcase_add_test(cases, template_reach_has_a_star_for_each_placeholder_of_a_glob);
	tcase_add_test(cases, template_reach_widens_where_a_placeholder_splits_a_glob);
	tcase_add_test(cases, template_reach_minds_no_brackets_of_a_key);
	tcase_add_test(cases, template_tells_what_can_name_a_target);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
