/*-------------------------------------------------------------------------
 *
 * test_redis_counters.c
 *	  Unit tests of listener/src/redis/redis_counters.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "redis/redis_counters.h"

static RedisCounters counters;

static void
set_up(void)
{
	memset(&counters, 0, sizeof(counters));
}

static void
assert_class(RedisErrorClass class, RedisFailure failure, const char *text)
{
	ck_assert_msg(redis_counters_class(failure, text) == class, "%s is %s, not %s", text,
				  redis_class_names[redis_counters_class(failure, text)], redis_class_names[class]);
}

START_TEST(redis_counters_tell_errors_apart)
{
	assert_class(REDIS_CLASS_CONNECTION, REDIS_FAILURE_CONNECTION, "OOM is no reply here");
	assert_class(REDIS_CLASS_PASSWORD, REDIS_FAILURE_PASSWORD, "password_file: gone");
	assert_class(REDIS_CLASS_PROTOCOL, REDIS_FAILURE_PROTOCOL, "a reply without a pending command");
	assert_class(REDIS_CLASS_SENTINEL, REDIS_FAILURE_SENTINEL, REDIS_ERROR_SENTINEL_MOVED);
	assert_class(REDIS_CLASS_MEMORY, REDIS_FAILURE_REPLY, "OOM command not allowed when used memory > 'maxmemory'.");
	assert_class(REDIS_CLASS_READONLY, REDIS_FAILURE_REPLY, REDIS_ERROR_REPLICA);
	assert_class(REDIS_CLASS_LOADING, REDIS_FAILURE_REPLY, "LOADING Redis is loading the dataset in memory");
	assert_class(REDIS_CLASS_PASSWORD, REDIS_FAILURE_REPLY, "NOAUTH Authentication required.");
	assert_class(REDIS_CLASS_PASSWORD, REDIS_FAILURE_REPLY, "WRONGPASS invalid username-password pair");
	assert_class(REDIS_CLASS_PERMISSION, REDIS_FAILURE_REPLY, "NOPERM this user has no permissions to run the 'unlink' command");
	assert_class(REDIS_CLASS_CLUSTER, REDIS_FAILURE_REPLY, "MOVED 1 127.0.0.1:7000");
	assert_class(REDIS_CLASS_OTHER, REDIS_FAILURE_REPLY, "ERR something else");
	assert_class(REDIS_CLASS_OTHER, REDIS_FAILURE_REPLY, "");
}

END_TEST

START_TEST(redis_counters_have_a_name_for_each_class_and_command)
{
	for (size_t i = 0; i < REDIS_CLASS_COUNT; i++)
		ck_assert_ptr_nonnull(redis_class_names[i]);
	for (size_t i = 0; i < REDIS_COUNTED_COUNT; i++)
		ck_assert_ptr_nonnull(redis_counted_names[i]);
}

END_TEST

START_TEST(redis_counters_count_commands_by_what_they_are)
{
	static const RedisCommand commands[] = {
		{.type = REDIS_COMMAND_NAMES,.kind = NAME_KEY},
		{.type = REDIS_COMMAND_NAMES,.kind = NAME_STAGGERED},
		{.type = REDIS_COMMAND_NAMES,.kind = NAME_TAG},
		{.type = REDIS_COMMAND_SCAN},
		{.type = REDIS_COMMAND_HISTORY},
		{.type = REDIS_COMMAND_INFO},
		{.type = REDIS_COMMAND_CALL},
		{.type = REDIS_COMMAND_ABANDONED}
	};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		redis_counters_take_reply(&counters, &commands[i]);
	ck_assert_uint_eq(counters.commands[REDIS_COUNTED_UNLINK], 2);
	ck_assert_uint_eq(counters.commands[REDIS_COUNTED_SCRIPT], 1);
	ck_assert_uint_eq(counters.commands[REDIS_COUNTED_SCAN], 1);
	ck_assert_uint_eq(counters.commands[REDIS_COUNTED_INFO], 2);
	ck_assert_uint_eq(counters.commands[REDIS_COUNTED_CLUSTER], 1);
}

END_TEST

/* A server may say what it likes. */
START_TEST(redis_counters_count_keys_that_were_not_there)
{
	redis_counters_take_keys(&counters, 10, 3);
	redis_counters_take_keys(&counters, 2, 5);
	ck_assert_uint_eq(counters.keys_deleted, 5);
	ck_assert_uint_eq(counters.keys_missing, 7);
}

END_TEST

START_TEST(redis_counters_count_a_retry_only_of_work)
{
	redis_counters_take_failure(&counters, REDIS_FAILURE_REPLY, "OOM x", false);
	redis_counters_take_failure(&counters, REDIS_FAILURE_REPLY, "OOM x", true);
	ck_assert_uint_eq(counters.errors[REDIS_CLASS_MEMORY], 2);
	ck_assert_uint_eq(counters.retries, 1);
}

END_TEST

START_TEST(redis_counters_list_the_servers_that_tell)
{
	RedisInfo	infos[3] = {0};

	for (int i = 0; i < 3; i++)
		redis_counters_add_info(&counters, &infos[i]);
	redis_counters_remove_info(&counters, &infos[1]);
	redis_counters_remove_info(&counters, &infos[1]);
	ck_assert_ptr_eq(counters.infos, &infos[2]);
	ck_assert_ptr_eq(infos[2].next, &infos[0]);
	ck_assert_ptr_null(infos[0].next);
	redis_counters_remove_info(&counters, &infos[2]);
	redis_counters_remove_info(&counters, &infos[0]);
	ck_assert_ptr_null(counters.infos);
}

END_TEST

START_TEST(redis_counters_may_be_absent)
{
	static const RedisCommand command = {.type = REDIS_COMMAND_SCAN};
	RedisInfo	info = {0};

	redis_counters_take_reply(NULL, &command);
	redis_counters_take_keys(NULL, 1, 1);
	redis_counters_take_connection(NULL);
	redis_counters_take_slice(NULL, 1);
	redis_counters_take_failure(NULL, REDIS_FAILURE_REPLY, "x", true);
	redis_counters_add_info(NULL, &info);
	redis_counters_remove_info(NULL, &info);
}

END_TEST


int
main(void)
{
	Suite	   *suite = suite_create("redis_counters");
	TCase	   *tests = tcase_create("redis_counters");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, redis_counters_tell_errors_apart);
	tcase_add_test(tests, redis_counters_have_a_name_for_each_class_and_command);
	tcase_add_test(tests, redis_counters_count_commands_by_what_they_are);
	tcase_add_test(tests, redis_counters_count_keys_that_were_not_there);
	tcase_add_test(tests, redis_counters_count_a_retry_only_of_work);
	tcase_add_test(tests, redis_counters_list_the_servers_that_tell);
	tcase_add_test(tests, redis_counters_may_be_absent);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
