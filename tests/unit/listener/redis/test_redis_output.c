/*-------------------------------------------------------------------------
 *
 * test_redis_output.c
 *	  Unit tests of listener/src/redis/redis_output.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "redis/redis_output.h"

static void
check_unsent(const RedisOutput *output, const char *expected)
{
	ck_assert_uint_eq(redis_output_unsent_bytes(output), strlen(expected));
	ck_assert_mem_eq(output->bytes + output->start, expected, strlen(expected));
}

START_TEST(redis_output_writes_commands_as_arrays_of_bulk_strings)
{
	RedisOutput output;
	RedisArgument arguments[] = {redis_argument_text("SELECT"), redis_argument_text("15")};

	redis_output_init(&output);
	ck_assert(redis_output_append_command(&output, arguments, 2));
	check_unsent(&output, "*2\r\n$6\r\nSELECT\r\n$2\r\n15\r\n");
	redis_output_free(&output);
}

END_TEST

START_TEST(redis_output_writes_empty_arguments)
{
	RedisOutput output;
	RedisArgument arguments[] = {redis_argument_text("")};

	redis_output_init(&output);
	ck_assert(redis_output_append_command(&output, arguments, 1));
	check_unsent(&output, "*1\r\n$0\r\n\r\n");
	redis_output_free(&output);
}

END_TEST

START_TEST(redis_output_goes_on_behind_what_was_sent)
{
	RedisOutput output;

	redis_output_init(&output);
	ck_assert(redis_output_append(&output, "hello", 5));
	redis_output_consume(&output, 2);
	check_unsent(&output, "llo");
	ck_assert(redis_output_append(&output, " you", 4));
	check_unsent(&output, "llo you");
	redis_output_free(&output);
}

END_TEST

START_TEST(redis_output_moves_instead_of_growing)
{
	RedisOutput output;
	static const char block[4000];

	redis_output_init(&output);
	ck_assert(redis_output_append(&output, block, sizeof(block)));
	redis_output_consume(&output, 3000);
	ck_assert(redis_output_append(&output, block, 2096));
	ck_assert_uint_eq(output.capacity, 4096);
	ck_assert_uint_eq(redis_output_unsent_bytes(&output), 3096);
	redis_output_free(&output);
}

END_TEST

START_TEST(redis_output_grows_for_a_large_argument)
{
	RedisOutput output;
	static const char block[100000];

	redis_output_init(&output);
	ck_assert(redis_output_append(&output, block, sizeof(block)));
	ck_assert_uint_eq(redis_output_unsent_bytes(&output), sizeof(block));
	redis_output_free(&output);
}

END_TEST

START_TEST(redis_output_gives_back_unusual_memory_once_sent)
{
	RedisOutput output;
	static const char block[5 * 1024 * 1024];

	redis_output_init(&output);
	ck_assert(redis_output_append(&output, block, sizeof(block)));
	redis_output_consume(&output, sizeof(block));
	ck_assert_uint_eq(output.capacity, 0);
	redis_output_free(&output);
}

END_TEST

START_TEST(redis_output_forgets_what_is_cleared)
{
	RedisOutput output;

	redis_output_init(&output);
	ck_assert(redis_output_append(&output, "hello", 5));
	redis_output_clear(&output);
	ck_assert_uint_eq(redis_output_unsent_bytes(&output), 0);
	redis_output_free(&output);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_output");
	TCase	   *tests = tcase_create("redis_output");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, redis_output_writes_commands_as_arrays_of_bulk_strings);
	tcase_add_test(tests, redis_output_writes_empty_arguments);
	tcase_add_test(tests, redis_output_goes_on_behind_what_was_sent);
	tcase_add_test(tests, redis_output_moves_instead_of_growing);
	tcase_add_test(tests, redis_output_grows_for_a_large_argument);
	tcase_add_test(tests, redis_output_gives_back_unusual_memory_once_sent);
	tcase_add_test(tests, redis_output_forgets_what_is_cleared);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
