/*-------------------------------------------------------------------------
 *
 * test_redis_conn.c
 *	  Unit tests of listener/src/redis_conn.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "redis_conn.h"
#include "scripted_redis.h"

static Loop *loop;
static ScriptedRedis server;
static RedisConn *conn;

static int	connected_count;
static int	reply_count;
static int	failure_count;
static char last_reply[64];
static char last_reason[256];
static RedisFailure last_failure;
static char greeting[256];		/* what the server saw of it */

static void
note_connected(void *context)
{
	(void) context;
	connected_count++;
}

static void
note_reply(void *context, const redisReply *reply)
{
	(void) context;
	reply_count++;
	(void) snprintf(last_reply, sizeof(last_reply), "%s",
					reply->str != NULL ? reply->str : "");
}

static void
note_progress(void *context)
{
	(void) context;
}

static void
note_failed(void *context, RedisFailure failure, const char *reason)
{
	(void) context;
	failure_count++;
	last_failure = failure;
	(void) snprintf(last_reason, sizeof(last_reason), "%s", reason);
}

static const RedisConnEvents events = {
	.connected = note_connected,
	.replied = note_reply,
	.progressed = note_progress,
	.failed = note_failed,
};

/* Short enough for tests that wait for them, long enough for the others. */
static const RedisConnTimeouts patient = {5000, 5000};
static const RedisConnTimeouts hasty = {50, 50};

static void
start(ScriptedRedisAnswer answer, const RedisConnTimeouts *timeouts)
{
	loop = loop_create();
	ck_assert_ptr_nonnull(loop);
	scripted_redis_start(&server, loop, answer);
	conn = redis_conn_create(loop, &server.url, timeouts, &events, NULL);
	ck_assert_ptr_nonnull(conn);
	connected_count = reply_count = failure_count = 0;
	greeting[0] = '\0';
}

static void
stop(void)
{
	redis_conn_destroy(conn);
	scripted_redis_stop(&server);
	loop_destroy(loop);
}

static void
connect_to_server(void)
{
	redis_conn_open(conn);
	scripted_redis_run_until(loop, &connected_count, 1);
}

static void
send_command(const char *name)
{
	RedisArgument argument = redis_argument_text(name);

	redis_conn_write_command(conn, &argument, 1);
	redis_conn_flush(conn);
}

static void
expect_failure(const char *reason)
{
	scripted_redis_run_until(loop, &failure_count, 1);
	scripted_redis_settle(loop);
	ck_assert_int_eq(failure_count, 1);
	if (reason != NULL)
		ck_assert_str_eq(last_reason, reason);
}

/* --- answers --- */

static void
answer_ok(ScriptedRedis *redis, const redisReply *command)
{
	(void) command;
	scripted_redis_send(redis, "+OK\r\n");
}

static void
answer_nothing(ScriptedRedis *redis, const redisReply *command)
{
	(void) redis;
	(void) command;
}

static void
answer_garbage(ScriptedRedis *redis, const redisReply *command)
{
	(void) command;
	scripted_redis_send(redis, "HTTP/1.1 400 Bad Request\r\n");
}

static void
answer_twice(ScriptedRedis *redis, const redisReply *command)
{
	(void) command;
	scripted_redis_send(redis, ":1\r\n:2\r\n");
}

static void
answer_and_hang_up(ScriptedRedis *redis, const redisReply *command)
{
	(void) command;
	scripted_redis_send(redis, ":1");
	scripted_redis_hang_up(redis);
}

/* Writes the greeting down, and answers as Redis does. */
static void
answer_greeting(ScriptedRedis *redis, const redisReply *command)
{
	for (size_t i = 0; i < command->elements; i++)
	{
		strncat(greeting, command->element[i]->str, 20);
		strncat(greeting, i + 1 < command->elements ? " " : ";", 2);
	}
	if (scripted_redis_is(command, "INFO"))
		scripted_redis_send_text(redis, SCRIPTED_REDIS_INFO);
	else
		scripted_redis_send(redis, "+OK\r\n");
}

static void
answer_info_with_a_status(ScriptedRedis *redis, const redisReply *command)
{
	(void) command;
	scripted_redis_send(redis, "+OK\r\n");
}

static void
refuse_password(ScriptedRedis *redis, const redisReply *command)
{
	if (scripted_redis_is(command, "AUTH"))
		scripted_redis_send(redis, "-WRONGPASS invalid username-password pair\r\n");
	else
		scripted_redis_send(redis, "-NOAUTH Authentication required.\r\n");
}

static void
refuse_ping_while_loading(ScriptedRedis *redis, const redisReply *command)
{
	(void) command;
	scripted_redis_send(redis, "-LOADING Redis is loading the dataset in memory\r\n");
}

static void
refuse_ping_and_name(ScriptedRedis *redis, const redisReply *command)
{
	(void) command;
	scripted_redis_send(redis, "-NOPERM this user has no permissions\r\n");
}

START_TEST(redis_conn_says_hello)
{
	start(answer_greeting, &patient);
	server.shows_greeting = true;
	connect_to_server();
	ck_assert_str_eq(greeting, "PING;INFO server;INFO replication;CLIENT SETNAME uncached;");
	stop();
}

END_TEST

START_TEST(redis_conn_learns_which_server_it_is)
{
	start(answer_greeting, &patient);
	connect_to_server();
	ck_assert_str_eq(redis_conn_history(conn)->run_id, "scripted");
	ck_assert_str_eq(redis_conn_history(conn)->replid, "");
	stop();
}

END_TEST

START_TEST(redis_conn_bears_a_server_without_a_run_id)
{
	start(answer_greeting, &patient);
	server.info = "# Server\r\nrun_id_x:abc\r\n";
	connect_to_server();
	ck_assert(!redis_history_is_told(redis_conn_history(conn)));
	stop();
}

END_TEST

START_TEST(redis_conn_learns_where_the_history_stands)
{
	start(answer_greeting, &patient);
	server.info = "# Replication\r\nrole:master\r\nmaster_replid:abc\r\nmaster_repl_offset:17\r\n";
	connect_to_server();
	ck_assert_str_eq(redis_conn_history(conn)->replid, "abc");
	ck_assert_int_eq(redis_conn_history(conn)->offset, 17);
	stop();
}

END_TEST

START_TEST(redis_conn_does_not_connect_to_a_replica)
{
	start(answer_greeting, &patient);
	server.info = "# Replication\r\nrole:slave\r\nmaster_replid:abc\r\n";
	redis_conn_open(conn);
	expect_failure("READONLY the server says that it is a replica");
	stop();
}

END_TEST

START_TEST(redis_conn_forgets_a_history_when_it_is_opened_again)
{
	start(answer_greeting, &patient);
	connect_to_server();
	redis_conn_close(conn);
	connected_count = 0;
	server.info = "";
	connect_to_server();
	ck_assert(!redis_history_is_told(redis_conn_history(conn)));
	stop();
}

END_TEST

START_TEST(redis_conn_fails_when_info_is_answered_with_a_status)
{
	start(answer_info_with_a_status, &patient);
	server.shows_greeting = true;
	redis_conn_open(conn);
	expect_failure("the greeting was answered as Redis does not");
	stop();
}

END_TEST

START_TEST(redis_conn_authenticates_and_selects_before_all_else)
{
	start(answer_greeting, &patient);
	server.shows_greeting = true;
	server.url.password = strdup("secret");
	server.url.database = 7;
	connect_to_server();
	ck_assert_str_eq(greeting, "AUTH secret;SELECT 7;PING;INFO server;INFO replication;CLIENT SETNAME uncached;");
	free(server.url.password);
	stop();
}

END_TEST

START_TEST(redis_conn_authenticates_a_user_by_name)
{
	start(answer_greeting, &patient);
	server.shows_greeting = true;
	server.url.username = strdup("me");
	server.url.password = strdup("secret");
	connect_to_server();
	ck_assert_str_eq(greeting, "AUTH me secret;PING;INFO server;INFO replication;CLIENT SETNAME uncached;");
	free(server.url.username);
	free(server.url.password);
	stop();
}

END_TEST

START_TEST(redis_conn_fails_when_the_password_is_refused)
{
	start(refuse_password, &patient);
	server.shows_greeting = true;
	server.url.password = strdup("wrong");
	redis_conn_open(conn);
	expect_failure("WRONGPASS invalid username-password pair");
	ck_assert_int_eq(last_failure, REDIS_FAILURE_REPLY);
	ck_assert_int_eq(connected_count, 0);
	free(server.url.password);
	stop();
}

END_TEST

START_TEST(redis_conn_is_not_connected_while_redis_is_loading)
{
	start(refuse_ping_while_loading, &patient);
	server.shows_greeting = true;
	redis_conn_open(conn);
	expect_failure("LOADING Redis is loading the dataset in memory");
	ck_assert_int_eq(connected_count, 0);
	stop();
}

END_TEST

START_TEST(redis_conn_bears_a_user_who_may_not_ping_or_take_a_name)
{
	start(refuse_ping_and_name, &patient);
	server.shows_greeting = true;
	connect_to_server();
	ck_assert_int_eq(failure_count, 0);
	stop();
}

END_TEST

START_TEST(redis_conn_fails_when_the_greeting_is_answered_strangely)
{
	start(answer_twice, &patient);
	server.shows_greeting = true;
	redis_conn_open(conn);
	expect_failure("the greeting was answered as Redis does not");
	ck_assert_int_eq(last_failure, REDIS_FAILURE_PROTOCOL);
	stop();
}

END_TEST

START_TEST(redis_conn_fails_when_no_greeting_comes_in_time)
{
	start(answer_nothing, &hasty);
	server.shows_greeting = true;
	redis_conn_open(conn);
	expect_failure("no answer to the greeting before the deadline");
	stop();
}

END_TEST

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
	expect_failure("Redis sent a reply to nothing");
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
	expect_failure("no answer before the deadline");
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

	tcase_add_test(tests, redis_conn_says_hello);
	tcase_add_test(tests, redis_conn_learns_which_server_it_is);
	tcase_add_test(tests, redis_conn_bears_a_server_without_a_run_id);
	tcase_add_test(tests, redis_conn_learns_where_the_history_stands);
	tcase_add_test(tests, redis_conn_does_not_connect_to_a_replica);
	tcase_add_test(tests, redis_conn_forgets_a_history_when_it_is_opened_again);
	tcase_add_test(tests, redis_conn_fails_when_info_is_answered_with_a_status);
	tcase_add_test(tests, redis_conn_authenticates_and_selects_before_all_else);
	tcase_add_test(tests, redis_conn_authenticates_a_user_by_name);
	tcase_add_test(tests, redis_conn_fails_when_the_password_is_refused);
	tcase_add_test(tests, redis_conn_is_not_connected_while_redis_is_loading);
	tcase_add_test(tests, redis_conn_bears_a_user_who_may_not_ping_or_take_a_name);
	tcase_add_test(tests, redis_conn_fails_when_the_greeting_is_answered_strangely);
	tcase_add_test(tests, redis_conn_fails_when_no_greeting_comes_in_time);
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
