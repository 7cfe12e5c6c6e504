/*-------------------------------------------------------------------------
 *
 * test_redis_node.c
 *	  Unit tests of listener/src/redis/redis_node.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "redis/redis_node_fixture.h"

static int	deleted_count;		/* keys, over this connection */

/* --- answers to UNLINK --- */

static void
unlink_keys(ScriptedRedis *redis, const redisReply *command)
{
	char		reply[32];

	ck_assert(scripted_redis_is(command, "UNLINK"));
	if (redis->command_count == 1)
		deleted_count = 0;
	command_count++;
	deleted_count += (int) command->elements - 1;
	(void) snprintf(reply, sizeof(reply), ":%zu\r\n", command->elements - 1);
	scripted_redis_send(redis, reply);
}

static void
unlink_all_keys(void)
{
	add_names(NAME_KEY, KEY_COUNT);
	redis_node_apply(node, REDIS_LANE_QUICK, &names);
	expect_apply_done(1);
	ck_assert_int_eq(deleted_count, KEY_COUNT);
}

static void
check_bad_reply(const char *reply, bool hang_up)
{
	try_bad_replies(unlink_keys, KEY_COMMAND_COUNT, reply, hang_up, unlink_all_keys);
}

static size_t cut_at;			/* so many bytes of replies are sent */

/* Sends the replies over the first connection up to a byte, and hangs up. */
static void
answer_up_to_a_byte(ScriptedRedis *redis, const redisReply *command)
{
	static const char replies[] = ":100\r\n:100\r\n:50\r\n";

	if (redis->connection_count > 1)
	{
		unlink_keys(redis, command);
		return;
	}
	command_count++;
	if (redis->command_count < KEY_COMMAND_COUNT)
		return;
	scripted_redis_send_bytes(redis, replies, cut_at);
	scripted_redis_hang_up(redis);
}

/* Answers the last command only when the test says so. */
static void
answer_all_but_the_last(ScriptedRedis *redis, const redisReply *command)
{
	if (redis->command_count < KEY_COMMAND_COUNT)
		unlink_keys(redis, command);
	else
		command_count++;
}

START_TEST(redis_node_unlinks_all_keys_once)
{
	start(unlink_keys);
	add_names(NAME_KEY, KEY_COUNT);
	redis_node_apply(node, REDIS_LANE_QUICK, &names);
	expect_apply_done(0);
	ck_assert_int_eq(deleted_count, KEY_COUNT);
	ck_assert_int_eq(command_count, KEY_COMMAND_COUNT);
	stop();
}

END_TEST

START_TEST(redis_node_is_ready_once_connected)
{
	start(unlink_keys);
	ck_assert(!redis_node_is_ready(node));
	scripted_redis_run_until(loop, &ready_count, 1);
	ck_assert(redis_node_is_ready(node));
	stop();
}

END_TEST

START_TEST(redis_node_sends_a_batch_that_came_while_connected)
{
	start(unlink_keys);
	scripted_redis_run_until(loop, &ready_count, 1);
	add_names(NAME_KEY, KEY_COUNT);
	redis_node_apply(node, REDIS_LANE_QUICK, &names);
	expect_apply_done(0);
	ck_assert_int_eq(deleted_count, KEY_COUNT);
	stop();
}

END_TEST

START_TEST(redis_node_is_not_done_before_the_last_reply)
{
	start(answer_all_but_the_last);
	add_names(NAME_KEY, KEY_COUNT);
	redis_node_apply(node, REDIS_LANE_QUICK, &names);
	scripted_redis_run_until(loop, &command_count, KEY_COMMAND_COUNT);
	scripted_redis_settle(loop);
	ck_assert_int_eq(apply_done_count, 0);
	scripted_redis_send(&server, ":50\r\n");
	expect_apply_done(0);
	stop();
}

END_TEST

START_TEST(redis_node_repeats_the_batch_after_an_error_reply)
{
	check_bad_reply("-MISCONF no writes\r\n", false);
}

END_TEST

START_TEST(redis_node_repeats_the_batch_after_an_unknown_error)
{
	check_bad_reply("-WHATEVER\r\n", false);
}

END_TEST

START_TEST(redis_node_repeats_the_batch_after_a_reply_of_another_type)
{
	check_bad_reply("+OK\r\n", false);
}

END_TEST

START_TEST(redis_node_repeats_the_batch_after_a_nil_reply)
{
	check_bad_reply("$-1\r\n", false);
}

END_TEST

START_TEST(redis_node_repeats_the_batch_after_an_array_reply)
{
	check_bad_reply("*1\r\n:1\r\n", false);
}

END_TEST

START_TEST(redis_node_repeats_the_batch_after_garbage)
{
	check_bad_reply("?\r\n", false);
}

END_TEST

START_TEST(redis_node_repeats_the_batch_after_silence)
{
	check_bad_reply(NULL, false);
}

END_TEST

START_TEST(redis_node_repeats_the_batch_when_the_connection_ends)
{
	check_bad_reply(NULL, true);
}

END_TEST

START_TEST(redis_node_repeats_the_batch_when_a_reply_is_cut)
{
	check_bad_reply(":1", true);
}

END_TEST

START_TEST(redis_node_repeats_the_batch_wherever_replies_are_cut)
{
	/* ":100\r\n:100\r\n:50\r\n" has 17 bytes; all of them would be enough */
	for (cut_at = 0; cut_at < 17; cut_at++)
	{
		start(answer_up_to_a_byte);
		add_names(NAME_KEY, KEY_COUNT);
		redis_node_apply(node, REDIS_LANE_QUICK, &names);
		expect_apply_done(1);
		ck_assert_int_eq(deleted_count, KEY_COUNT);
		stop();
	}
}

END_TEST

START_TEST(redis_node_does_not_call_back_for_abandoned_keys)
{
	start(answer_all_but_the_last);
	add_names(NAME_KEY, KEY_COUNT);
	redis_node_apply(node, REDIS_LANE_QUICK, &names);
	scripted_redis_run_until(loop, &command_count, KEY_COMMAND_COUNT);
	redis_node_abandon(node);
	scripted_redis_send(&server, ":50\r\n");
	scripted_redis_settle(loop);
	ck_assert_int_eq(apply_done_count, 0);
	ck_assert_int_eq(lost_count, 0);
	stop();
}

END_TEST

START_TEST(redis_node_counts_no_abandoned_reply_for_the_next_batch)
{
	start(answer_all_but_the_last);
	add_names(NAME_KEY, KEY_COUNT);
	redis_node_apply(node, REDIS_LANE_QUICK, &names);
	scripted_redis_run_until(loop, &command_count, KEY_COMMAND_COUNT);
	redis_node_abandon(node);
	redis_node_apply(node, REDIS_LANE_QUICK, &names);
	scripted_redis_run_until(loop, &command_count, 2 * KEY_COMMAND_COUNT);
	scripted_redis_send(&server, ":50\r\n:100\r\n:100\r\n");
	scripted_redis_settle(loop);
	ck_assert_int_eq(apply_done_count, 0);
	scripted_redis_send(&server, ":50\r\n");
	expect_apply_done(0);
	stop();
}

END_TEST

START_TEST(redis_node_calls_nothing_after_it_was_stopped)
{
	start(unlink_keys);
	add_names(NAME_KEY, KEY_COUNT);
	redis_node_apply(node, REDIS_LANE_QUICK, &names);
	redis_node_stop(node);
	scripted_redis_settle(loop);
	ck_assert_int_eq(apply_done_count, 0);
	ck_assert_int_eq(ready_count, 0);
	stop();
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_node");
	TCase	   *tests = tcase_create("redis_node");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, redis_node_unlinks_all_keys_once);
	tcase_add_test(tests, redis_node_is_ready_once_connected);
	tcase_add_test(tests, redis_node_sends_a_batch_that_came_while_connected);
	tcase_add_test(tests, redis_node_is_not_done_before_the_last_reply);
	tcase_add_test(tests, redis_node_repeats_the_batch_after_an_error_reply);
	tcase_add_test(tests, redis_node_repeats_the_batch_after_an_unknown_error);
	tcase_add_test(tests, redis_node_repeats_the_batch_after_a_reply_of_another_type);
	tcase_add_test(tests, redis_node_repeats_the_batch_after_a_nil_reply);
	tcase_add_test(tests, redis_node_repeats_the_batch_after_an_array_reply);
	tcase_add_test(tests, redis_node_repeats_the_batch_after_garbage);
	tcase_add_test(tests, redis_node_repeats_the_batch_after_silence);
	tcase_add_test(tests, redis_node_repeats_the_batch_when_the_connection_ends);
	tcase_add_test(tests, redis_node_repeats_the_batch_when_a_reply_is_cut);
	tcase_add_test(tests, redis_node_repeats_the_batch_wherever_replies_are_cut);
	tcase_add_test(tests, redis_node_does_not_call_back_for_abandoned_keys);
	tcase_add_test(tests, redis_node_counts_no_abandoned_reply_for_the_next_batch);
	tcase_add_test(tests, redis_node_calls_nothing_after_it_was_stopped);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
