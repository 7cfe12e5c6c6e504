/*-------------------------------------------------------------------------
 *
 * test_redis_node_pass.c
 *	  Unit tests of listener/src/redis/redis_node.c: a pass for patterns of all
 *	  kinds, and its pace.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "redis/redis_node_fixture.h"

/* SCAN, tags, UNLINK, renew, for each of two slices. */
#define PASS_COMMAND_COUNT 8

#define PACED_SLICE_COUNT 5

static char commands[1024];		/* name and arguments of each */
static int	scan_count;
static int64_t clock_ms;

static int64_t
read_clock(void *context)
{
	(void) context;
	return clock_ms;
}

static void
start_pass(ScriptedRedisAnswer answer)
{
	start(answer);
	commands[0] = '\0';
	scan_count = 0;
}

static void
add_patterns(const char *key, const char *tag, const char *version)
{
	add_name(&patterns, NAME_KEY, key);
	add_name(&patterns, NAME_TAG, tag);
	add_name(&patterns, NAME_VERSION, version);
}

/* --- what arrives --- */

static bool
is_sets(const redisReply *command)
{
	return scripted_redis_is(command, "EVAL") &&
		strstr(command->element[1]->str, "SREM") != NULL;
}

static const char *
name_of(const redisReply *command)
{
	if (!scripted_redis_is(command, "EVAL"))
		return command->element[0]->str;
	return is_sets(command) ? "tags" : "renew";
}

static void
note(const char *text)
{
	strncat(commands, text, sizeof(commands) - strlen(commands) - 1);
}

static void
note_command(const redisReply *command)
{
	note(name_of(command));
	for (size_t i = scripted_redis_is(command, "EVAL") ? 3 : 1; i < command->elements; i++)
	{
		note(" ");
		note(command->element[i]->str);
	}
	note(";");
}

static void
answer_names(ScriptedRedis *redis, const redisReply *command)
{
	scripted_redis_send_count(redis, command, scripted_redis_name_count(command));
}

/* A database in two slices, with names of every kind in each. */
static void
answer_scan(ScriptedRedis *redis, const redisReply *command)
{
	scan_count++;
	if (strcmp(command->element[1]->str, "0") == 0)
		scripted_redis_send(redis, "*2\r\n$2\r\n17\r\n*4\r\n$2\r\nv1\r\n$2\r\nk1\r\n"
							"$2\r\nt1\r\n$2\r\nx1\r\n");
	else
		scripted_redis_send(redis, "*2\r\n$1\r\n0\r\n*4\r\n$2\r\nv2\r\n$2\r\nk2\r\n"
							"$2\r\nt2\r\n$2\r\nx2\r\n");
}

static void
answer_pass(ScriptedRedis *redis, const redisReply *command)
{
	command_count++;
	note_command(command);
	if (scripted_redis_is(command, "SCAN"))
		answer_scan(redis, command);
	else
		answer_names(redis, command);
}

static void
scan_all_kinds(void)
{
	add_patterns("k*", "t*", "v*");
	ck_assert(redis_node_scan(node, &patterns));
	expect_scan_done(1);
}

static void
check_bad_reply(const char *reply, bool hang_up)
{
	try_bad_replies(answer_pass, PASS_COMMAND_COUNT, reply, hang_up, scan_all_kinds);
}

/* Answers deletes of sets only when the test says so. */
static void
answer_all_but_sets(ScriptedRedis *redis, const redisReply *command)
{
	if (!is_sets(command))
	{
		answer_pass(redis, command);
		return;
	}
	command_count++;
	note_command(command);
}

/* Five slices without any name that is looked for. */
static void
answer_paced_scan(ScriptedRedis *redis, const redisReply *command)
{
	static const char *const replies[PACED_SLICE_COUNT] = {
		"*2\r\n$1\r\n1\r\n*0\r\n", "*2\r\n$1\r\n2\r\n*0\r\n", "*2\r\n$1\r\n3\r\n*0\r\n",
		"*2\r\n$1\r\n4\r\n*0\r\n", "*2\r\n$1\r\n0\r\n*0\r\n"
	};

	command_count++;
	if (!scripted_redis_is(command, "SCAN"))
	{
		answer_names(redis, command);
		return;
	}
	note_command(command);
	scan_count++;
	scripted_redis_send(redis, replies[strtol(command->element[1]->str, NULL, 10)]);
}

static void
start_paced(int64_t rate)
{
	scan_rate = rate;
	test_clock = read_clock;
	clock_ms = 1000;
	start_pass(answer_paced_scan);
	scripted_redis_run_until(loop, &ready_count, 1);
	add_name(&patterns, NAME_KEY, "a*");
	ck_assert(redis_node_scan(node, &patterns));
}

static void
pass_time(int64_t ms)
{
	clock_ms += ms;
	scripted_redis_settle(loop);
}

START_TEST(redis_node_finds_names_of_all_kinds_in_one_pass)
{
	start_pass(answer_pass);
	add_patterns("k*", "t*", "v*");
	ck_assert(redis_node_scan(node, &patterns));
	expect_scan_done(0);
	ck_assert_str_eq(commands, "SCAN 0 COUNT 1000;tags t1 250;UNLINK k1;renew v1;"
					 "SCAN 17 COUNT 1000;tags t2 250;UNLINK k2;renew v2;");
	stop();
}

END_TEST

START_TEST(redis_node_sends_no_script_for_a_pass_of_key_patterns)
{
	start_pass(answer_pass);
	add_name(&patterns, NAME_KEY, "*");
	ck_assert(redis_node_scan(node, &patterns));
	expect_scan_done(0);
	ck_assert_str_eq(commands, "SCAN 0 COUNT 1000;UNLINK v1 k1 t1 x1;"
					 "SCAN 17 COUNT 1000;UNLINK v2 k2 t2 x2;");
	stop();
}

END_TEST

START_TEST(redis_node_does_all_that_a_name_of_several_kinds_asks_for)
{
	start_pass(answer_pass);
	add_patterns("t*", "t*", "t*");
	ck_assert(redis_node_scan(node, &patterns));
	expect_scan_done(0);
	ck_assert_str_eq(commands, "SCAN 0 MATCH t* COUNT 1000;tags t1 250;UNLINK t1;renew t1;"
					 "SCAN 17 MATCH t* COUNT 1000;tags t2 250;UNLINK t2;renew t2;");
	stop();
}

END_TEST

START_TEST(redis_node_deletes_a_tag_s_set_as_a_key_only_after_its_members)
{
	start_pass(answer_all_but_sets);
	add_patterns("t*", "t*", "t*");
	ck_assert(redis_node_scan(node, &patterns));
	scripted_redis_run_until(loop, &command_count, 2);
	scripted_redis_settle(loop);
	ck_assert_str_eq(commands, "SCAN 0 MATCH t* COUNT 1000;tags t1 250;");
	scripted_redis_send(&server, "*1\r\n:0\r\n");
	scripted_redis_run_until(loop, &command_count, 3);
	scripted_redis_settle(loop);
	ck_assert_str_eq(commands, "SCAN 0 MATCH t* COUNT 1000;tags t1 250;tags t1 250;");
	scripted_redis_send(&server, "*1\r\n:1\r\n");
	scripted_redis_run_until(loop, &command_count, 7);
	ck_assert_ptr_nonnull(strstr(commands, ";UNLINK t1;renew t1;SCAN 17 "));
	stop();
}

END_TEST

START_TEST(redis_node_repeats_a_pass_of_all_kinds_after_a_bad_reply)
{
	check_bad_reply("-READONLY no\r\n", false);
	check_bad_reply("+OK\r\n", false);
	check_bad_reply(":-1\r\n", false);
	check_bad_reply(":1001\r\n", false);
	check_bad_reply(NULL, false);
	check_bad_reply(NULL, true);
}

END_TEST

START_TEST(redis_node_deletes_sets_for_batch_and_pass_by_turns)
{
	start_pass(answer_all_but_sets);
	add_name(&patterns, NAME_TAG, "t1");
	ck_assert(redis_node_scan(node, &patterns));
	scripted_redis_run_until(loop, &command_count, 2);
	add_name(&names, NAME_TAG, "b");
	redis_node_apply(node, REDIS_LANE_QUICK, &names);
	scripted_redis_settle(loop);
	ck_assert_int_eq(command_count, 2);
	for (int i = 0; i < 4; i++)
	{
		scripted_redis_send(&server, "*1\r\n:0\r\n");
		scripted_redis_run_until(loop, &command_count, 3 + i);
	}
	ck_assert_str_eq(commands, "SCAN 0 MATCH t1 COUNT 1000;tags t1 250;tags b 250;"
					 "tags t1 250;tags b 250;tags t1 250;");
	stop();
}

END_TEST

START_TEST(redis_node_forgets_what_an_abandoned_pass_found)
{
	start_pass(answer_all_but_sets);
	add_name(&patterns, NAME_TAG, "t*");
	ck_assert(redis_node_scan(node, &patterns));
	scripted_redis_run_until(loop, &command_count, 2);
	redis_node_abandon(node);
	scripted_redis_send(&server, "*1\r\n:0\r\n");
	scripted_redis_settle(loop);
	ck_assert_int_eq(command_count, 2);
	server.answer = answer_pass;
	ck_assert(redis_node_scan(node, &patterns));
	expect_scan_done(0);
	stop();
}

END_TEST

/* --- pace --- */

START_TEST(redis_node_paces_a_pass_by_the_scan_rate)
{
	int64_t		begin_ms;

	start_paced(1000);
	begin_ms = clock_ms;
	while (scan_done_count == 0)
	{
		ck_assert(loop_turn(loop, 1));
		ck_assert_int_le(scan_count * 100, clock_ms - begin_ms);
		clock_ms++;
	}
	ck_assert_int_eq(scan_count, PACED_SLICE_COUNT);
	ck_assert_int_le(clock_ms - begin_ms, PACED_SLICE_COUNT * 110);
	ck_assert_int_eq(strncmp(commands, "SCAN 0 MATCH a* COUNT 100;", 26), 0);
	stop();
}

END_TEST

START_TEST(redis_node_asks_for_small_slices_at_a_low_scan_rate)
{
	start_paced(20);
	pass_time(549);
	ck_assert_str_eq(commands, "");
	pass_time(1);
	ck_assert_str_eq(commands, "SCAN 0 MATCH a* COUNT 10;");
	stop();
}

END_TEST

START_TEST(redis_node_does_not_wait_without_a_scan_rate)
{
	start_paced(0);
	scripted_redis_run_until(loop, &scan_done_count, 1);
	ck_assert_int_eq(clock_ms, 1000);
	stop();
}

END_TEST

/* Before and after it is connected, and again over another connection. */
START_TEST(redis_node_sends_keys_before_a_pass_that_begins_later)
{
	for (int i = 0; i < 3; i++)
	{
		start_pass(answer_pass);
		if (i > 0)
			scripted_redis_run_until(loop, &ready_count, 1);
		add_name(&names, NAME_KEY, "schemes:t");
		add_name(&patterns, NAME_SET, "conj:t:*");
		redis_node_apply(node, REDIS_LANE_QUICK, &names);
		ck_assert(redis_node_scan(node, &patterns));
		if (i == 2)
		{
			scripted_redis_hang_up(&server);
			scripted_redis_run_until(loop, &lost_count, 1);
			commands[0] = '\0';
		}
		scripted_redis_run_until(loop, &scan_done_count, 1);
		ck_assert_int_eq(strncmp(commands, "UNLINK schemes:t;SCAN 0 ", 24), 0);
		stop();
	}
}

END_TEST

START_TEST(redis_node_applies_names_while_a_pass_waits)
{
	start_paced(10);
	for (int i = 1; i <= 3; i++)
	{
		for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
			add_names(kind, KEY_COUNT);
		redis_node_apply(node, REDIS_LANE_QUICK, &names);
		scripted_redis_run_until(loop, &apply_done_count, i);
	}
	ck_assert_int_eq(clock_ms, 1000);
	ck_assert_int_eq(scan_count, 0);
	stop();
}

END_TEST

/* What a pass had under way must not keep others waiting for its next slice. */
START_TEST(redis_node_deletes_sets_for_a_batch_after_those_of_a_pass_were_lost)
{
	scan_rate = 1000;
	test_clock = read_clock;
	start_pass(answer_all_but_sets);
	scripted_redis_run_until(loop, &ready_count, 1);
	add_name(&patterns, NAME_TAG, "t*");
	ck_assert(redis_node_scan(node, &patterns));
	pass_time(101);
	ck_assert_str_eq(commands, "SCAN 0 MATCH t* COUNT 100;tags t1 250;");
	scripted_redis_hang_up(&server);
	server.answer = answer_pass;
	scripted_redis_run_until(loop, &lost_count, 1);
	pass_time(10);
	add_name(&names, NAME_TAG, "b");
	redis_node_apply(node, REDIS_LANE_QUICK, &names);
	scripted_redis_run_until(loop, &apply_done_count, 1);
	ck_assert_int_eq(scan_count, 1);
	stop();
}

END_TEST

START_TEST(redis_node_waits_no_longer_for_an_abandoned_pass)
{
	start_paced(10);
	redis_node_abandon(node);
	pass_time(60000);
	ck_assert_int_eq(scan_count, 0);
	ck_assert(redis_node_scan(node, &patterns));
	pass_time(1099);
	ck_assert_int_eq(scan_count, 0);
	pass_time(1);
	ck_assert_int_eq(scan_count, 1);
	stop();
}

END_TEST

START_TEST(redis_node_paces_a_pass_that_begins_again)
{
	start_paced(1000);
	pass_time(101);
	pass_time(101);
	ck_assert_int_eq(scan_count, 2);
	scripted_redis_hang_up(&server);
	scripted_redis_run_until(loop, &lost_count, 1);
	pass_time(10);
	ck_assert_int_eq(ready_count, 2);
	ck_assert_int_eq(scan_count, 2);
	pass_time(90);
	ck_assert_int_eq(scan_count, 2);
	pass_time(1);
	ck_assert_int_eq(scan_count, 3);
	ck_assert_ptr_nonnull(strstr(commands, ";SCAN 1 MATCH a* COUNT 100;SCAN 0 "));
	stop();
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_node_pass");
	TCase	   *tests = tcase_create("redis_node_pass");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, redis_node_finds_names_of_all_kinds_in_one_pass);
	tcase_add_test(tests, redis_node_sends_no_script_for_a_pass_of_key_patterns);
	tcase_add_test(tests, redis_node_does_all_that_a_name_of_several_kinds_asks_for);
	tcase_add_test(tests, redis_node_deletes_a_tag_s_set_as_a_key_only_after_its_members);
	tcase_add_test(tests, redis_node_repeats_a_pass_of_all_kinds_after_a_bad_reply);
	tcase_add_test(tests, redis_node_deletes_sets_for_batch_and_pass_by_turns);
	tcase_add_test(tests, redis_node_forgets_what_an_abandoned_pass_found);
	tcase_add_test(tests, redis_node_paces_a_pass_by_the_scan_rate);
	tcase_add_test(tests, redis_node_asks_for_small_slices_at_a_low_scan_rate);
	tcase_add_test(tests, redis_node_does_not_wait_without_a_scan_rate);
	tcase_add_test(tests, redis_node_sends_keys_before_a_pass_that_begins_later);
	tcase_add_test(tests, redis_node_applies_names_while_a_pass_waits);
	tcase_add_test(tests, redis_node_deletes_sets_for_a_batch_after_those_of_a_pass_were_lost);
	tcase_add_test(tests, redis_node_waits_no_longer_for_an_abandoned_pass);
	tcase_add_test(tests, redis_node_paces_a_pass_that_begins_again);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
