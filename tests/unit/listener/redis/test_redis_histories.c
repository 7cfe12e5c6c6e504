/*-------------------------------------------------------------------------
 *
 * test_redis_histories.c
 *	  Unit tests of listener/src/redis/redis_histories.c.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_histories.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static RedisHistories histories;
static RedisHistories later;

static void
set(RedisHistories *of, size_t place, const char *run_id, const char *replid, int64_t offset)
{
	(void) snprintf(of->items[place].run_id, REDIS_ID_BYTES, "%s", run_id);
	(void) snprintf(of->items[place].replid, REDIS_ID_BYTES, "%s", replid);
	of->items[place].offset = offset;
}

static void
setup(void)
{
	ck_assert(redis_histories_reset(&histories, 2));
	set(&histories, 0, "run-a", "a", 5);
	set(&histories, 1, "run-b", "b", 7);
	ck_assert(redis_histories_copy(&later, &histories));
}

static void
teardown(void)
{
	redis_histories_free(&histories);
	redis_histories_free(&later);
}

START_TEST(redis_histories_go_on_as_long_as_each_does)
{
	ck_assert(redis_histories_go_on(&histories, &later));
	set(&later, 1, "run-b", "b", 8);
	ck_assert(redis_histories_go_on(&histories, &later));
	ck_assert(!redis_histories_go_on(&later, &histories));
	set(&later, 1, "run-c", "b", 8);
	ck_assert(!redis_histories_go_on(&histories, &later));
}

END_TEST

START_TEST(redis_histories_of_more_or_fewer_servers_do_not_go_on)
{
	ck_assert(redis_histories_reset(&later, 1));
	later.items[0] = histories.items[0];
	ck_assert(!redis_histories_go_on(&histories, &later));
	ck_assert(!redis_histories_go_on(&later, &histories));
}

END_TEST

START_TEST(redis_histories_are_told_if_each_is)
{
	ck_assert(redis_histories_are_told(&histories));
	set(&histories, 1, "run-b", "", 0);
	ck_assert(!redis_histories_are_told(&histories));
	set(&histories, 1, "", "b", 0);
	ck_assert(!redis_histories_are_told(&histories));
	ck_assert(redis_histories_reset(&histories, 0));
	ck_assert(!redis_histories_are_told(&histories));
}

END_TEST

START_TEST(redis_histories_have_the_sum_of_their_offsets)
{
	ck_assert_int_eq(redis_histories_offset(&histories), 12);
	redis_histories_free(&histories);
	ck_assert_int_eq(redis_histories_offset(&histories), 0);
}

END_TEST

START_TEST(redis_histories_begin_anew_with_nothing)
{
	ck_assert(redis_histories_reset(&histories, 3));
	ck_assert_uint_eq(histories.count, 3);
	ck_assert(!redis_history_is_told(&histories.items[0]));
	ck_assert(redis_histories_copy(&histories, &later));
	ck_assert_uint_eq(histories.count, 2);
	ck_assert_str_eq(histories.items[1].replid, "b");
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_histories");
	TCase	   *tests = tcase_create("redis_histories");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, redis_histories_go_on_as_long_as_each_does);
	tcase_add_test(tests, redis_histories_of_more_or_fewer_servers_do_not_go_on);
	tcase_add_test(tests, redis_histories_are_told_if_each_is);
	tcase_add_test(tests, redis_histories_have_the_sum_of_their_offsets);
	tcase_add_test(tests, redis_histories_begin_anew_with_nothing);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
