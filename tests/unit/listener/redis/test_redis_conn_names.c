/*-------------------------------------------------------------------------
 *
 * test_redis_conn_names.c
 *	  Unit tests of listener/src/redis/redis_conn.c and redis_route.c: a URL whose host
 *	  is a name, with an address or several.
 *
 * The addresses are unix sockets of scripted servers.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/fake_names.h"
#include "redis/redis_conn_fixture.h"

#define REPLICA_INFO "# Replication\r\nrole:slave\r\nmaster_replid:x\r\n"

/* The one that is silent uses it up, the other one must not. */
static const RedisConnTimeouts brief = {300, 300};

static ScriptedRedis second;
static RedisUrl named;
static char name[] = "redis.test";

static void
begin(const RedisConnTimeouts *timeouts)
{
	start(answer_nothing, timeouts);
	redis_conn_destroy(conn);
	scripted_redis_start(&second, loop, answer_nothing);
	named = (RedisUrl)
	{
		.host = name,.port = 6379
	};
	conn = redis_conn_create(loop, &named, timeouts, &events, NULL);
	ck_assert_ptr_nonnull(conn);
	fake_names_set(name, 0, false, server.path, second.path);
}

static void
end(void)
{
	scripted_redis_stop(&second);
	stop();
	fake_names_set(name, 0, false, NULL, NULL);
	fake_names_wait_for(&fake_names_open_lists, 0);
}

static void
show_greeting(ScriptedRedis *redis, ScriptedRedisAnswer answer)
{
	redis->shows_greeting = true;
	redis->answer = answer;
}

static void
answer_loading(ScriptedRedis *redis, const redisReply *command)
{
	(void) command;
	scripted_redis_send(redis, "-LOADING Redis is loading\r\n");
}

static void
hang_up(ScriptedRedis *redis, const redisReply *command)
{
	(void) command;
	scripted_redis_hang_up(redis);
}

START_TEST(redis_conn_connects_to_a_name)
{
	begin(&patient);
	connect_to_server();
	ck_assert_int_eq(server.connection_count, 1);
	ck_assert_int_eq(second.connection_count, 0);
	end();
}

END_TEST

START_TEST(redis_conn_passes_a_replica)
{
	begin(&patient);
	server.info = REPLICA_INFO;
	connect_to_server();
	ck_assert_int_eq(server.connection_count, 1);
	ck_assert_int_eq(second.connection_count, 1);
	ck_assert_int_eq(failure_count, 0);
	ck_assert(!redis_conn_history(conn)->is_replica);
	end();
}

END_TEST

START_TEST(redis_conn_passes_one_where_nobody_listens)
{
	begin(&patient);
	fake_names_set(name, 0, false, "/nowhere/at/all", second.path);
	connect_to_server();
	ck_assert_int_eq(second.connection_count, 1);
	end();
}

END_TEST

START_TEST(redis_conn_passes_one_that_is_silent)
{
	begin(&brief);
	show_greeting(&server, answer_nothing);
	connect_to_server();
	ck_assert_int_eq(second.connection_count, 1);
	end();
}

END_TEST

START_TEST(redis_conn_passes_one_that_hangs_up)
{
	begin(&patient);
	show_greeting(&server, hang_up);
	connect_to_server();
	ck_assert_int_eq(second.connection_count, 1);
	end();
}

END_TEST

START_TEST(redis_conn_passes_one_that_refuses_the_password)
{
	begin(&patient);
	show_greeting(&server, refuse_password);
	connect_to_server();
	ck_assert_int_eq(second.connection_count, 1);
	end();
}

END_TEST

START_TEST(redis_conn_fails_when_all_are_replicas)
{
	begin(&patient);
	server.info = second.info = REPLICA_INFO;
	redis_conn_open(conn);
	expect_failure("READONLY the server says that it is a replica (localhost); "
				   "localhost: READONLY the server says that it is a replica");
	ck_assert_int_eq(last_failure, REDIS_FAILURE_REPLY);
	ck_assert_int_eq(server.connection_count, 1);
	ck_assert_int_eq(second.connection_count, 1);
	end();
}

END_TEST

START_TEST(redis_conn_says_what_each_was)
{
	begin(&patient);
	(void) unlink(server.path);
	show_greeting(&second, answer_loading);
	redis_conn_open(conn);
	expect_failure("LOADING Redis is loading (localhost); localhost: No such file or directory");
	end();
}

END_TEST

/* Each time from the first address on, and by a new look-up. */
START_TEST(redis_conn_looks_the_name_up_again)
{
	begin(&patient);
	server.info = second.info = REPLICA_INFO;
	redis_conn_open(conn);
	expect_failure(NULL);
	server.info = SCRIPTED_REDIS_INFO;
	redis_conn_open(conn);
	scripted_redis_run_until(loop, &connected_count, 1);
	ck_assert_int_eq(server.connection_count, 2);
	scripted_redis_hang_up(&server);
	scripted_redis_run_until(loop, &failure_count, 2);
	fake_names_set(name, 0, false, second.path, NULL);
	second.info = SCRIPTED_REDIS_INFO;
	redis_conn_open(conn);
	scripted_redis_run_until(loop, &connected_count, 2);
	ck_assert_int_eq(second.connection_count, 2);
	ck_assert_int_eq(fake_names_read(&fake_names_asked), 3);
	end();
}

END_TEST

/* What comes later is not mixed with what was wrong while connecting. */
START_TEST(redis_conn_that_broke_has_one_reason)
{
	begin(&patient);
	server.info = REPLICA_INFO;
	connect_to_server();
	scripted_redis_hang_up(&second);
	expect_failure("Redis closed the connection");
	end();
}

END_TEST

START_TEST(redis_conn_fails_for_a_name_that_nobody_knows)
{
	begin(&patient);
	fake_names_set(name, EAI_NONAME, false, NULL, NULL);
	redis_conn_open(conn);
	expect_failure("cannot resolve the host name: Name or service not known");
	ck_assert_int_eq(last_failure, REDIS_FAILURE_CONNECTION);
	end();
}

END_TEST

START_TEST(redis_conn_fails_for_a_name_that_hangs)
{
	begin(&hasty);
	fake_names_set(name, 0, true, server.path, NULL);
	redis_conn_open(conn);
	expect_failure("cannot resolve the host name: no reply from the name service");
	end();
}

END_TEST

START_TEST(redis_conn_can_be_closed_while_a_name_hangs)
{
	begin(&hasty);
	fake_names_set(name, 0, true, server.path, NULL);
	redis_conn_open(conn);
	redis_conn_close(conn);
	scripted_redis_settle(loop);
	ck_assert_int_eq(failure_count, 0);
	fake_names_set(name, 0, false, server.path, NULL);
	connect_to_server();
	end();
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_conn_names");
	TCase	   *tests = tcase_create("redis_conn_names");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, redis_conn_connects_to_a_name);
	tcase_add_test(tests, redis_conn_passes_a_replica);
	tcase_add_test(tests, redis_conn_passes_one_where_nobody_listens);
	tcase_add_test(tests, redis_conn_passes_one_that_is_silent);
	tcase_add_test(tests, redis_conn_passes_one_that_hangs_up);
	tcase_add_test(tests, redis_conn_passes_one_that_refuses_the_password);
	tcase_add_test(tests, redis_conn_fails_when_all_are_replicas);
	tcase_add_test(tests, redis_conn_says_what_each_was);
	tcase_add_test(tests, redis_conn_looks_the_name_up_again);
	tcase_add_test(tests, redis_conn_that_broke_has_one_reason);
	tcase_add_test(tests, redis_conn_fails_for_a_name_that_nobody_knows);
	tcase_add_test(tests, redis_conn_fails_for_a_name_that_hangs);
	tcase_add_test(tests, redis_conn_can_be_closed_while_a_name_hangs);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
