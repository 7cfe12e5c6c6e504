/*-------------------------------------------------------------------------
 *
 * test_redis_conn_greeting.c
 *	  Unit tests of listener/src/redis/redis_conn.c: the greeting.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "redis/redis_conn_fixture.h"

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
	else if (scripted_redis_is(command, "HELLO"))
		scripted_redis_send(redis, SCRIPTED_REDIS_HELLO);
	else
		scripted_redis_send(redis, "+OK\r\n");
}

static void
answer_info_with_a_status(ScriptedRedis *redis, const redisReply *command)
{
	scripted_redis_send(redis, scripted_redis_is(command, "HELLO") ? SCRIPTED_REDIS_HELLO :
						"+OK\r\n");
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

static const char *hello;		/* what HELLO is answered */

/* To whoever asks for more than HELLO. */
static void
refuse_all_but_hello(ScriptedRedis *redis, const redisReply *command)
{
	scripted_redis_send(redis, scripted_redis_is(command, "HELLO") ? hello :
						"-NOPERM this user has no permissions\r\n");
}

/* As a server whose configuration has them renamed away. */
static void
know_no_command(ScriptedRedis *redis, const redisReply *command)
{
	(void) command;
	scripted_redis_send(redis, "-ERR unknown command 'PING', with args beginning with: \r\n");
}

START_TEST(redis_conn_says_hello)
{
	start(answer_greeting, &patient);
	server.shows_greeting = true;
	connect_to_server();
	ck_assert_str_eq(greeting, "PING;HELLO 2;INFO server;INFO replication;CLIENT SETNAME uncached;");
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

START_TEST(redis_conn_does_not_connect_to_a_node_of_a_cluster_or_a_sentinel)
{
	static const char *const modes[][2] = {
		{"# Server\r\nredis_mode:cluster\r\nrun_id:abc\r\n", REDIS_ERROR_CLUSTER},
		{"# Server\r\nredis_mode:sentinel\r\nrun_id:abc\r\n", REDIS_ERROR_SENTINEL},
	};

	for (size_t i = 0; i < 2; i++)
	{
		failure_count = 0;
		start(answer_greeting, &patient);
		server.info = modes[i][0];
		redis_conn_open(conn);
		expect_failure(modes[i][1]);
		ck_assert_int_eq(connected_count, 0);
		stop();
	}
}

END_TEST

START_TEST(redis_conn_connects_to_a_mode_that_it_does_not_know)
{
	start(answer_greeting, &patient);
	server.info = "# Server\r\nredis_mode:clustered\r\nrun_id:abc\r\n";
	connect_to_server();
	stop();
}

END_TEST

/* Whom the ACL denies INFO is told by HELLO. */
START_TEST(redis_conn_learns_from_hello_what_info_may_not_tell)
{
	static const char *const answers[][2] = {
		{"*2\r\n$4\r\nmode\r\n$7\r\ncluster\r\n", REDIS_ERROR_CLUSTER},
		{"*4\r\n$5\r\nproto\r\n:2\r\n$4\r\nmode\r\n$8\r\nsentinel\r\n", REDIS_ERROR_SENTINEL},
		{"*4\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$7\r\nreplica\r\n", REDIS_ERROR_REPLICA},
	};

	for (size_t i = 0; i < 3; i++)
	{
		start(refuse_all_but_hello, &patient);
		server.shows_greeting = true;
		hello = answers[i][0];
		redis_conn_open(conn);
		expect_failure(answers[i][1]);
		stop();
	}
	start(refuse_all_but_hello, &patient);
	server.shows_greeting = true;
	hello = SCRIPTED_REDIS_HELLO;
	connect_to_server();
	ck_assert(!redis_history_is_told(redis_conn_history(conn)));
	stop();
}

END_TEST

START_TEST(redis_conn_bears_a_server_without_ping_hello_and_info)
{
	start(know_no_command, &patient);
	server.shows_greeting = true;
	connect_to_server();
	ck_assert_int_eq(failure_count, 0);
	stop();
}

END_TEST

START_TEST(redis_conn_bears_strange_pairs_in_the_answer_to_hello)
{
	static const char *const answers[] = {
		"*0\r\n", "*1\r\n$4\r\nmode\r\n", "*2\r\n$4\r\nmode\r\n:1\r\n", "*2\r\n*0\r\n$4\r\nmode\r\n",
		"*2\r\n$-1\r\n$-1\r\n", "*2\r\n$4\r\nmode\r\n$0\r\n\r\n",
	};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
	{
		start(refuse_all_but_hello, &patient);
		server.shows_greeting = true;
		hello = answers[i];
		connect_to_server();
		stop();
	}
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
	expect_failure("unexpected reply to the greeting");
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
	ck_assert_str_eq(greeting, "AUTH secret;SELECT 7;PING;HELLO 2;INFO server;INFO replication;CLIENT SETNAME uncached;");
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
	ck_assert_str_eq(greeting, "AUTH me secret;PING;HELLO 2;INFO server;INFO replication;CLIENT SETNAME uncached;");
	free(server.url.username);
	free(server.url.password);
	stop();
}

END_TEST

static void
write_password(const char *path, const char *text)
{
	FILE	   *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(redis_conn_reads_a_password_file_at_each_connect)
{
	char		path[] = "/tmp/uncached-test-XXXXXX";

	close(mkstemp(path));
	start(answer_greeting, &patient);
	server.shows_greeting = true;
	server.url.password_file = path;
	write_password(path, "first\n");
	connect_to_server();
	ck_assert_int_eq(strncmp(greeting, "AUTH first;PING;", 16), 0);
	redis_conn_close(conn);
	connected_count = 0;
	greeting[0] = '\0';
	write_password(path, "second\n");
	connect_to_server();
	ck_assert_int_eq(strncmp(greeting, "AUTH second;PING;", 17), 0);
	server.url.password_file = NULL;
	stop();
	(void) unlink(path);
}

END_TEST

START_TEST(redis_conn_fails_without_the_password_file_and_works_with_it)
{
	char		path[] = "/tmp/uncached-test-XXXXXX";

	close(mkstemp(path));
	(void) unlink(path);
	start(answer_greeting, &patient);
	server.shows_greeting = true;
	server.url.username = strdup("me");
	server.url.password_file = path;
	redis_conn_open(conn);
	expect_failure("expected a readable password file: No such file or directory");
	ck_assert_int_eq(last_failure, REDIS_FAILURE_PASSWORD);
	ck_assert_str_eq(greeting, "");
	write_password(path, "secret\n");
	connect_to_server();
	ck_assert_int_eq(strncmp(greeting, "AUTH me secret;", 15), 0);
	server.url.password_file = NULL;
	free(server.url.username);
	stop();
	(void) unlink(path);
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
	expect_failure("unexpected reply to the greeting");
	ck_assert_int_eq(last_failure, REDIS_FAILURE_PROTOCOL);
	stop();
}

END_TEST

START_TEST(redis_conn_fails_when_no_greeting_comes_in_time)
{
	start(answer_nothing, &hasty);
	server.shows_greeting = true;
	redis_conn_open(conn);
	expect_failure("no reply to the greeting before the deadline");
	stop();
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_conn_greeting");
	TCase	   *tests = tcase_create("redis_conn_greeting");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, redis_conn_says_hello);
	tcase_add_test(tests, redis_conn_learns_which_server_it_is);
	tcase_add_test(tests, redis_conn_bears_a_server_without_a_run_id);
	tcase_add_test(tests, redis_conn_learns_where_the_history_stands);
	tcase_add_test(tests, redis_conn_does_not_connect_to_a_replica);
	tcase_add_test(tests, redis_conn_does_not_connect_to_a_node_of_a_cluster_or_a_sentinel);
	tcase_add_test(tests, redis_conn_connects_to_a_mode_that_it_does_not_know);
	tcase_add_test(tests, redis_conn_learns_from_hello_what_info_may_not_tell);
	tcase_add_test(tests, redis_conn_bears_a_server_without_ping_hello_and_info);
	tcase_add_test(tests, redis_conn_bears_strange_pairs_in_the_answer_to_hello);
	tcase_add_test(tests, redis_conn_forgets_a_history_when_it_is_opened_again);
	tcase_add_test(tests, redis_conn_fails_when_info_is_answered_with_a_status);
	tcase_add_test(tests, redis_conn_authenticates_and_selects_before_all_else);
	tcase_add_test(tests, redis_conn_authenticates_a_user_by_name);
	tcase_add_test(tests, redis_conn_reads_a_password_file_at_each_connect);
	tcase_add_test(tests, redis_conn_fails_without_the_password_file_and_works_with_it);
	tcase_add_test(tests, redis_conn_fails_when_the_password_is_refused);
	tcase_add_test(tests, redis_conn_is_not_connected_while_redis_is_loading);
	tcase_add_test(tests, redis_conn_bears_a_user_who_may_not_ping_or_take_a_name);
	tcase_add_test(tests, redis_conn_fails_when_the_greeting_is_answered_strangely);
	tcase_add_test(tests, redis_conn_fails_when_no_greeting_comes_in_time);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
