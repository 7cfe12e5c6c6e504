/*-------------------------------------------------------------------------
 *
 * test_redis_slot.c
 *	  Unit tests of listener/src/redis/redis_slot.c.
 *
 * The specification's own examples; that a server computes the same is in the cluster's e2e test.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_slot.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned int
slot_of(const char *name)
{
	return redis_slot(name, strlen(name));
}

START_TEST(redis_slot_is_the_crc_of_the_name)
{
	ck_assert_uint_eq(slot_of("123456789"), 0x31c3);
	ck_assert_uint_eq(slot_of("foo"), 12182);
	ck_assert_uint_eq(slot_of("bar"), 5061);
	ck_assert_uint_eq(redis_slot(NULL, 0), 0);
}

END_TEST

START_TEST(redis_slot_takes_bytes_of_any_kind)
{
	ck_assert_uint_lt(redis_slot("\xff\x00\xfe", 3), REDIS_SLOT_COUNT);
	ck_assert_uint_ne(redis_slot("a\0b", 3), redis_slot("a\0c", 3));
	ck_assert_uint_ne(redis_slot("a\0b", 3), redis_slot("a", 1));
}

END_TEST

START_TEST(redis_slot_of_a_hash_tag_is_that_of_its_text)
{
	ck_assert_uint_eq(slot_of("{user1000}.following"), slot_of("user1000"));
	ck_assert_uint_eq(slot_of("{user1000}.followers"), slot_of("user1000"));
	ck_assert_uint_eq(slot_of("foo{bar}{zap}"), slot_of("bar"));
	ck_assert_uint_eq(slot_of("foo{{bar}}zap"), slot_of("{bar"));
	ck_assert_uint_eq(slot_of("}{bar}"), slot_of("bar"));
}

END_TEST

START_TEST(redis_slot_without_a_whole_hash_tag_is_that_of_all)
{
	ck_assert_uint_ne(slot_of("foo{}{bar}"), slot_of("bar"));
	ck_assert_uint_ne(slot_of("foo{bar"), slot_of("bar"));
	ck_assert_uint_ne(slot_of("foo}bar"), slot_of("bar"));
	ck_assert_uint_ne(slot_of("{}bar"), slot_of("bar"));
	ck_assert_uint_ne(slot_of("bar{"), slot_of("bar"));
}

END_TEST

/* The name with its suffix is in the same slot. */
static void
expect_suffix(const char *name, size_t name_bytes)
{
	char		longer[64];
	char		suffix[REDIS_SLOT_SUFFIX_BYTES];

	memcpy(longer, name, name_bytes);
	redis_slot_suffix(name, name_bytes, suffix);
	redis_slot_suffix(name, name_bytes, longer + name_bytes);
	ck_assert_mem_eq(longer + name_bytes, suffix, sizeof(suffix));
	ck_assert_mem_eq(suffix, ":uncache:", 9);
	ck_assert_ptr_null(memchr(suffix, '{', sizeof(suffix)));
	ck_assert_uint_eq(redis_slot(longer, name_bytes + sizeof(suffix)), redis_slot(name, name_bytes));
}

START_TEST(redis_slot_suffix_leaves_the_name_in_its_slot)
{
	char		name[32];

	expect_suffix("", 0);
	expect_suffix("{user}x", 7);
	expect_suffix("a{}b", 4);
	expect_suffix("}", 1);
	expect_suffix("{", 1);
	expect_suffix("a\0\xff", 3);
	for (int i = 0; i < 100000; i++)
		expect_suffix(name, (size_t) snprintf(name, sizeof(name), "tag:invoice:%d", i));
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_slot");
	TCase	   *tcase = tcase_create("redis_slot");
	SRunner    *runner;
	int			failed;

	tcase_add_test(tcase, redis_slot_is_the_crc_of_the_name);
	tcase_add_test(tcase, redis_slot_takes_bytes_of_any_kind);
	tcase_add_test(tcase, redis_slot_of_a_hash_tag_is_that_of_its_text);
	tcase_add_test(tcase, redis_slot_without_a_whole_hash_tag_is_that_of_all);
	tcase_add_test(tcase, redis_slot_suffix_leaves_the_name_in_its_slot);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
