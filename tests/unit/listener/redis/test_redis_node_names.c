/*-------------------------------------------------------------------------
 *
 * test_redis_node_names.c
 *	  Unit tests of listener/src/redis/redis_node.c: tags, versions, sets and images
 *	  of a batch, and with them of redis_work.c, redis_queue.c and redis_script.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "redis/redis_script.h"
#include "redis/redis_node_fixture.h"

/* 250 tags, sets or images that are all finished at once are three commands, as keys are. */
#define COMMAND_COUNT (NAME_KIND_COUNT * KEY_COMMAND_COUNT)

static char commands[1024];		/* kind and arguments of each */

static void
start_names(ScriptedRedisAnswer answer)
{
	commands[0] = '\0';
	start(answer);
}

/* --- what arrives --- */

static bool
is_sets(const redisReply *command)
{
	return scripted_redis_is(command, "EVAL") &&
		strstr(command->element[1]->str, "SREM") != NULL;
}

static bool
is_renew(const redisReply *command)
{
	return scripted_redis_is(command, "EVAL") &&
		strstr(command->element[1]->str, "INCR") != NULL;
}

static bool
is_stagger(const redisReply *command)
{
	return scripted_redis_is(command, "UNLINK") &&
		strncmp(command->element[1]->str, "staggered", 9) == 0;
}

static bool
is_cacheops(const redisReply *command)
{
	return scripted_redis_is(command, "EVAL") &&
		strstr(command->element[1]->str, "SMEMBERS") != NULL;
}

/* What a command is called in these tests. */
static const char *
title_of(const redisReply *command)
{
	if (is_cacheops(command))
		return "images";
	if (is_sets(command))
		return strncmp(command->element[3]->str, "set", 3) == 0 ? "sets" : "tags";
	if (is_renew(command))
		return "renew";
	return is_stagger(command) ? "stagger" : command->element[0]->str;
}

static void
note_command(const redisReply *command)
{
	size_t		first = scripted_redis_is(command, "EVAL") ? 2 : 1;

	strncat(commands, title_of(command), sizeof(commands) - strlen(commands) - 1);
	for (size_t i = first; i < command->elements; i++)
	{
		strncat(commands, " ", sizeof(commands) - strlen(commands) - 1);
		strncat(commands, command->element[i]->str, sizeof(commands) - strlen(commands) - 1);
	}
	strncat(commands, ";", sizeof(commands) - strlen(commands) - 1);
}

static void
answer_all(ScriptedRedis *redis, const redisReply *command)
{
	command_count++;
	note_command(command);
	scripted_redis_send_count(redis, command, scripted_redis_name_count(command));
}

static void
apply_all_kinds(void)
{
	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
		add_names(kind, KEY_COUNT);
	redis_node_apply(node, REDIS_LANE_QUICK, &names);
	expect_apply_done(1);
}

static void
check_bad_reply(const char *reply, bool hang_up)
{
	try_bad_replies(answer_all, COMMAND_COUNT, reply, hang_up, apply_all_kinds);
}

static const char *withheld;	/* the command whose answers the test gives */

static void
answer_all_but_one_kind(ScriptedRedis *redis, const redisReply *command)
{
	command_count++;
	note_command(command);
	if (strcmp(withheld, title_of(command)) != 0)
		scripted_redis_send_count(redis, command, scripted_redis_name_count(command));
}

static const int *set_answers;	/* ends with -1: hang up */

static void
answer_sets(ScriptedRedis *redis, const redisReply *command)
{
	command_count++;
	note_command(command);
	if (!is_sets(command))
		scripted_redis_send_count(redis, command, scripted_redis_name_count(command));
	else if (*set_answers >= 0)
		scripted_redis_send_count(redis, command, *set_answers++);
	else
	{
		set_answers++;
		scripted_redis_hang_up(redis);
	}
}

START_TEST(redis_node_sends_each_kind_of_name_by_a_command_of_its_own)
{
	start_names(answer_all);
	add_name(&names, NAME_CACHEOPS, "2:p:[]");
	add_name(&names, NAME_SET, "set");
	add_name(&names, NAME_TAG, "p:tag:t");
	add_name(&names, NAME_VERSION, "p:v");
	add_name(&names, NAME_KEY, "p:k");
	add_name(&names, NAME_STAGGERED, "staggered");
	redis_node_apply(node, REDIS_LANE_QUICK, &names);
	expect_apply_done(0);
	ck_assert_str_eq(commands, "UNLINK p:k;renew 1 p:v;stagger staggered;"
					 "tags 1 p:tag:t 250;sets 1 set 250;images 0 2:p:[] 250;");
	stop();
}

END_TEST

START_TEST(redis_node_sends_many_names_of_each_kind_at_a_time)
{
	start_names(answer_all);
	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
		add_names(kind, KEY_COUNT);
	redis_node_apply(node, REDIS_LANE_QUICK, &names);
	expect_apply_done(0);
	ck_assert_int_eq(command_count, COMMAND_COUNT);
	stop();
}

END_TEST

START_TEST(redis_node_does_each_kind_alone)
{
	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
	{
		start_names(answer_all);
		add_names(kind, KEY_COUNT);
		redis_node_apply(node, REDIS_LANE_QUICK, &names);
		expect_apply_done(0);
		ck_assert_int_eq(command_count, KEY_COMMAND_COUNT);
		stop();
	}
}

END_TEST

START_TEST(redis_node_passes_on_names_of_any_bytes)
{
	start_names(answer_all);
	ck_assert(keyset_add(&names.of[NAME_TAG], NULL, 0, "a\r\n$1\r\n", 7));
	ck_assert(keyset_add(&names.of[NAME_VERSION], NULL, 0, "", 0));
	redis_node_apply(node, REDIS_LANE_QUICK, &names);
	expect_apply_done(0);
	ck_assert_str_eq(commands, "renew 1 ;tags 1 a\r\n$1\r\n 250;");
	stop();
}

END_TEST

START_TEST(redis_node_waits_for_an_answer_before_it_goes_on)
{
	int			expected_count = 1;

	withheld = "tags";
	start_names(answer_all_but_one_kind);
	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
	{
		add_names(kind, KEY_COUNT);
		if (!redis_script_is_stepwise(kind))
			expected_count += KEY_COMMAND_COUNT;
	}
	redis_node_apply(node, REDIS_LANE_QUICK, &names);
	scripted_redis_run_until(loop, &command_count, expected_count);
	scripted_redis_settle(loop);
	ck_assert_int_eq(command_count, expected_count);
	stop();
}

END_TEST

START_TEST(redis_node_goes_on_from_the_first_unfinished_tag)
{
	static const int answers[] = {1, 0, 0, 2};

	set_answers = answers;
	start_names(answer_sets);
	add_name(&names, NAME_TAG, "a");
	add_name(&names, NAME_TAG, "b");
	add_name(&names, NAME_TAG, "c");
	redis_node_apply(node, REDIS_LANE_QUICK, &names);
	expect_apply_done(0);
	ck_assert_str_eq(commands, "tags 3 a b c 250;tags 2 b c 250;tags 2 b c 250;"
					 "tags 2 b c 250;");
	stop();
}

END_TEST

START_TEST(redis_node_sends_a_full_command_of_tags_after_the_finished_ones)
{
	static const int answers[] = {99, 1, 51};

	set_answers = answers;
	start_names(answer_sets);
	add_names(NAME_TAG, 151);
	redis_node_apply(node, REDIS_LANE_QUICK, &names);
	scripted_redis_run_until(loop, &command_count, 2);
	ck_assert_ptr_nonnull(strstr(commands, ";tags 52 tag:99 tag:100 "));
	expect_apply_done(0);
	stop();
}

END_TEST

START_TEST(redis_node_begins_anew_after_a_connection_lost_between_chunks)
{
	static const int answers[] = {1, 0, -1, 0, 2};

	set_answers = answers;
	start_names(answer_sets);
	add_name(&names, NAME_TAG, "a");
	add_name(&names, NAME_TAG, "b");
	add_name(&names, NAME_VERSION, "v");
	redis_node_apply(node, REDIS_LANE_QUICK, &names);
	expect_apply_done(1);
	ck_assert_str_eq(commands, "renew 1 v;tags 2 a b 250;tags 1 b 250;tags 1 b 250;"
					 "renew 1 v;tags 2 a b 250;tags 2 a b 250;");
	stop();
}

END_TEST

/* Those that go by steps come last. */
static void
order_kinds(NameKind order[NAME_KIND_COUNT])
{
	int			count = 0;

	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
		if (!redis_script_is_stepwise(kind))
			order[count++] = kind;
	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
		if (redis_script_is_stepwise(kind))
			order[count++] = kind;
}

START_TEST(redis_node_is_not_done_before_every_kind_is_answered)
{
	static const char *const titles[NAME_KIND_COUNT] = {
		[NAME_KEY] = "UNLINK",
		[NAME_TAG] = "tags",
		[NAME_VERSION] = "renew",
		[NAME_STAGGERED] = "stagger",
		[NAME_SET] = "sets",
		[NAME_CACHEOPS] = "images",
	};
	NameKind	order[NAME_KIND_COUNT];

	order_kinds(order);
	for (int i = 0; i < NAME_KIND_COUNT; i++)
	{
		withheld = titles[order[i]] != NULL ? titles[order[i]] : "EVAL";
		start_names(answer_all_but_one_kind);
		for (int j = 0; j <= i; j++)
			add_names(order[j], 1);
		redis_node_apply(node, REDIS_LANE_QUICK, &names);
		scripted_redis_run_until(loop, &command_count, i + 1);
		scripted_redis_settle(loop);
		ck_assert_int_eq(apply_done_count, 0);
		stop();
	}
}

END_TEST

START_TEST(redis_node_repeats_all_names_after_an_error_reply)
{
	check_bad_reply("-OOM command not allowed\r\n", false);
}

END_TEST

START_TEST(redis_node_repeats_all_names_after_a_reply_of_another_type)
{
	check_bad_reply("+1\r\n", false);
	check_bad_reply("$1\r\n1\r\n", false);
	check_bad_reply("$-1\r\n", false);
	check_bad_reply("*1\r\n$1\r\n1\r\n", false);
	check_bad_reply("*0\r\n", false);
}

END_TEST

START_TEST(redis_node_repeats_all_names_after_an_impossible_number)
{
	check_bad_reply(":-1\r\n", false);
	check_bad_reply(":101\r\n", false);
	check_bad_reply("*1\r\n:-1\r\n", false);
	check_bad_reply("*1\r\n:101\r\n", false);
	check_bad_reply(":9223372036854775807\r\n", false);
}

END_TEST

START_TEST(redis_node_repeats_all_names_after_silence_or_the_end)
{
	check_bad_reply(NULL, false);
	check_bad_reply(NULL, true);
	check_bad_reply(":1", true);
}

END_TEST

START_TEST(redis_node_repeats_versions_of_which_one_was_left_out)
{
	start_badly(answer_all, 1, ":99\r\n", false);
	add_names(NAME_VERSION, 100);
	redis_node_apply(node, REDIS_LANE_QUICK, &names);
	expect_apply_done(1);
	stop();
}

END_TEST

START_TEST(redis_node_counts_no_abandoned_tags_for_the_next_batch)
{
	withheld = "tags";
	start_names(answer_all_but_one_kind);
	add_names(NAME_TAG, 2);
	redis_node_apply(node, REDIS_LANE_QUICK, &names);
	scripted_redis_run_until(loop, &command_count, 1);
	redis_node_abandon(node);
	redis_node_apply(node, REDIS_LANE_QUICK, &names);
	scripted_redis_run_until(loop, &command_count, 2);
	scripted_redis_send(&server, "*1\r\n:2\r\n");
	scripted_redis_settle(loop);
	ck_assert_int_eq(apply_done_count, 0);
	scripted_redis_send(&server, "*1\r\n:2\r\n");
	expect_apply_done(0);
	stop();
}

END_TEST

static const char *images_reply;

static void
answer_images(ScriptedRedis *redis, const redisReply *command)
{
	command_count++;
	note_command(command);
	scripted_redis_send(redis, command_count == 1 ? images_reply : "*1\r\n:1\r\n");
}

/* The reply to the first of two commands for two images. */
static void
start_images(const char *reply)
{
	images_reply = reply;
	needed_scans[0] = '\0';
	start_names(answer_images);
	add_name(&names, NAME_CACHEOPS, "a");
	add_name(&names, NAME_CACHEOPS, "b");
	redis_node_apply(node, REDIS_LANE_QUICK, &names);
}

START_TEST(redis_node_passes_on_the_patterns_that_images_need)
{
	start_images("*3\r\n:1\r\n$5\r\nx:a=*\r\n$1\r\n*\r\n");
	expect_apply_done(0);
	ck_assert_str_eq(commands, "images 0 a b 250;images 0 b 250;");
	ck_assert_str_eq(needed_scans, "x:a=*\n*\n");
	stop();
}

END_TEST

START_TEST(redis_node_repeats_images_after_an_array_that_is_none_of_ours)
{
	static const char *const replies[] = {
		"*0\r\n", "*-1\r\n", ":1\r\n", "*1\r\n:3\r\n", "*2\r\n:3\r\n$1\r\n*\r\n", "*2\r\n:-1\r\n$1\r\n*\r\n",
		"*2\r\n$1\r\n1\r\n$1\r\n*\r\n", "*2\r\n:1\r\n:1\r\n", "*2\r\n:1\r\n$-1\r\n",
		"*2\r\n:1\r\n*1\r\n$1\r\n*\r\n"
	};

	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++)
	{
		start_images(replies[i]);
		scripted_redis_run_until(loop, &lost_count, 1);
		ck_assert_str_eq(needed_scans, "");
		stop();
	}
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_node_names");
	TCase	   *tests = tcase_create("redis_node_names");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, redis_node_sends_each_kind_of_name_by_a_command_of_its_own);
	tcase_add_test(tests, redis_node_sends_many_names_of_each_kind_at_a_time);
	tcase_add_test(tests, redis_node_does_each_kind_alone);
	tcase_add_test(tests, redis_node_passes_on_names_of_any_bytes);
	tcase_add_test(tests, redis_node_waits_for_an_answer_before_it_goes_on);
	tcase_add_test(tests, redis_node_goes_on_from_the_first_unfinished_tag);
	tcase_add_test(tests, redis_node_sends_a_full_command_of_tags_after_the_finished_ones);
	tcase_add_test(tests, redis_node_begins_anew_after_a_connection_lost_between_chunks);
	tcase_add_test(tests, redis_node_is_not_done_before_every_kind_is_answered);
	tcase_add_test(tests, redis_node_repeats_all_names_after_an_error_reply);
	tcase_add_test(tests, redis_node_repeats_all_names_after_a_reply_of_another_type);
	tcase_add_test(tests, redis_node_repeats_all_names_after_an_impossible_number);
	tcase_add_test(tests, redis_node_repeats_all_names_after_silence_or_the_end);
	tcase_add_test(tests, redis_node_repeats_versions_of_which_one_was_left_out);
	tcase_add_test(tests, redis_node_counts_no_abandoned_tags_for_the_next_batch);
	tcase_add_test(tests, redis_node_passes_on_the_patterns_that_images_need);
	tcase_add_test(tests, redis_node_repeats_images_after_an_array_that_is_none_of_ours);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
