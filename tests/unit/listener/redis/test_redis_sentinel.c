/*-------------------------------------------------------------------------
 *
 * test_redis_sentinel.c
 *	  Unit tests of listener/src/redis/redis_sentinel.c and redis_sentinel_answer.c: who is
 *	  asked, and what is made of the answer.
 *
 * The sentinels' names lead to unix sockets of scripted servers.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fake_names.h"
#include "redis/redis_sentinel.h"
#include "redis/scripted_redis.h"

#define COUNT 3
#define NAMES(host, port) "*2\r\n$" host "\r\n$" port "\r\n"
#define NAMES_A NAMES("8\r\n10.0.0.1", "4\r\n6379")
#define NAMES_B NAMES("7\r\nb.redis", "4\r\n6380")
#define AT(number) " (sentinel s" number ":26379)"

static const char *const names[COUNT] = {"s1", "s2", "s3"};

static Loop *loop;
static ScriptedRedis servers[COUNT];
static const char *answers[COUNT];	/* of each; NULL is silence */
static int	asked_counts[COUNT];
static RedisUrl url;
static RedisSentinel *sentinel;
static int	found_count;
static int	moved_count;
static int	failure_count;
static int	unanswered_count;
static int	answered_count;
static RedisFailure last_failure;
static char last_reason[REDIS_SENTINEL_TEXT_BYTES];

static void
note_found(void *context)
{
	(void) context;
	found_count++;
}

static void
note_failed(void *context, RedisFailure failure, const char *reason)
{
	(void) context;
	failure_count++;
	last_failure = failure;
	snprintf(last_reason, sizeof(last_reason), "%s", reason);
}

static void
note_moved(void *context)
{
	(void) context;
	moved_count++;
}

static void
note_watched(void *context, bool is_answered)
{
	(void) context;
	if (is_answered)
		answered_count++;
	else
		unanswered_count++;
}

static const RedisSentinelEvents events = {
	.found = note_found,.moved = note_moved,.watched = note_watched,.failed = note_failed
};

static void
answer(ScriptedRedis *server, const redisReply *command)
{
	size_t		index = (size_t) (server - servers);

	ck_assert_uint_eq(command->elements, 3);
	ck_assert_str_eq(command->element[0]->str, "SENTINEL");
	ck_assert_str_eq(command->element[1]->str, "get-master-addr-by-name");
	ck_assert_str_eq(command->element[2]->str, "mymaster");
	asked_counts[index]++;
	if (answers[index] != NULL)
		scripted_redis_send(server, answers[index]);
}

static void
set_up(void)
{
	static const RedisConnTimeouts timeouts = {300, 300};
	char		error[256];

	loop = loop_create();
	ck_assert_ptr_nonnull(loop);
	ck_assert(url_parse("redis+sentinel://u:p@s1,s2,s3/mymaster/3", &url, error, sizeof(error)));
	for (size_t i = 0; i < COUNT; i++)
	{
		scripted_redis_start(&servers[i], loop, answer);
		fake_names_set(names[i], 0, false, servers[i].path, NULL);
		answers[i] = NAMES_A;
		asked_counts[i] = 0;
	}
	found_count = moved_count = failure_count = 0;
	unanswered_count = answered_count = 0;
	sentinel = redis_sentinel_create(loop, &url, &timeouts, &events, NULL);
	ck_assert_ptr_nonnull(sentinel);
}

static void
tear_down(void)
{
	redis_sentinel_destroy(sentinel);
	for (size_t i = 0; i < COUNT; i++)
		scripted_redis_stop(&servers[i]);
	url_reset(&url);
	loop_destroy(loop);
}

static void
expect_server(const char *host, int port)
{
	const RedisUrl *server = redis_sentinel_server(sentinel);

	ck_assert_str_eq(server->host, host);
	ck_assert_int_eq(server->port, port);
	ck_assert_int_eq(server->database, 3);
	ck_assert_str_eq(server->username, "u");
	ck_assert_str_eq(server->password, "p");
}

static void
find(void)
{
	int			goal = found_count + 1;

	redis_sentinel_begin(sentinel);
	scripted_redis_run_until(loop, &found_count, goal);
}

static void
expect_failure(const char *reason)
{
	scripted_redis_run_until(loop, &failure_count, 1);
	ck_assert_str_eq(last_reason, reason);
}

static void
expect_asked(int first, int second, int third)
{
	ck_assert_int_eq(asked_counts[0], first);
	ck_assert_int_eq(asked_counts[1], second);
	ck_assert_int_eq(asked_counts[2], third);
}

/* All but the last one say this, which names a server. */
static void
expect_passed(const char *text, const char *problem)
{
	char		expected[REDIS_SENTINEL_TEXT_BYTES];
	RedisFailure failure;

	answers[0] = text;
	find();
	ck_assert(redis_sentinel_tell(sentinel, &failure, last_reason, sizeof(last_reason)));
	snprintf(expected, sizeof(expected), "%s" AT("1"), problem);
	ck_assert_str_eq(last_reason, expected);
	ck_assert_int_eq(failure, REDIS_FAILURE_SENTINEL);
	expect_server("10.0.0.1", 6379);
	ck_assert_int_eq(asked_counts[1], 1);
}

START_TEST(redis_sentinel_asks_the_first_and_nobody_else)
{
	RedisFailure failure;

	find();
	expect_server("10.0.0.1", 6379);
	ck_assert(!redis_sentinel_tell(sentinel, &failure, last_reason, sizeof(last_reason)));
	ck_assert_str_eq(last_reason, "");
	expect_asked(1, 0, 0);
	ck_assert_int_eq(failure_count, 0);
}

END_TEST

START_TEST(redis_sentinel_asks_anew_each_time)
{
	find();
	redis_sentinel_keep(sentinel);
	answers[0] = NAMES_B;
	find();
	expect_server("b.redis", 6380);
	expect_asked(2, 0, 0);
}

END_TEST

START_TEST(redis_sentinel_begins_with_the_one_that_named_the_server)
{
	answers[0] = answers[1] = "*-1\r\n";
	find();
	redis_sentinel_keep(sentinel);
	expect_asked(1, 1, 1);
	find();
	expect_asked(1, 1, 2);
	answers[2] = "*-1\r\n";
	answers[0] = NAMES_B;
	find();
	/* the others keep their order */
	expect_asked(2, 1, 3);
	expect_server("b.redis", 6380);
}

END_TEST

START_TEST(redis_sentinel_keeps_the_order_if_the_server_is_not_used)
{
	answers[0] = "*-1\r\n";
	find();
	find();
	expect_asked(2, 2, 0);
}

END_TEST

static const struct
{
	const char *text;
	const char *problem;
}			passed[] = {
	{"*-1\r\n", REDIS_ERROR_SENTINEL_NAME},
	{"$-1\r\n", REDIS_ERROR_SENTINEL_NAME},
	{"-NOAUTH Authentication required.\r\n", "it refuses: NOAUTH Authentication required."},
	{"-NOPERM this user has no permissions\r\n", "it refuses: NOPERM this user has no permissions"},
	{"-ERR unknown command 'SENTINEL'\r\n", "it refuses: ERR unknown command 'SENTINEL'"},
	{"-IDONTKNOW\r\n", "it refuses: IDONTKNOW"},
	{"+OK\r\n", "it does not answer as a sentinel: what it names is no address"},
	{":1\r\n", "it does not answer as a sentinel: what it names is no address"},
	{"*0\r\n", "it does not answer as a sentinel: what it names is no address"},
	{"*1\r\n$1\r\nh\r\n", "it does not answer as a sentinel: what it names is no address"},
	{"*3\r\n$1\r\nh\r\n$1\r\n1\r\n$1\r\n1\r\n", "it does not answer as a sentinel: what it names is no address"},
	{"*2\r\n$1\r\nh\r\n:6379\r\n", "it does not answer as a sentinel: what it names is no address"},
	{"*2\r\n*1\r\n$1\r\nh\r\n$1\r\n1\r\n", "it does not answer as a sentinel: what it names is no address"},
	{NAMES("0\r\n", "4\r\n6379"), "it does not answer as a sentinel: what it names is no address"},
	{NAMES("3\r\na b", "4\r\n6379"), "it does not answer as a sentinel: what it names is no address"},
	{NAMES("3\r\nh:1", "4\r\n6379"), "it does not answer as a sentinel: what it names is no address"},
	{NAMES("1\r\nh", "1\r\n0"), "it does not answer as a sentinel: what it names is no address"},
	{NAMES("1\r\nh", "5\r\n65536"), "it does not answer as a sentinel: what it names is no address"},
	{NAMES("1\r\nh", "2\r\n-1"), "it does not answer as a sentinel: what it names is no address"},
	{NAMES("1\r\nh", "0\r\n"), "it does not answer as a sentinel: what it names is no address"},
	{NULL, "no reply before the deadline"},
};

START_TEST(redis_sentinel_passes_over_one_that_does_not_name_a_server)
{
	expect_passed(passed[_i].text, passed[_i].problem);
}

END_TEST

START_TEST(redis_sentinel_passes_over_one_that_does_not_speak_the_protocol)
{
	answers[0] = "HTTP/1.1 400 Bad Request\r\n";
	find();
	expect_asked(1, 1, 0);
}

END_TEST

START_TEST(redis_sentinel_passes_over_one_where_nobody_listens)
{
	fake_names_set("s1", 0, false, "/nowhere", NULL);
	expect_passed(NULL, "No such file or directory");
}

END_TEST

START_TEST(redis_sentinel_passes_over_one_whose_name_hangs)
{
	fake_names_set("s1", 0, true, servers[0].path, NULL);
	expect_passed(NULL, "cannot resolve the host name: no reply from the name service");
	fake_names_set("s1", 0, false, servers[0].path, NULL);
}

END_TEST

START_TEST(redis_sentinel_tells_who_was_asked_when_none_is_left)
{
	fake_names_set("s1", 0, false, "/nowhere", NULL);
	answers[1] = "*-1\r\n";
	answers[2] = "-NOAUTH x\r\n";
	redis_sentinel_begin(sentinel);
	expect_failure("it does not know the master's name (sentinel s2:26379)"
				   "; sentinel s1:26379: No such file or directory; sentinel s3:26379: it refuses: NOAUTH x");
	ck_assert_int_eq(last_failure, REDIS_FAILURE_SENTINEL);
	ck_assert_int_eq(redis_error_kind(last_failure, last_reason)->reaction, REDIS_REACTION_ALARM);
	ck_assert_int_eq(found_count, 0);
}

END_TEST

START_TEST(redis_sentinel_asks_the_next_one_if_the_server_is_a_replica)
{
	RedisFailure failure;

	answers[1] = NAMES_B;
	find();
	redis_sentinel_refuse(sentinel, REDIS_FAILURE_REPLY, REDIS_ERROR_REPLICA);
	scripted_redis_run_until(loop, &found_count, 2);
	expect_server("b.redis", 6380);
	ck_assert(redis_sentinel_tell(sentinel, &failure, last_reason, sizeof(last_reason)));
	ck_assert_str_eq(last_reason, "it names a replica: 10.0.0.1:6379" AT("1"));
	redis_sentinel_keep(sentinel);
	find();
	expect_asked(1, 2, 0);
}

END_TEST

START_TEST(redis_sentinel_does_not_find_a_refused_server_twice)
{
	find();
	redis_sentinel_refuse(sentinel, REDIS_FAILURE_CONNECTION, "Connection refused");
	expect_failure("it names a server that cannot be reached: 10.0.0.1:6379: Connection refused"
				   " (sentinel s1:26379); sentinel s2:26379: names the same server"
				   "; sentinel s3:26379: names the same server");
	ck_assert_int_eq(found_count, 1);
	ck_assert_int_eq(redis_error_kind(last_failure, last_reason)->reaction, REDIS_REACTION_RETRY);
	/* the next attempt does */
	find();
	expect_asked(2, 1, 1);
}

END_TEST

START_TEST(redis_sentinel_keeps_what_the_server_answers)
{
	find();
	redis_sentinel_refuse(sentinel, REDIS_FAILURE_REPLY, "NOAUTH Authentication required.");
	scripted_redis_run_until(loop, &failure_count, 1);
	ck_assert_int_eq(last_failure, REDIS_FAILURE_REPLY);
	ck_assert_str_eq(last_reason, "NOAUTH Authentication required., says the server 10.0.0.1:6379" AT("1")
					 "; sentinel s2:26379: names the same server; sentinel s3:26379: names the same server");
}

END_TEST

START_TEST(redis_sentinel_is_asked_again_while_the_server_is_used)
{
	find();
	redis_sentinel_keep(sentinel);
	scripted_redis_run_until(loop, &asked_counts[0], 3);
	/* over one connection */
	ck_assert_int_eq(servers[0].connection_count, 1);
	ck_assert_int_eq(moved_count, 0);
	answers[0] = NAMES_B;
	scripted_redis_run_until(loop, &moved_count, 1);
	expect_server("10.0.0.1", 6379);
	ck_assert_int_eq(found_count, 1);
	redis_sentinel_end(sentinel);
	find();
	expect_server("b.redis", 6380);
	expect_asked(5, 0, 0);
}

END_TEST

START_TEST(redis_sentinel_asks_others_while_the_server_is_used)
{
	find();
	redis_sentinel_keep(sentinel);
	scripted_redis_hang_up(&servers[0]);
	scripted_redis_settle(loop);
	/* it is there again, over another connection */
	scripted_redis_run_until(loop, &asked_counts[0], 2);
	ck_assert_int_eq(servers[0].connection_count, 2);
	answers[0] = NULL;
	scripted_redis_run_until(loop, &asked_counts[1], 2);
	expect_asked(3, 2, 0);
	ck_assert_int_eq(moved_count + failure_count + unanswered_count, 0);
}

END_TEST

START_TEST(redis_sentinel_leaves_the_server_in_use_while_none_answers)
{
	find();
	redis_sentinel_keep(sentinel);
	answers[0] = answers[1] = answers[2] = "*-1\r\n";
	scripted_redis_run_until(loop, &asked_counts[2], 2);
	expect_asked(3, 2, 2);
	ck_assert_int_eq(moved_count + failure_count, 0);
	expect_server("10.0.0.1", 6379);
	/* said once, as long as it lasts */
	ck_assert_int_eq(unanswered_count, 1);
	ck_assert_int_eq(answered_count, 0);
	answers[1] = NAMES_A;
	scripted_redis_run_until(loop, &answered_count, 1);
	answers[1] = "*-1\r\n";
	scripted_redis_run_until(loop, &unanswered_count, 2);
	ck_assert_int_eq(answered_count, 1);
}

END_TEST

START_TEST(redis_sentinel_that_is_ended_says_nothing)
{
	redis_sentinel_begin(sentinel);
	redis_sentinel_end(sentinel);
	scripted_redis_settle(loop);
	ck_assert_int_eq(found_count + failure_count, 0);
	find();
}

END_TEST

START_TEST(redis_sentinel_gives_each_problem_its_advice)
{
	static const struct
	{
		const char *text;
		const char *part;
		RedisReaction reaction;
	}			kinds[] = {
		{"READONLY x", "asked for the new master", REDIS_REACTION_RETRY},
		{REDIS_ERROR_SENTINEL_MOVED, "the new master", REDIS_REACTION_RETRY},
		{REDIS_ERROR_SENTINEL_NAME, "sentinel monitor", REDIS_REACTION_ALARM},
		{REDIS_ERROR_SENTINEL_REPLICA "h:1", "SENTINEL MASTERS", REDIS_REACTION_RETRY},
		{REDIS_ERROR_SENTINEL_PASSWORD "x", "correct the file", REDIS_REACTION_ALARM},
		{REDIS_ERROR_SENTINEL_NONSENSE "x", "26379", REDIS_REACTION_ALARM},
		{REDIS_ERROR_SENTINEL_REPLY "NOAUTH x", "set sentinel_password_file", REDIS_REACTION_ALARM},
		{REDIS_ERROR_SENTINEL_REPLY "WRONGPASS x", "sentinel_username", REDIS_REACTION_ALARM},
		{REDIS_ERROR_SENTINEL_REPLY "ERR AUTH x", "leave sentinel_password_file out", REDIS_REACTION_ALARM},
		{REDIS_ERROR_SENTINEL_REPLY "NOPERM x", "+sentinel|get-master-addr-by-name", REDIS_REACTION_ALARM},
		{REDIS_ERROR_SENTINEL_REPLY "ERR unknown command", "not a sentinel", REDIS_REACTION_ALARM},
		{REDIS_ERROR_SENTINEL_REPLY "ERR else", "sentinel's log", REDIS_REACTION_ALARM},
		{REDIS_ERROR_SENTINEL_SERVER "h:1: refused", "down-after-milliseconds", REDIS_REACTION_RETRY},
		{REDIS_ERROR_SENTINEL_SERVER "h:1: " REDIS_ERROR_TLS_HOST, "tls_server_name", REDIS_REACTION_ALARM},
		{REDIS_ERROR_TLS_CA " x", "tls_ca_file", REDIS_REACTION_ALARM},
		{"cannot resolve the host name: x", "DNS", REDIS_REACTION_RETRY},
		{"Connection refused", "check that the sentinels are running", REDIS_REACTION_RETRY},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
	{
		const RedisErrorKind *kind = redis_error_kind(REDIS_FAILURE_SENTINEL, kinds[i].text);

		ck_assert_msg(strstr(kind->advice, kinds[i].part) != NULL, "%s: %s", kinds[i].text, kind->advice);
		ck_assert_int_eq(kind->reaction, kinds[i].reaction);
	}
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_sentinel");
	TCase	   *tests = tcase_create("redis_sentinel");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 30);
	tcase_add_test(tests, redis_sentinel_asks_the_first_and_nobody_else);
	tcase_add_test(tests, redis_sentinel_asks_anew_each_time);
	tcase_add_test(tests, redis_sentinel_begins_with_the_one_that_named_the_server);
	tcase_add_test(tests, redis_sentinel_keeps_the_order_if_the_server_is_not_used);
	tcase_add_loop_test(tests, redis_sentinel_passes_over_one_that_does_not_name_a_server, 0,
						sizeof(passed) / sizeof(passed[0]));
	tcase_add_test(tests, redis_sentinel_passes_over_one_that_does_not_speak_the_protocol);
	tcase_add_test(tests, redis_sentinel_passes_over_one_where_nobody_listens);
	tcase_add_test(tests, redis_sentinel_passes_over_one_whose_name_hangs);
	tcase_add_test(tests, redis_sentinel_tells_who_was_asked_when_none_is_left);
	tcase_add_test(tests, redis_sentinel_asks_the_next_one_if_the_server_is_a_replica);
	tcase_add_test(tests, redis_sentinel_does_not_find_a_refused_server_twice);
	tcase_add_test(tests, redis_sentinel_keeps_what_the_server_answers);
	tcase_add_test(tests, redis_sentinel_is_asked_again_while_the_server_is_used);
	tcase_add_test(tests, redis_sentinel_asks_others_while_the_server_is_used);
	tcase_add_test(tests, redis_sentinel_leaves_the_server_in_use_while_none_answers);
	tcase_add_test(tests, redis_sentinel_that_is_ended_says_nothing);
	tcase_add_test(tests, redis_sentinel_gives_each_problem_its_advice);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
