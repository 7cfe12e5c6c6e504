/*-------------------------------------------------------------------------
 *
 * test_batch.c
 *	  Unit tests of listener/src/batch/batch.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "batch/batch.h"

/* The only string of a set. */
static void
check_only(const KeySet *set, const char *expected)
{
	size_t		position = 0;
	const char *key;
	size_t		key_bytes;

	ck_assert_uint_eq(set->key_count, 1);
	ck_assert(keyset_next(set, &position, &key, &key_bytes));
	ck_assert_uint_eq(key_bytes, strlen(expected));
	ck_assert_mem_eq(key, expected, key_bytes);
}

static void
init(Batch *batch, const char *prefix)
{
	ck_assert(batch_init(batch, prefix, strlen(prefix), 1));
}

START_TEST(batch_puts_the_prefix_in_front_of_a_key)
{
	Batch		batch;

	init(&batch, "shop:1:");
	ck_assert(batch_add_name(&batch, NAME_KEY, "invoice:7", 9));
	check_only(&batch.names.of[NAME_KEY], "shop:1:invoice:7");
	batch_free(&batch);
}

END_TEST

START_TEST(batch_takes_an_empty_key)
{
	Batch		batch;

	init(&batch, "");
	ck_assert(batch_add_name(&batch, NAME_KEY, "", 0));
	check_only(&batch.names.of[NAME_KEY], "");
	batch_free(&batch);
}

END_TEST

START_TEST(batch_does_not_read_a_key_as_a_pattern)
{
	Batch		batch;

	init(&batch, "");
	ck_assert(batch_add_name(&batch, NAME_KEY, "a\\*", 3));
	check_only(&batch.names.of[NAME_KEY], "a\\*");
	batch_free(&batch);
}

END_TEST

START_TEST(batch_drops_duplicate_keys)
{
	Batch		batch;

	init(&batch, "p");
	ck_assert(batch_add_name(&batch, NAME_KEY, "a", 1));
	ck_assert(batch_add_name(&batch, NAME_KEY, "a", 1));
	ck_assert_uint_eq(batch.names.of[NAME_KEY].key_count, 1);
	batch_free(&batch);
}

END_TEST

START_TEST(batch_keeps_patterns_apart_from_keys)
{
	Batch		batch;

	init(&batch, "");
	ck_assert(batch_add_name(&batch, NAME_KEY, "a*", 2));
	ck_assert(batch_add_pattern(&batch, NAME_KEY, "a*", 2));
	check_only(&batch.names.of[NAME_KEY], "a*");
	check_only(&batch.patterns.of[NAME_KEY], "a*");
	batch_free(&batch);
}

END_TEST

START_TEST(batch_escapes_the_prefix_in_front_of_a_pattern)
{
	Batch		batch;

	init(&batch, "a*[b]\\?");
	ck_assert(batch_add_pattern(&batch, NAME_KEY, "c*", 2));
	check_only(&batch.patterns.of[NAME_KEY], "a\\*\\[b]\\\\\\?c*");
	batch_free(&batch);
}

END_TEST

START_TEST(batch_does_not_escape_the_prefix_in_front_of_a_key)
{
	Batch		batch;

	init(&batch, "a*");
	ck_assert(batch_add_name(&batch, NAME_KEY, "c", 1));
	check_only(&batch.names.of[NAME_KEY], "a*c");
	batch_free(&batch);
}

END_TEST

START_TEST(batch_takes_a_pattern_without_wildcards_as_a_key)
{
	Batch		batch;

	init(&batch, "p*:");
	ck_assert(batch_add_pattern(&batch, NAME_KEY, "a\\*b", 4));
	ck_assert_uint_eq(batch.patterns.of[NAME_KEY].key_count, 0);
	check_only(&batch.names.of[NAME_KEY], "p*:a*b");
	batch_free(&batch);
}

END_TEST

START_TEST(batch_puts_the_prefix_and_its_length_in_front_of_an_image)
{
	Batch		batch;

	init(&batch, "1:*:");
	ck_assert(batch_add_name(&batch, NAME_CACHEOPS, "[\"t\",{}]", 8));
	check_only(&batch.names.of[NAME_CACHEOPS], "4:1:*:[\"t\",{}]");
	batch_free(&batch);
	init(&batch, "");
	ck_assert(batch_add_name(&batch, NAME_CACHEOPS, "[]", 2));
	check_only(&batch.names.of[NAME_CACHEOPS], "0:[]");
	batch_free(&batch);
}

END_TEST

START_TEST(batch_deletes_the_schemes_of_a_table_and_scans_for_its_sets)
{
	Batch		batch;

	init(&batch, "p*:");
	ck_assert(batch_add_cacheops_table(&batch, "a*b", 3));
	check_only(&batch.names.of[NAME_KEY], "p*:schemes:a*b");
	check_only(&batch.patterns.of[NAME_SET], "p\\*:conj:a\\*b:*");
	batch_free(&batch);
	init(&batch, "");
	ck_assert(batch_add_cacheops_table(&batch, "", 0));
	check_only(&batch.names.of[NAME_KEY], "schemes:");
	check_only(&batch.patterns.of[NAME_SET], "conj::*");
	batch_free(&batch);
}

END_TEST

START_TEST(batch_names_the_set_of_a_tag)
{
	Batch		batch;

	init(&batch, "shop:1:");
	ck_assert(batch_add_name(&batch, NAME_TAG, "customer:7*", 11));
	check_only(&batch.names.of[NAME_TAG], "shop:1:tag:customer:7*");
	ck_assert_uint_eq(name_sets_count(&batch.names), 1);
	batch_free(&batch);
}

END_TEST

START_TEST(batch_puts_the_prefix_in_front_of_a_version)
{
	Batch		batch;

	init(&batch, "shop:1:");
	ck_assert(batch_add_name(&batch, NAME_VERSION, "ver:7", 5));
	check_only(&batch.names.of[NAME_VERSION], "shop:1:ver:7");
	ck_assert_uint_eq(name_sets_count(&batch.names), 1);
	batch_free(&batch);
}

END_TEST

START_TEST(batch_keeps_the_kinds_of_one_name_apart)
{
	Batch		batch;

	init(&batch, "");
	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
	{
		ck_assert(batch_add_name(&batch, kind, "a", 1));
		ck_assert(batch_add_pattern(&batch, kind, "a*", 2));
	}
	check_only(&batch.names.of[NAME_KEY], "a");
	check_only(&batch.names.of[NAME_TAG], "tag:a");
	check_only(&batch.names.of[NAME_VERSION], "a");
	check_only(&batch.patterns.of[NAME_KEY], "a*");
	check_only(&batch.patterns.of[NAME_TAG], "tag:a*");
	check_only(&batch.patterns.of[NAME_VERSION], "a*");
	batch_free(&batch);
}

END_TEST

START_TEST(batch_escapes_the_prefix_in_front_of_patterns_of_every_kind)
{
	Batch		batch;

	init(&batch, "a?:");
	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
		ck_assert(batch_add_pattern(&batch, kind, "c*", 2));
	check_only(&batch.patterns.of[NAME_KEY], "a\\?:c*");
	check_only(&batch.patterns.of[NAME_TAG], "a\\?:tag:c*");
	check_only(&batch.patterns.of[NAME_VERSION], "a\\?:c*");
	batch_free(&batch);
}

END_TEST

START_TEST(batch_takes_patterns_without_wildcards_as_tags_and_versions)
{
	Batch		batch;

	init(&batch, "p*:");
	ck_assert(batch_add_pattern(&batch, NAME_TAG, "a\\*b", 4));
	ck_assert(batch_add_pattern(&batch, NAME_VERSION, "v\\?", 3));
	ck_assert_uint_eq(name_sets_count(&batch.patterns), 0);
	check_only(&batch.names.of[NAME_TAG], "p*:tag:a*b");
	check_only(&batch.names.of[NAME_VERSION], "p*:v?");
	batch_free(&batch);
}

END_TEST

START_TEST(batch_takes_an_empty_tag)
{
	Batch		batch;

	init(&batch, "");
	ck_assert(batch_add_name(&batch, NAME_TAG, "", 0));
	ck_assert(batch_add_pattern(&batch, NAME_TAG, "", 0));
	check_only(&batch.names.of[NAME_TAG], "tag:");
	batch_free(&batch);
}

END_TEST

START_TEST(batch_is_empty_after_a_reset_and_keeps_its_prefix)
{
	Batch		batch;

	init(&batch, "p:");
	ck_assert(batch_add_name(&batch, NAME_KEY, "a", 1));
	ck_assert(batch_add_pattern(&batch, NAME_TAG, "a*", 2));
	ck_assert(batch_add_name(&batch, NAME_VERSION, "a", 1));
	batch_reset(&batch);
	ck_assert_uint_eq(name_sets_count(&batch.names), 0);
	ck_assert_uint_eq(name_sets_count(&batch.patterns), 0);
	ck_assert(batch_add_name(&batch, NAME_KEY, "b", 1));
	check_only(&batch.names.of[NAME_KEY], "p:b");
	batch_free(&batch);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("batch");
	TCase	   *tests = tcase_create("batch");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, batch_puts_the_prefix_in_front_of_a_key);
	tcase_add_test(tests, batch_takes_an_empty_key);
	tcase_add_test(tests, batch_does_not_read_a_key_as_a_pattern);
	tcase_add_test(tests, batch_drops_duplicate_keys);
	tcase_add_test(tests, batch_keeps_patterns_apart_from_keys);
	tcase_add_test(tests, batch_escapes_the_prefix_in_front_of_a_pattern);
	tcase_add_test(tests, batch_does_not_escape_the_prefix_in_front_of_a_key);
	tcase_add_test(tests, batch_takes_a_pattern_without_wildcards_as_a_key);
	tcase_add_test(tests, batch_puts_the_prefix_and_its_length_in_front_of_an_image);
	tcase_add_test(tests, batch_deletes_the_schemes_of_a_table_and_scans_for_its_sets);
	tcase_add_test(tests, batch_names_the_set_of_a_tag);
	tcase_add_test(tests, batch_puts_the_prefix_in_front_of_a_version);
	tcase_add_test(tests, batch_keeps_the_kinds_of_one_name_apart);
	tcase_add_test(tests, batch_escapes_the_prefix_in_front_of_patterns_of_every_kind);
	tcase_add_test(tests, batch_takes_patterns_without_wildcards_as_tags_and_versions);
	tcase_add_test(tests, batch_takes_an_empty_tag);
	tcase_add_test(tests, batch_is_empty_after_a_reset_and_keeps_its_prefix);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
