/*-------------------------------------------------------------------------
 *
 * test_keyset.c
 *	  Unit tests of listener/src/batch/keyset.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch/keyset.h"

static void
add(KeySet *set, const char *key)
{
	ck_assert(keyset_add(set, NULL, 0, key, strlen(key)));
}

START_TEST(keyset_encodes_keys_as_command_arguments)
{
	KeySet		set;
	KeySlice	slice;
	size_t		position = 0;

	keyset_init(&set, 1);
	add(&set, "a");
	add(&set, "hello world");
	ck_assert(keyset_next_slice(&set, &position, 100, &slice));
	ck_assert_uint_eq(slice.key_count, 2);
	ck_assert_uint_eq(slice.byte_count, 25);
	ck_assert_mem_eq(slice.bytes, "$1\r\na\r\n$11\r\nhello world\r\n", 25);
	ck_assert(!keyset_next_slice(&set, &position, 100, &slice));
	keyset_free(&set);
}

END_TEST

START_TEST(keyset_drops_duplicates)
{
	KeySet		set;

	keyset_init(&set, 1);
	add(&set, "a");
	add(&set, "b");
	add(&set, "a");
	ck_assert_uint_eq(set.key_count, 2);
	keyset_free(&set);
}

END_TEST

START_TEST(keyset_puts_the_prefix_in_front)
{
	KeySet		set;
	size_t		position = 0;
	const char *key;
	size_t		key_bytes;

	keyset_init(&set, 1);
	ck_assert(keyset_add(&set, "p:", 2, "k", 1));
	add(&set, "p:k");
	ck_assert_uint_eq(set.key_count, 1);
	ck_assert(keyset_next(&set, &position, &key, &key_bytes));
	ck_assert_uint_eq(key_bytes, 3);
	ck_assert_mem_eq(key, "p:k", 3);
	keyset_free(&set);
}

END_TEST

START_TEST(keyset_takes_empty_keys_and_any_bytes)
{
	static const char binary[] = "\r\n$1\r\na\0b";
	KeySet		set;
	size_t		position = 0;
	const char *key;
	size_t		key_bytes;

	keyset_init(&set, 1);
	add(&set, "");
	ck_assert(keyset_add(&set, NULL, 0, binary, sizeof(binary)));
	ck_assert(keyset_next(&set, &position, &key, &key_bytes));
	ck_assert_uint_eq(key_bytes, 0);
	ck_assert(keyset_next(&set, &position, &key, &key_bytes));
	ck_assert_uint_eq(key_bytes, sizeof(binary));
	ck_assert_mem_eq(key, binary, sizeof(binary));
	ck_assert(!keyset_next(&set, &position, &key, &key_bytes));
	keyset_free(&set);
}

END_TEST

START_TEST(keyset_holds_many_keys_each_once)
{
	KeySet		set;
	KeySlice	slice;
	size_t		position = 0;
	size_t		key_count = 0;
	size_t		slice_count = 0;

	keyset_init(&set, 7);
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 50000; i++)
		{
			char		key[16];

			(void) snprintf(key, sizeof(key), "key:%d", i);
			add(&set, key);
		}
	ck_assert_uint_eq(set.key_count, 50000);
	while (keyset_next_slice(&set, &position, 100, &slice))
	{
		slice_count++;
		key_count += slice.key_count;
	}
	ck_assert_uint_eq(key_count, 50000);
	ck_assert_uint_eq(slice_count, 500);
	keyset_free(&set);
}

END_TEST

START_TEST(keyset_is_empty_after_a_reset)
{
	KeySet		set;
	size_t		position = 0;
	KeySlice	slice;

	keyset_init(&set, 1);
	add(&set, "a");
	keyset_reset(&set);
	ck_assert_uint_eq(set.key_count, 0);
	ck_assert(!keyset_next_slice(&set, &position, 1, &slice));
	add(&set, "a");
	ck_assert_uint_eq(set.key_count, 1);
	keyset_free(&set);
}

END_TEST

START_TEST(keyset_keeps_its_memory_for_batches_of_a_size)
{
	KeySet		set;
	const char *bytes;

	keyset_init(&set, 1);
	add(&set, "a");
	bytes = set.bytes;
	keyset_reset(&set);
	add(&set, "b");
	ck_assert_ptr_eq(set.bytes, bytes);
	keyset_free(&set);
}

END_TEST

START_TEST(keyset_gives_back_what_an_unusual_batch_needed)
{
	KeySet		set;
	size_t		big_bytes = 4 * 1024 * 1024;
	char	   *big = calloc(1, big_bytes);

	ck_assert_ptr_nonnull(big);
	keyset_init(&set, 1);
	ck_assert(keyset_add(&set, NULL, 0, big, big_bytes));
	keyset_reset(&set);
	ck_assert_uint_eq(set.byte_capacity, 0);
	keyset_free(&set);
	free(big);
}

END_TEST

START_TEST(keyset_shrinks_its_table_after_many_keys)
{
	KeySet		set;

	keyset_init(&set, 1);
	for (int i = 0; i < 10000; i++)
	{
		char		key[16];

		(void) snprintf(key, sizeof(key), "%d", i);
		add(&set, key);
	}
	keyset_reset(&set);
	add(&set, "one");
	keyset_reset(&set);
	add(&set, "one");
	ck_assert_uint_le(set.slot_count, 1024);
	keyset_free(&set);
}

END_TEST

START_TEST(keyset_refuses_more_than_its_offsets_can_hold)
{
	KeySet		set;

	keyset_init(&set, 1);
	ck_assert(!keyset_add(&set, NULL, 0, "", UINT32_MAX));
	ck_assert(!keyset_add(&set, "", (size_t) UINT32_MAX - 1, "", (size_t) UINT32_MAX - 1));
	ck_assert_uint_eq(set.key_count, 0);
	keyset_free(&set);
}

END_TEST

START_TEST(keyset_merges_without_duplicates)
{
	KeySet		one;
	KeySet		other;

	keyset_init(&one, 1);
	keyset_init(&other, 2);
	add(&one, "a");
	add(&other, "a");
	add(&other, "b");
	ck_assert(keyset_merge(&one, &other));
	ck_assert_uint_eq(one.key_count, 2);
	ck_assert_uint_eq(other.key_count, 2);
	keyset_free(&one);
	keyset_free(&other);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("keyset");
	TCase	   *tests = tcase_create("keyset");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, keyset_encodes_keys_as_command_arguments);
	tcase_add_test(tests, keyset_drops_duplicates);
	tcase_add_test(tests, keyset_puts_the_prefix_in_front);
	tcase_add_test(tests, keyset_takes_empty_keys_and_any_bytes);
	tcase_add_test(tests, keyset_holds_many_keys_each_once);
	tcase_add_test(tests, keyset_is_empty_after_a_reset);
	tcase_add_test(tests, keyset_keeps_its_memory_for_batches_of_a_size);
	tcase_add_test(tests, keyset_gives_back_what_an_unusual_batch_needed);
	tcase_add_test(tests, keyset_shrinks_its_table_after_many_keys);
	tcase_add_test(tests, keyset_refuses_more_than_its_offsets_can_hold);
	tcase_add_test(tests, keyset_merges_without_duplicates);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
