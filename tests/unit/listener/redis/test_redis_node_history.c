/*-------------------------------------------------------------------------
 *
 * test_redis_node_history.c
 *	  Unit tests of listener/src/redis/redis_node.c: what it does when Redis tells
 *	  of its history.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "redis/redis_node_fixture.h"

#define MASTER(id, offset) "# Server\r\nrun_id:run\r\nrole:master\r\nmaster_replid:" id \
	"\r\nmaster_repl_offset:" offset "\r\n"
#define REPLICA "# Server\r\nrun_id:run\r\nrole:slave\r\nmaster_replid:a\r\n"

static int64_t clock_ms;

static int64_t
read_clock(void *context)
{
	(void) context;
	return clock_ms;
}

static void
pass_time(int64_t ms)
{
	clock_ms += ms;
	scripted_redis_settle(loop);
}

static void
answer_unlink(ScriptedRedis *redis, const redisReply *command)
{
	ck_assert(scripted_redis_is(command, "UNLINK"));
	command_count++;
	scripted_redis_send(redis, ":1\r\n");
}

static void
answer_nothing(ScriptedRedis *redis, const redisReply *command)
{
	(void) redis;
	(void) command;
	command_count++;
}

/* Connects at 1 s to a server that tells this. */
static void
start_ready(ScriptedRedisAnswer answer, const char *info)
{
	clock_ms = 1000;
	test_clock = read_clock;
	start(answer);
	server.info = info;
	scripted_redis_run_until(loop, &ready_count, 1);
}

START_TEST(redis_node_tells_the_history_of_the_greeting)
{
	start_ready(answer_unlink, MASTER("a", "5"));
	ck_assert_str_eq(redis_node_history(node)->run_id, "run");
	ck_assert_int_eq(redis_node_history(node)->offset, 5);
	ck_assert_int_eq(placed_count, 0);
	stop();
}

END_TEST

START_TEST(redis_node_asks_for_the_history_each_second)
{
	start_ready(answer_unlink, MASTER("a", "5"));
	server.info = MASTER("a", "7");
	pass_time(999);
	ck_assert_int_eq(placed_count, 0);
	pass_time(1);
	ck_assert_int_eq(placed_count, 1);
	ck_assert_int_eq(redis_node_history(node)->offset, 7);
	pass_time(1000);
	pass_time(1000);
	ck_assert_int_eq(placed_count, 3);
	ck_assert_int_eq(lost_count, 0);
	stop();
}

END_TEST

START_TEST(redis_node_is_placed_after_what_was_sent_before)
{
	start_ready(answer_nothing, MASTER("a", "5"));
	add_names(NAME_KEY, 1);
	redis_node_apply(node, REDIS_LANE_QUICK, &names);
	scripted_redis_run_until(loop, &command_count, 1);
	/* the server owes the reply to UNLINK, which comes first */
	pass_time(1000);
	ck_assert_int_eq(placed_count, 0);
	stop();
}

END_TEST

START_TEST(redis_node_goes_on_asking_after_its_work_was_abandoned)
{
	start_ready(answer_unlink, MASTER("a", "5"));
	clock_ms += 1000;
	/* the question is under way */
	ck_assert(loop_turn(loop, 0));
	redis_node_abandon(node);
	scripted_redis_run_until(loop, &placed_count, 1);
	pass_time(1000);
	ck_assert_int_eq(placed_count, 2);
	stop();
}

END_TEST

START_TEST(redis_node_never_gets_ready_with_a_replica)
{
	clock_ms = 1000;
	test_clock = read_clock;
	start(answer_unlink);
	server.info = REPLICA;
	add_names(NAME_KEY, 1);
	redis_node_apply(node, REDIS_LANE_QUICK, &names);
	for (int i = 1; i <= 3; i++)
	{
		scripted_redis_run_until(loop, &lost_count, i);
		pass_time(5000);
	}
	ck_assert_int_eq(ready_count, 0);
	ck_assert_int_eq(command_count, 0);
	/* until it is promoted */
	server.info = MASTER("b", "5");
	pass_time(5000);
	scripted_redis_run_until(loop, &apply_done_count, 1);
	stop();
}

END_TEST

START_TEST(redis_node_leaves_a_primary_that_was_demoted)
{
	start_ready(answer_unlink, MASTER("a", "5"));
	server.info = REPLICA;
	pass_time(1000);
	ck_assert_int_eq(lost_count, 1);
	add_names(NAME_KEY, 1);
	redis_node_apply(node, REDIS_LANE_QUICK, &names);
	pass_time(5000);
	ck_assert_int_eq(command_count, 0);
	ck_assert_int_eq(ready_count, 1);
	stop();
}

END_TEST

static void
check_connects_again(const char *info)
{
	start_ready(answer_unlink, MASTER("a", "5"));
	server.info = info;
	pass_time(1000);
	ck_assert_int_eq(lost_count, 1);
	ck_assert_int_eq(placed_count, 0);
	pass_time(5000);
	scripted_redis_run_until(loop, &ready_count, 2);
	stop();
}

START_TEST(redis_node_connects_again_when_the_history_is_another)
{
	check_connects_again(MASTER("b", "9"));
}

END_TEST

START_TEST(redis_node_connects_again_when_the_history_went_back)
{
	check_connects_again(MASTER("a", "4"));
}

END_TEST

START_TEST(redis_node_connects_again_when_it_is_another_process)
{
	check_connects_again("# Server\r\nrun_id:other\r\nmaster_replid:a\r\nmaster_repl_offset:9\r\n");
}

END_TEST

START_TEST(redis_node_does_not_ask_a_server_that_tells_nothing)
{
	start_ready(answer_unlink, "");
	server.shows_greeting = true;
	server.answer = answer_nothing;
	pass_time(1000);
	pass_time(1000);
	ck_assert_int_eq(command_count, 0);
	ck_assert_int_eq(lost_count, 0);
	stop();
}

END_TEST

START_TEST(redis_node_notices_an_idle_server_that_is_silent)
{
	start_ready(answer_unlink, MASTER("a", "5"));
	server.shows_greeting = true;
	server.answer = answer_nothing;
	pass_time(1000);
	ck_assert_int_eq(lost_count, 0);
	pass_time(REPLY_DEADLINE_MS);
	ck_assert_int_eq(lost_count, 1);
	stop();
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_node_history");
	TCase	   *tests = tcase_create("redis_node_history");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, redis_node_tells_the_history_of_the_greeting);
	tcase_add_test(tests, redis_node_asks_for_the_history_each_second);
	tcase_add_test(tests, redis_node_is_placed_after_what_was_sent_before);
	tcase_add_test(tests, redis_node_goes_on_asking_after_its_work_was_abandoned);
	tcase_add_test(tests, redis_node_never_gets_ready_with_a_replica);
	tcase_add_test(tests, redis_node_leaves_a_primary_that_was_demoted);
	tcase_add_test(tests, redis_node_connects_again_when_the_history_is_another);
	tcase_add_test(tests, redis_node_connects_again_when_the_history_went_back);
	tcase_add_test(tests, redis_node_connects_again_when_it_is_another_process);
	tcase_add_test(tests, redis_node_does_not_ask_a_server_that_tells_nothing);
	tcase_add_test(tests, redis_node_notices_an_idle_server_that_is_silent);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
