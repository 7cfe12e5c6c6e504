/*-------------------------------------------------------------------------
 *
 * test_redis_conn.c
 *	  Unit tests of listener/src/redis/redis_conn.c: connecting, replies, and how a
 *	  connection ends.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "redis/redis_conn_fixture.h"

static void
answer_garbage(ScriptedRedis *redis, const redisReply *command)
{
	(void) command;
	scripted_redis_send(redis, "HTTP/1.1 400 Bad Request\r\n");
}

static void
answer_and_hang_up(ScriptedRedis *redis, const redisReply *command)
{
	(void) command;
	scripted_redis_send(redis, ":1");
	scripted_redis_hang_up(redis);
}

START_TEST(redis_conn_fails_when_nobody_listens)
{
	start(answer_ok, &patient);
	(void) unlink(server.path);
	redis_conn_open(conn);
	expect_failure("No such file or directory");
	ck_assert_int_eq(last_failure, REDIS_FAILURE_CONNECTION);
	stop();
}

END_TEST

START_TEST(redis_conn_fails_for_a_path_that_no_socket_can_have)
{
	start(answer_ok, &patient);
	char		path[200];

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	server.url.socket_path = path;
	redis_conn_open(conn);
	expect_failure("File name too long");
	stop();
}

END_TEST

START_TEST(redis_conn_fails_for_a_port_without_a_listener)
{
	start(answer_ok, &patient);
	server.url.socket_path = NULL;
	server.url.host = strdup("127.0.0.1");
	server.url.port = 1;
	redis_conn_open(conn);
	expect_failure("Connection refused");
	free(server.url.host);
	stop();
}

END_TEST

START_TEST(redis_conn_hands_out_replies)
{
	start(answer_ok, &patient);
	connect_to_server();
	send_command("ANYTHING");
	scripted_redis_run_until(loop, &reply_count, 1);
	ck_assert_str_eq(last_reply, "OK");
	stop();
}

END_TEST

START_TEST(redis_conn_hands_out_error_replies_as_replies)
{
	start(refuse_password, &patient);
	connect_to_server();
	send_command("ANYTHING");
	scripted_redis_run_until(loop, &reply_count, 1);
	ck_assert_str_eq(last_reply, "NOAUTH Authentication required.");
	ck_assert_int_eq(failure_count, 0);
	stop();
}

END_TEST

START_TEST(redis_conn_fails_on_garbage)
{
	start(answer_garbage, &patient);
	connect_to_server();
	send_command("ANYTHING");
	expect_failure(NULL);
	ck_assert_int_eq(reply_count, 0);
	stop();
}

END_TEST

START_TEST(redis_conn_fails_on_a_reply_to_nothing)
{
	start(answer_twice, &patient);
	connect_to_server();
	send_command("ANYTHING");
	expect_failure("Redis sent a reply without a pending command");
	ck_assert_int_eq(reply_count, 1);
	stop();
}

END_TEST

START_TEST(redis_conn_fails_when_the_connection_ends_within_a_reply)
{
	start(answer_and_hang_up, &patient);
	connect_to_server();
	send_command("ANYTHING");
	expect_failure(NULL);
	ck_assert_int_eq(reply_count, 0);
	stop();
}

END_TEST

START_TEST(redis_conn_fails_when_a_reply_does_not_come_in_time)
{
	start(answer_nothing, &hasty);
	connect_to_server();
	send_command("ANYTHING");
	expect_failure("no reply before the deadline");
	stop();
}

END_TEST

START_TEST(redis_conn_waits_for_ever_without_a_command)
{
	start(answer_nothing, &hasty);
	int64_t		end_ms = scripted_redis_clock_ms() + 150;

	connect_to_server();
	while (scripted_redis_clock_ms() < end_ms)
		ck_assert(loop_turn(loop, 10));
	ck_assert_int_eq(failure_count, 0);
	stop();
}

END_TEST

START_TEST(redis_conn_can_be_opened_again_after_it_failed)
{
	start(answer_ok, &patient);
	connect_to_server();
	scripted_redis_hang_up(&server);
	expect_failure("Redis closed the connection");
	redis_conn_open(conn);
	scripted_redis_run_until(loop, &connected_count, 2);
	send_command("ANYTHING");
	scripted_redis_run_until(loop, &reply_count, 1);
	stop();
}

END_TEST

START_TEST(redis_conn_calls_nothing_after_it_was_closed)
{
	start(answer_ok, &patient);
	connect_to_server();
	send_command("ANYTHING");
	redis_conn_close(conn);
	scripted_redis_settle(loop);
	ck_assert_int_eq(reply_count, 0);
	ck_assert_int_eq(failure_count, 0);
	stop();
}

END_TEST

START_TEST(redis_conn_has_no_room_above_the_high_water_mark)
{
	start(answer_ok, &patient);
	char	   *block = calloc(1, REDIS_CONN_HIGH_WATER_BYTES);

	ck_assert_ptr_nonnull(block);
	connect_to_server();
	ck_assert(redis_conn_has_room(conn));
	redis_conn_write(conn, block, REDIS_CONN_HIGH_WATER_BYTES);
	ck_assert(!redis_conn_has_room(conn));
	free(block);
	stop();
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_conn");
	TCase	   *tests = tcase_create("redis_conn");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, redis_conn_fails_when_nobody_listens);
	tcase_add_test(tests, redis_conn_fails_for_a_path_that_no_socket_can_have);
	tcase_add_test(tests, redis_conn_fails_for_a_port_without_a_listener);
	tcase_add_test(tests, redis_conn_hands_out_replies);
	tcase_add_test(tests, redis_conn_hands_out_error_replies_as_replies);
	tcase_add_test(tests, redis_conn_fails_on_garbage);
	tcase_add_test(tests, redis_conn_fails_on_a_reply_to_nothing);
	tcase_add_test(tests, redis_conn_fails_when_the_connection_ends_within_a_reply);
	tcase_add_test(tests, redis_conn_fails_when_a_reply_does_not_come_in_time);
	tcase_add_test(tests, redis_conn_waits_for_ever_without_a_command);
	tcase_add_test(tests, redis_conn_can_be_opened_again_after_it_failed);
	tcase_add_test(tests, redis_conn_calls_nothing_after_it_was_closed);
	tcase_add_test(tests, redis_conn_has_no_room_above_the_high_water_mark);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
