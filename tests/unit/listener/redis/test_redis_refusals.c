/*-------------------------------------------------------------------------
 *
 * test_redis_refusals.c
 *	  Unit tests of listener/src/redis/redis_refusals.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "redis/redis_refusals.h"

static RedisRefusals refusals;
static char text[REDIS_REFUSALS_TEXT_BYTES];

static void
set_up(void)
{
	redis_refusals_clear(&refusals);
}

static void
expect(RedisFailure failure, const char *expected)
{
	ck_assert_int_eq(redis_refusals_tell(&refusals, text, sizeof(text)), failure);
	ck_assert_str_eq(text, expected);
}

static void
add_connection(const char *address)
{
	redis_refusals_add(&refusals, address, REDIS_FAILURE_CONNECTION, "Connection refused");
}

static void
add_reply(const char *address, const char *reply)
{
	redis_refusals_add(&refusals, address, REDIS_FAILURE_REPLY, reply);
}

START_TEST(redis_refusals_repeat_the_only_one)
{
	add_reply("10.0.0.1", "READONLY a replica");
	expect(REDIS_FAILURE_REPLY, "READONLY a replica");
}

END_TEST

START_TEST(redis_refusals_say_which_was_whose)
{
	add_connection("10.0.0.1");
	add_connection("10.0.0.2");
	add_connection("10.0.0.3");
	expect(REDIS_FAILURE_CONNECTION,
		   "Connection refused (10.0.0.1); 10.0.0.2: Connection refused; 10.0.0.3: Connection refused");
}

END_TEST

START_TEST(redis_refusals_begin_with_what_redis_answered)
{
	add_connection("10.0.0.1");
	add_reply("10.0.0.2", "READONLY a replica");
	add_connection("10.0.0.3");
	expect(REDIS_FAILURE_REPLY,
		   "READONLY a replica (10.0.0.2); 10.0.0.1: Connection refused; 10.0.0.3: Connection refused");
	ck_assert_str_eq(redis_error_kind(REDIS_FAILURE_REPLY, text)->prefix, "READONLY ");
}

END_TEST

START_TEST(redis_refusals_begin_with_what_an_operator_must_act_on)
{
	add_reply("10.0.0.1", "READONLY a replica");
	add_reply("10.0.0.2", "WRONGPASS no");
	add_reply("10.0.0.3", "LOADING wait");
	expect(REDIS_FAILURE_REPLY,
		   "WRONGPASS no (10.0.0.2); 10.0.0.1: READONLY a replica; 10.0.0.3: LOADING wait");
}

END_TEST

/* Else a primary that is away for a moment would be tried again only much later. */
START_TEST(redis_refusals_end_with_what_never_passes)
{
	add_reply("10.0.0.1", "ERR unknown command");
	add_connection("10.0.0.2");
	expect(REDIS_FAILURE_CONNECTION, "Connection refused (10.0.0.2); 10.0.0.1: ERR unknown command");
}

END_TEST

START_TEST(redis_refusals_begin_anew)
{
	add_connection("10.0.0.1");
	redis_refusals_clear(&refusals);
	add_reply("10.0.0.2", "LOADING wait");
	expect(REDIS_FAILURE_REPLY, "LOADING wait");
}

END_TEST

START_TEST(redis_refusals_are_cut_where_there_is_no_room)
{
	char		reply[1000];

	memset(reply, 'x', sizeof(reply) - 1);
	reply[sizeof(reply) - 1] = '\0';
	for (int i = 0; i < 100; i++)
		add_reply("fe80::aaaa:bbbb:cccc:dddd%interface0", reply);
	ck_assert_int_eq(redis_refusals_tell(&refusals, text, sizeof(text)), REDIS_FAILURE_REPLY);
	ck_assert_uint_gt(strlen(text), REDIS_REFUSALS_REASON_BYTES);
	ck_assert_uint_lt(strlen(text), sizeof(text));
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_refusals");
	TCase	   *tests = tcase_create("redis_refusals");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, redis_refusals_repeat_the_only_one);
	tcase_add_test(tests, redis_refusals_say_which_was_whose);
	tcase_add_test(tests, redis_refusals_begin_with_what_redis_answered);
	tcase_add_test(tests, redis_refusals_begin_with_what_an_operator_must_act_on);
	tcase_add_test(tests, redis_refusals_end_with_what_never_passes);
	tcase_add_test(tests, redis_refusals_begin_anew);
	tcase_add_test(tests, redis_refusals_are_cut_where_there_is_no_room);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
