/*-------------------------------------------------------------------------
 *
 * test_redis_node_sweep.c
 *	  Unit tests of listener/src/redis/redis_node.c: when tags are swept, how fast, and
 *	  what becomes of an error.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/log_fixture.h"
#include "redis/redis_node_fixture.h"

#define SWEEP_MS 1000

static int64_t clock_ms;
static const char *set_answer;	/* to the script, which has one set */
static char cursors[64];		/* of each SCAN */

static int64_t
read_clock(void *context)
{
	(void) context;
	return clock_ms;
}

/* Two slices, of which the first has a set. */
static void
answer_sweep(ScriptedRedis *redis, const redisReply *command)
{
	size_t		used = strlen(cursors);

	command_count++;
	if (scripted_redis_is(command, "EVAL"))
		scripted_redis_send(redis, set_answer);
	else
	{
		ck_assert(scripted_redis_is(command, "SCAN"));
		(void) snprintf(cursors + used, sizeof(cursors) - used, "%s;", command->element[1]->str);
		scripted_redis_send(redis, strcmp(command->element[1]->str, "0") == 0 ?
							"*2\r\n$2\r\n17\r\n*1\r\n$5\r\ntag:a\r\n" : "*2\r\n$1\r\n0\r\n*0\r\n");
	}
}

static void
start_sweep(const char *answer)
{
	clock_ms = 1000;
	test_clock = read_clock;
	sweep_ms = SWEEP_MS;
	set_answer = answer;
	cursors[0] = '\0';
	start(answer_sweep);
	scripted_redis_run_until(loop, &ready_count, 1);
}

static void
pass_ms(int64_t elapsed_ms)
{
	clock_ms += elapsed_ms;
	scripted_redis_settle(loop);
}

START_TEST(redis_node_sweeps_now_and_then)
{
	start_sweep("*4\r\n:1\r\n$1\r\n0\r\n:0\r\n:0\r\n");
	redis_node_allow_sweep(node, true);
	pass_ms(SWEEP_MS - 1);
	ck_assert_int_eq(command_count, 0);
	for (int i = 0; i < 10; i++)
		pass_ms(25);
	ck_assert_str_eq(cursors, "0;17;");
	ck_assert_int_eq(command_count, 3);
	pass_ms(SWEEP_MS);
	pass_ms(25);
	ck_assert_int_eq(command_count, 4);
	stop();
}

END_TEST

START_TEST(redis_node_sweeps_nothing_unless_allowed)
{
	start_sweep("*4\r\n:1\r\n$1\r\n0\r\n:0\r\n:0\r\n");
	for (int i = 0; i < 5; i++)
		pass_ms(SWEEP_MS);
	ck_assert_int_eq(command_count, 0);
	redis_node_allow_sweep(node, true);
	scripted_redis_settle(loop);
	ck_assert_int_eq(command_count, 1);
	stop();
}

END_TEST

START_TEST(redis_node_goes_on_with_a_sweep_when_it_is_allowed_again)
{
	start_sweep("*4\r\n:1\r\n$1\r\n0\r\n:0\r\n:0\r\n");
	redis_node_allow_sweep(node, true);
	pass_ms(SWEEP_MS);
	pass_ms(25);
	ck_assert_int_eq(command_count, 1);
	redis_node_allow_sweep(node, false);
	for (int i = 0; i < 5; i++)
		pass_ms(SWEEP_MS);
	ck_assert_int_eq(command_count, 1);
	redis_node_allow_sweep(node, true);
	for (int i = 0; i < 5; i++)
		pass_ms(25);
	ck_assert_str_eq(cursors, "0;17;");
	stop();
}

END_TEST

START_TEST(redis_node_pays_for_names_that_a_sweep_was_given_beyond_its_share)
{
	/* 100 were asked for, of 5,000 a second */
	start_sweep("*4\r\n:1\r\n$1\r\n0\r\n:0\r\n:4900\r\n");
	redis_node_allow_sweep(node, true);
	pass_ms(SWEEP_MS);
	for (int i = 0; command_count < 2 && i < 100; i++)
		pass_ms(1);
	ck_assert_int_eq(command_count, 2);
	pass_ms(970);
	ck_assert_int_eq(command_count, 2);
	pass_ms(60);
	ck_assert_int_eq(command_count, 3);
	stop();
}

END_TEST

/* What is logged of an error to the sweep. */
static const char *
log_error(const char *answer)
{
	open_test_log(LOG_LEVEL_WARNING);
	target_log = &test_log;
	start_sweep(answer);
	redis_node_allow_sweep(node, true);
	for (int i = 0; i < 100; i++)
		pass_ms(25);
	ck_assert_int_eq(lost_count, 0);
	stop();
	read_test_log();
	close_test_log();
	target_log = &silent;
	ck_assert_ptr_nonnull(strstr(said, "cannot sweep tags, trying again later"));
	return said;
}

START_TEST(redis_node_advises_by_the_kind_of_a_sweep_s_error)
{
	static const char *const denials[] = {
		"-NOPERM this user has no permissions\r\n", "--NOPERM this user has no permissions\r\n",
		"-ERR The user executing the script can't run this command or subcommand\r\n",
		"-ERR ACL failure in script: no permissions\r\n"
	};

	for (size_t i = 0; i < sizeof(denials) / sizeof(denials[0]); i++)
		ck_assert_ptr_nonnull(strstr(log_error(denials[i]), "advice=\"allow the user the commands: "));
	ck_assert_ptr_nonnull(strstr(log_error("-OOM command not allowed\r\n"), "advice=\"Redis is over maxmemory"));
	ck_assert_ptr_nonnull(strstr(log_error("-BUSY Redis is busy\r\n"), "advice=\"a script blocks Redis\""));
	ck_assert_ptr_null(strstr(log_error("-ERR whatever\r\n"), "allow the user"));
	/* no error, and no answer of the script */
	ck_assert_ptr_null(strstr(log_error(":1\r\n"), "allow the user"));
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_node_sweep");
	TCase	   *tests = tcase_create("redis_node_sweep");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	suite_add_tcase(suite, tests);
	tcase_set_timeout(tests, 20);
	tcase_add_test(tests, redis_node_sweeps_now_and_then);
	tcase_add_test(tests, redis_node_sweeps_nothing_unless_allowed);
	tcase_add_test(tests, redis_node_goes_on_with_a_sweep_when_it_is_allowed_again);
	tcase_add_test(tests, redis_node_pays_for_names_that_a_sweep_was_given_beyond_its_share);
	tcase_add_test(tests, redis_node_advises_by_the_kind_of_a_sweep_s_error);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
