/*-------------------------------------------------------------------------
 *
 * test_redis_node_scan.c
 *	  Unit tests of listener/src/redis/redis_node.c: passes over the database,
 *	  and with them of redis_scan.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "redis/redis_node_internal.h"
#include "redis/redis_node_fixture.h"

#define SCAN_COMMAND_COUNT 4	/* SCAN, UNLINK, SCAN, UNLINK */

static char scans[512];			/* arguments of each SCAN */
static char deleted[512];		/* keys that a pass found */

static void
start_scan(ScriptedRedisAnswer answer)
{
	start(answer);
	scans[0] = deleted[0] = '\0';
}

static void
add_pattern(const char *pattern)
{
	add_name(&patterns, NAME_KEY, pattern);
}

/* --- answers to SCAN --- */

static void
note_arguments(char *text, size_t text_bytes, const redisReply *command)
{
	for (size_t i = 1; i < command->elements; i++)
	{
		strncat(text, command->element[i]->str, text_bytes - strlen(text) - 1);
		strncat(text, i + 1 < command->elements ? " " : ";",
				text_bytes - strlen(text) - 1);
	}
}

/* A database in two slices: cursor 0 leads to 17, which leads to 0. */
static void
scan_two_slices(ScriptedRedis *redis, const redisReply *command)
{
	command_count++;
	if (scripted_redis_is(command, "UNLINK"))
	{
		note_arguments(deleted, sizeof(deleted), command);
		scripted_redis_send(redis, ":1\r\n");
		return;
	}
	ck_assert(scripted_redis_is(command, "SCAN"));
	note_arguments(scans, sizeof(scans), command);
	if (strcmp(command->element[1]->str, "0") == 0)
		scripted_redis_send(redis, "*2\r\n$2\r\n17\r\n*3\r\n$2\r\na1\r\n$2\r\nb1\r\n$2\r\nc1\r\n");
	else
		scripted_redis_send(redis, "*2\r\n$1\r\n0\r\n*2\r\n$2\r\na2\r\n$2\r\nc2\r\n");
}

static void
scan_keys(void)
{
	add_pattern("a*");
	ck_assert(redis_node_scan(node, &patterns));
	expect_scan_done(1);
}

static void
check_bad_scan(const char *reply, bool hang_up)
{
	try_bad_replies(scan_two_slices, SCAN_COMMAND_COUNT, reply, hang_up, scan_keys);
}

static void
answer_scan_with(const char *reply)
{
	start_badly(scan_two_slices, 1, reply, false);
	scan_keys();
	stop();
}

/* Leaves SCAN without an answer; UNLINK gets one. */
static void
answer_unlink_only(ScriptedRedis *redis, const redisReply *command)
{
	command_count++;
	if (scripted_redis_is(command, "UNLINK"))
		scripted_redis_send(redis, ":1\r\n");
}

START_TEST(redis_node_unlinks_what_a_pattern_matches)
{
	start_scan(scan_two_slices);
	add_pattern("a*");
	ck_assert(redis_node_scan(node, &patterns));
	expect_scan_done(0);
	ck_assert_str_eq(deleted, "a1;a2;");
	ck_assert_str_eq(scans, "0 MATCH a* COUNT 1000;17 MATCH a* COUNT 1000;");
	stop();
}

END_TEST

START_TEST(redis_node_scans_once_for_many_patterns)
{
	start_scan(scan_two_slices);
	add_pattern("a*");
	add_pattern("c?");
	ck_assert(redis_node_scan(node, &patterns));
	expect_scan_done(0);
	ck_assert_str_eq(deleted, "a1 c1;a2 c2;");
	ck_assert_str_eq(scans, "0 COUNT 1000;17 COUNT 1000;");
	stop();
}

END_TEST

START_TEST(redis_node_ends_a_pass_that_finds_nothing)
{
	start_scan(scan_two_slices);
	add_pattern("nothing*");
	ck_assert(redis_node_scan(node, &patterns));
	expect_scan_done(0);
	ck_assert_str_eq(deleted, "");
	stop();
}

END_TEST

START_TEST(redis_node_repeats_the_pass_after_an_error_reply)
{
	check_bad_scan("-LOADING wait\r\n", false);
}

END_TEST

START_TEST(redis_node_repeats_the_pass_after_a_reply_of_another_type)
{
	check_bad_scan("+OK\r\n", false);
}

END_TEST

START_TEST(redis_node_repeats_the_pass_when_the_connection_ends)
{
	check_bad_scan(NULL, true);
}

END_TEST

START_TEST(redis_node_repeats_the_pass_after_silence)
{
	check_bad_scan(NULL, false);
}

END_TEST

START_TEST(redis_node_refuses_answers_to_scan_that_are_not_redis)
{
	answer_scan_with(":0\r\n");
	answer_scan_with("*0\r\n");
	answer_scan_with("*1\r\n$1\r\n0\r\n");
	answer_scan_with("*2\r\n:0\r\n*0\r\n");
	answer_scan_with("*2\r\n$1\r\n0\r\n:1\r\n");
	answer_scan_with("*2\r\n$1\r\nx\r\n*0\r\n");
	answer_scan_with("*2\r\n$0\r\n\r\n*0\r\n");
	answer_scan_with("*2\r\n$2\r\n-1\r\n*0\r\n");
	answer_scan_with("*2\r\n$24\r\n111111111111111111111111\r\n*0\r\n");
	answer_scan_with("*2\r\n$1\r\n0\r\n*1\r\n:1\r\n");
	answer_scan_with("*2\r\n$1\r\n0\r\n*1\r\n$-1\r\n");
	answer_scan_with("*3\r\n$1\r\n0\r\n*0\r\n:1\r\n");
}

END_TEST

START_TEST(redis_node_sends_keys_while_a_scan_is_under_way)
{
	start_scan(answer_unlink_only);
	scripted_redis_run_until(loop, &ready_count, 1);
	add_pattern("a*");
	ck_assert(redis_node_scan(node, &patterns));
	add_names(NAME_KEY, KEY_COUNT);
	redis_node_apply(node, REDIS_LANE_QUICK, &names);
	scripted_redis_run_until(loop, &command_count, 1 + KEY_COMMAND_COUNT);
	stop();
}

END_TEST

START_TEST(redis_node_does_both_kinds_of_work)
{
	start_scan(scan_two_slices);
	add_pattern("a*");
	ck_assert(redis_node_scan(node, &patterns));
	add_names(NAME_KEY, KEY_COUNT);
	redis_node_apply(node, REDIS_LANE_QUICK, &names);
	scripted_redis_run_until(loop, &apply_done_count, 1);
	expect_scan_done(0);
	ck_assert_int_eq(apply_done_count, 1);
	stop();
}

END_TEST

START_TEST(redis_node_forgets_an_abandoned_pass)
{
	start_scan(answer_unlink_only);
	add_pattern("a*");
	ck_assert(redis_node_scan(node, &patterns));
	scripted_redis_run_until(loop, &command_count, 1);
	redis_node_abandon(node);
	server.answer = scan_two_slices;
	scripted_redis_send(&server, "*2\r\n$1\r\n0\r\n*1\r\n$2\r\na9\r\n");
	ck_assert(redis_node_scan(node, &patterns));
	expect_scan_done(0);
	ck_assert_str_eq(deleted, "a1;a2;");
	stop();
}

END_TEST

/* Names can be deleted: that says nothing of SCAN. */
static void
deny_scan(ScriptedRedis *redis, const redisReply *command)
{
	scripted_redis_send(redis, scripted_redis_is(command, "SCAN") ?
						"-NOPERM this user has no permissions\r\n" : ":1\r\n");
}

START_TEST(redis_node_backs_off_until_what_was_denied_is_done)
{
	start(deny_scan);
	/* a busy machine must not make a short connection one that has lasted */
	node->settings.backoff_cap_ms = SCRIPTED_REDIS_PATIENCE_MS;
	add_pattern("a*");
	add_names(NAME_KEY, 1);
	ck_assert(redis_node_scan(node, &patterns));
	for (int round = 1; round <= 5; round++)
	{
		redis_node_apply(node, REDIS_LANE_QUICK, &names);
		scripted_redis_run_until(loop, &apply_done_count, round);
		scripted_redis_run_until(loop, &lost_count, round);
	}
	ck_assert_uint_ge(node->backoff.failure_count, 5);
	ck_assert_int_eq(node->failures.kind_count, 1);
	server.answer = scan_two_slices;
	scripted_redis_run_until(loop, &scan_done_count, 1);
	ck_assert_uint_eq(node->backoff.failure_count, 0);
	ck_assert(!failure_log_is_open(&node->failures));
	stop();
}

END_TEST

START_TEST(redis_node_counts_the_keys_that_were_there)
{
	start_scan(scan_two_slices);
	add_pattern("a*");
	ck_assert(redis_node_scan(node, &patterns));
	expect_scan_done(0);
	ck_assert_uint_eq(redis_node_keys(node)->named_count, 2);
	ck_assert_uint_eq(redis_node_keys(node)->deleted_count, 2);
	stop();
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_node_scan");
	TCase	   *tests = tcase_create("redis_node_scan");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, redis_node_unlinks_what_a_pattern_matches);
	tcase_add_test(tests, redis_node_scans_once_for_many_patterns);
	tcase_add_test(tests, redis_node_ends_a_pass_that_finds_nothing);
	tcase_add_test(tests, redis_node_repeats_the_pass_after_an_error_reply);
	tcase_add_test(tests, redis_node_repeats_the_pass_after_a_reply_of_another_type);
	tcase_add_test(tests, redis_node_repeats_the_pass_when_the_connection_ends);
	tcase_add_test(tests, redis_node_repeats_the_pass_after_silence);
	tcase_add_test(tests, redis_node_refuses_answers_to_scan_that_are_not_redis);
	tcase_add_test(tests, redis_node_sends_keys_while_a_scan_is_under_way);
	tcase_add_test(tests, redis_node_does_both_kinds_of_work);
	tcase_add_test(tests, redis_node_forgets_an_abandoned_pass);
	tcase_add_test(tests, redis_node_backs_off_until_what_was_denied_is_done);
	tcase_add_test(tests, redis_node_counts_the_keys_that_were_there);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
