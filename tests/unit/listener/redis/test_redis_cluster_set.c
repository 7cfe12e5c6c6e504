/*-------------------------------------------------------------------------
 *
 * test_redis_cluster_set.c
 *	  Unit tests of listener/src/redis/redis_cluster_set.c.
 *
 * What the script does is seen in the cluster's e2e test.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_cluster_set.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis/redis_slot.h"

static RedisClusterSet set;
static RedisArgument arguments[REDIS_CLUSTER_SET_ARGUMENTS];

static void
setup(void)
{
	redis_cluster_set_init(&set, 1);
	ck_assert(redis_cluster_set_begin(&set, "tag:a", 5));
}

static void
teardown(void)
{
	redis_cluster_set_free(&set);
}

static void
expect_argument(size_t index, const char *expected)
{
	ck_assert_uint_eq(arguments[index].byte_count, strlen(expected));
	ck_assert_mem_eq(arguments[index].bytes, expected, strlen(expected));
}

static const char *
take(const char *bytes)
{
	redisReader *reader = redisReaderCreate();
	void	   *reply = NULL;
	const char *problem;

	ck_assert_int_eq(redisReaderFeed(reader, bytes, strlen(bytes)), REDIS_OK);
	ck_assert_int_eq(redisReaderGetReply(reader, &reply), REDIS_OK);
	ck_assert_ptr_nonnull(reply);
	problem = redis_cluster_set_take(&set, reply);
	freeReplyObject(reply);
	redisReaderFree(reader);
	return problem;
}

START_TEST(redis_cluster_set_is_taken_away_within_its_slot)
{
	ck_assert_uint_eq(redis_cluster_set_ask(&set, arguments), 7);
	expect_argument(0, "EVAL");
	expect_argument(2, "2");
	expect_argument(3, "tag:a");
	ck_assert_mem_eq(arguments[4].bytes, "tag:a:uncache:", 14);
	ck_assert_uint_eq(redis_slot(arguments[4].bytes, arguments[4].byte_count), redis_slot("tag:a", 5));
	expect_argument(5, "250");
	expect_argument(6, "0");
}

END_TEST

START_TEST(redis_cluster_set_goes_on_until_there_are_no_members)
{
	ck_assert_ptr_null(take("*3\r\n:1\r\n$1\r\nx\r\n$1\r\ny\r\n"));
	ck_assert(redis_cluster_set_is_active(&set));
	ck_assert_uint_eq(set.members.key_count, 2);
	ck_assert_uint_eq(redis_cluster_set_ask(&set, arguments), 9);
	expect_argument(6, "1");
	expect_argument(7, "x");
	expect_argument(8, "y");
	ck_assert_ptr_null(take("*1\r\n:1\r\n"));
	ck_assert(!redis_cluster_set_is_active(&set));
}

END_TEST

START_TEST(redis_cluster_set_finishes_what_was_left_before_it_is_taken_away)
{
	ck_assert_ptr_null(take("*2\r\n:0\r\n$1\r\nx\r\n"));
	ck_assert_uint_eq(redis_cluster_set_ask(&set, arguments), 8);
	expect_argument(6, "0");
}

END_TEST

START_TEST(redis_cluster_set_begins_anew)
{
	ck_assert_ptr_null(take("*2\r\n:1\r\n$1\r\nx\r\n"));
	ck_assert(redis_cluster_set_begin(&set, "tag:b", 5));
	ck_assert_uint_eq(redis_cluster_set_ask(&set, arguments), 7);
	expect_argument(3, "tag:b");
	expect_argument(6, "0");
	redis_cluster_set_end(&set);
	ck_assert(!redis_cluster_set_is_active(&set));
}

END_TEST

START_TEST(redis_cluster_set_takes_as_many_members_as_it_asks_for)
{
	char		bytes[REDIS_CLUSTER_SET_MEMBERS * 16];
	size_t		length = (size_t) snprintf(bytes, sizeof(bytes), "*251\r\n:1\r\n");

	for (int i = 0; i < 250; i++)
		length += (size_t) snprintf(bytes + length, sizeof(bytes) - length, "$3\r\n%03d\r\n", i);
	ck_assert_ptr_null(take(bytes));
	ck_assert_uint_eq(redis_cluster_set_ask(&set, arguments), REDIS_CLUSTER_SET_ARGUMENTS);
	expect_argument(REDIS_CLUSTER_SET_ARGUMENTS - 1, "249");
	(void) memcpy(bytes, "*252", 4);
	(void) snprintf(bytes + length, sizeof(bytes) - length, "$3\r\n250\r\n");
	ck_assert_ptr_nonnull(take(bytes));
}

END_TEST

START_TEST(redis_cluster_set_refuses_nonsense)
{
	static const char *const nonsense[] = {
		"+OK\r\n", ":1\r\n", "*0\r\n", "*1\r\n$1\r\nx\r\n", "*2\r\n:1\r\n:1\r\n", "*2\r\n:1\r\n$-1\r\n", "$-1\r\n",
	};

	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++)
	{
		ck_assert_msg(take(nonsense[i]) != NULL, "taken: %s", nonsense[i]);
		ck_assert(redis_cluster_set_is_active(&set));
	}
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_cluster_set");
	TCase	   *tcase = tcase_create("redis_cluster_set");
	SRunner    *runner;
	int			failed;

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, redis_cluster_set_is_taken_away_within_its_slot);
	tcase_add_test(tcase, redis_cluster_set_goes_on_until_there_are_no_members);
	tcase_add_test(tcase, redis_cluster_set_finishes_what_was_left_before_it_is_taken_away);
	tcase_add_test(tcase, redis_cluster_set_begins_anew);
	tcase_add_test(tcase, redis_cluster_set_takes_as_many_members_as_it_asks_for);
	tcase_add_test(tcase, redis_cluster_set_refuses_nonsense);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
