/*-------------------------------------------------------------------------
 *
 * test_pattern_set.c
 *	  Unit tests of listener/src/batch/pattern_set.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch/glob.h"
#include "batch/pattern_set.h"

static PatternSet *
create(const char *const *patterns)
{
	NameSets	sets;
	PatternSet *compiled;

	name_sets_init(&sets, 1);
	for (; *patterns != NULL; patterns++)
		ck_assert(keyset_add(&sets.of[NAME_KEY], NULL, 0, *patterns, strlen(*patterns)));
	compiled = pattern_set_create(&sets);
	ck_assert_ptr_nonnull(compiled);
	name_sets_free(&sets);
	return compiled;
}

static bool
matches(const PatternSet *set, const char *key)
{
	return pattern_set_match(set, key, strlen(key)) != 0;
}

static void
check_cover(const char *const *patterns, const char *expected)
{
	PatternSet *set = create(patterns);
	size_t		cover_bytes;
	const char *cover = pattern_set_cover(set, &cover_bytes);

	if (expected == NULL)
		ck_assert_ptr_null(cover);
	else
	{
		ck_assert_uint_eq(cover_bytes, strlen(expected));
		ck_assert_mem_eq(cover, expected, cover_bytes);
	}
	pattern_set_destroy(set);
}

START_TEST(pattern_set_matches_what_one_of_its_patterns_matches)
{
	static const char *const patterns[] = {"a:1:*", "a:2:*", "b?", NULL};
	PatternSet *set = create(patterns);

	ck_assert(matches(set, "a:1:"));
	ck_assert(matches(set, "a:2:x"));
	ck_assert(matches(set, "bb"));
	ck_assert(!matches(set, "a:3:"));
	ck_assert(!matches(set, "a:1"));
	ck_assert(!matches(set, "b"));
	ck_assert(!matches(set, ""));
	pattern_set_destroy(set);
}

END_TEST

START_TEST(pattern_set_without_patterns_matches_nothing)
{
	static const char *const patterns[] = {NULL};
	PatternSet *set = create(patterns);

	ck_assert(!matches(set, ""));
	ck_assert(!matches(set, "a"));
	pattern_set_destroy(set);
}

END_TEST

START_TEST(pattern_set_tries_every_prefix_of_the_key)
{
	static const char *const patterns[] = {"*:z", "a*:y", "ab*:x", "abc*:w", "ac*", NULL};
	PatternSet *set = create(patterns);

	ck_assert(matches(set, "abc:z"));
	ck_assert(matches(set, "abc:y"));
	ck_assert(matches(set, "abc:x"));
	ck_assert(matches(set, "abc:w"));
	ck_assert(matches(set, "ac"));
	ck_assert(!matches(set, "abc:v"));
	ck_assert(!matches(set, "b:y"));
	pattern_set_destroy(set);
}

END_TEST

START_TEST(pattern_set_tries_all_patterns_of_one_prefix)
{
	static const char *const patterns[] = {"a*x", "a*y", "a*z", NULL};
	PatternSet *set = create(patterns);

	ck_assert(matches(set, "ax"));
	ck_assert(matches(set, "ay"));
	ck_assert(matches(set, "az"));
	ck_assert(!matches(set, "aw"));
	pattern_set_destroy(set);
}

END_TEST

START_TEST(pattern_set_finds_a_short_prefix_behind_longer_ones)
{
	static const char *const patterns[] = {"a*", "ab:1*", "ab:2*", "ab:3*", NULL};
	PatternSet *set = create(patterns);

	ck_assert(matches(set, "ab:4"));
	ck_assert(matches(set, "ab"));
	ck_assert(matches(set, "a"));
	ck_assert(!matches(set, "b"));
	pattern_set_destroy(set);
}

END_TEST

START_TEST(pattern_set_agrees_with_matching_one_by_one)
{
	static const char *const patterns[] = {
		"a*", "ab?c", "b[ab]*", "*c", "abc\\*", "ba", "c*a*", NULL
	};
	PatternSet *set = create(patterns);

	/* every text over "abc*" of up to 5 bytes */
	for (int length = 0; length <= 5; length++)
		for (int number = 0; number < 1 << (2 * length); number++)
		{
			char		text[6] = "";
			bool		expected = false;

			for (int i = 0; i < length; i++)
				text[i] = "abc*"[(number >> (2 * i)) & 3];
			for (int i = 0; patterns[i] != NULL; i++)
				expected |= glob_match(patterns[i], strlen(patterns[i]), text,
									   strlen(text));
			ck_assert_msg(matches(set, text) == expected, "%s", text);
		}
	pattern_set_destroy(set);
}

END_TEST

START_TEST(pattern_set_compares_a_key_with_few_of_many_patterns)
{
	NameSets	sets;
	PatternSet *set;

	name_sets_init(&sets, 1);
	for (int i = 0; i < 10000; i++)
	{
		char		pattern[32];

		(void) snprintf(pattern, sizeof(pattern), "product:%d:*", i);
		ck_assert(keyset_add(&sets.of[NAME_KEY], NULL, 0, pattern, strlen(pattern)));
	}
	set = pattern_set_create(&sets);
	ck_assert_ptr_nonnull(set);
	ck_assert_uint_eq(pattern_set_depth(set), 1);
	ck_assert(matches(set, "product:777:x"));
	ck_assert(!matches(set, "product:10000:x"));
	pattern_set_destroy(set);
	name_sets_free(&sets);
}

END_TEST

START_TEST(pattern_set_tells_every_kind_that_matches)
{
	static const char *const patterns[NAME_KIND_COUNT] = {
		[NAME_KEY] = "a*",[NAME_TAG] = "a*",[NAME_VERSION] = "ab?",[NAME_SET] = "b*"
	};
	const unsigned int key = NAME_KIND_BIT(NAME_KEY);
	const unsigned int tag = NAME_KIND_BIT(NAME_TAG);
	const unsigned int version = NAME_KIND_BIT(NAME_VERSION);
	const unsigned int set_bit = NAME_KIND_BIT(NAME_SET);
	NameSets	sets;
	PatternSet *set;
	size_t		cover_bytes;

	name_sets_init(&sets, 1);
	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
		if (patterns[kind] != NULL)
			ck_assert(keyset_add(&sets.of[kind], NULL, 0, patterns[kind],
								 strlen(patterns[kind])));
	ck_assert(keyset_add(&sets.of[NAME_TAG], NULL, 0, "abc", 3));
	set = pattern_set_create(&sets);
	ck_assert_ptr_nonnull(set);
	ck_assert_uint_eq(pattern_set_match(set, "a", 1), key | tag);
	ck_assert_uint_eq(pattern_set_match(set, "abc", 3), key | tag | version);
	ck_assert_uint_eq(pattern_set_match(set, "abcd", 4), key | tag);
	ck_assert_uint_eq(pattern_set_match(set, "b", 1), set_bit);
	ck_assert_uint_eq(pattern_set_match(set, "c", 1), 0);
	ck_assert_ptr_null(pattern_set_cover(set, &cover_bytes));
	pattern_set_destroy(set);
	name_sets_free(&sets);
}

END_TEST

START_TEST(pattern_set_covers_one_pattern_by_itself)
{
	static const char *const patterns_0[] = {"a*b", NULL};
	static const char *const patterns_1[] = {"a\\*b?", NULL};
	static const char *const patterns_2[] = {"*:b", NULL};

	check_cover(patterns_0, "a*b");
	check_cover(patterns_1, "a\\*b?");
	check_cover(patterns_2, "*:b");
}

END_TEST

START_TEST(pattern_set_covers_many_patterns_by_their_common_prefix)
{
	static const char *const patterns_0[] = {"ab1*", "ab2*", NULL};
	static const char *const patterns_1[] = {"a*", "ab*", NULL};

	check_cover(patterns_0, "ab*");
	check_cover(patterns_1, "a*");
}

END_TEST

START_TEST(pattern_set_escapes_the_common_prefix)
{
	static const char *const patterns_0[] = {"a\\*1*", "a\\*2*", NULL};

	check_cover(patterns_0, "a\\**");
}

END_TEST

START_TEST(pattern_set_has_no_cover_without_a_common_prefix)
{
	static const char *const patterns_0[] = {"a*", "b*", NULL};
	static const char *const patterns_1[] = {"*", "a*", NULL};

	check_cover(patterns_0, NULL);
	check_cover(patterns_1, NULL);
}

END_TEST

START_TEST(pattern_set_has_no_cover_for_all_keys)
{
	static const char *const patterns_0[] = {"*", NULL};
	static const char *const patterns_1[] = {"**", NULL};

	check_cover(patterns_0, NULL);
	check_cover(patterns_1, NULL);
}

END_TEST

START_TEST(pattern_set_does_not_send_many_stars_to_the_server)
{
	static const char *const patterns_0[] = {"a*b*c*d*e*f", NULL};

	check_cover(patterns_0, "a*");
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("pattern_set");
	TCase	   *tests = tcase_create("pattern_set");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, pattern_set_matches_what_one_of_its_patterns_matches);
	tcase_add_test(tests, pattern_set_without_patterns_matches_nothing);
	tcase_add_test(tests, pattern_set_tries_every_prefix_of_the_key);
	tcase_add_test(tests, pattern_set_tries_all_patterns_of_one_prefix);
	tcase_add_test(tests, pattern_set_finds_a_short_prefix_behind_longer_ones);
	tcase_add_test(tests, pattern_set_agrees_with_matching_one_by_one);
	tcase_add_test(tests, pattern_set_compares_a_key_with_few_of_many_patterns);
	tcase_add_test(tests, pattern_set_tells_every_kind_that_matches);
	tcase_add_test(tests, pattern_set_covers_one_pattern_by_itself);
	tcase_add_test(tests, pattern_set_covers_many_patterns_by_their_common_prefix);
	tcase_add_test(tests, pattern_set_escapes_the_common_prefix);
	tcase_add_test(tests, pattern_set_has_no_cover_without_a_common_prefix);
	tcase_add_test(tests, pattern_set_has_no_cover_for_all_keys);
	tcase_add_test(tests, pattern_set_does_not_send_many_stars_to_the_server);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
