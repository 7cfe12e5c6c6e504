/*-------------------------------------------------------------------------
 *
 * test_redis_sweep.c
 *	  Unit tests of listener/src/redis/redis_sweep.c: which command comes next, whatever
 *	  is answered.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis/redis_sweep.h"

static RedisSweep sweep;

static void
setup(void)
{
	redis_sweep_init(&sweep, 1);
	ck_assert(redis_sweep_begin(&sweep, "a*:", 3));
}

static void
teardown(void)
{
	redis_sweep_end(&sweep);
}

/* Reads an answer in RESP; NULL if it is taken. */
static const char *
take(const char *resp)
{
	redisReader *reader = redisReaderCreate();
	void	   *reply = NULL;
	const char *problem;

	ck_assert_int_eq(redisReaderFeed(reader, resp, strlen(resp)), REDIS_OK);
	ck_assert_int_eq(redisReaderGetReply(reader, &reply), REDIS_OK);
	ck_assert_ptr_nonnull(reply);
	problem = redis_sweep_take(&sweep, reply);
	freeReplyObject(reply);
	redisReaderFree(reader);
	return problem;
}

/* The SCAN that comes next, its arguments with blanks between them. */
static const char *
ask(void)
{
	static char text[256];
	RedisArgument arguments[REDIS_SCAN_MAX_ARGUMENTS];
	char		count_text[REDIS_SCAN_CURSOR_BYTES];
	KeySlice	sets;
	size_t		count;

	ck_assert(!redis_sweep_next_sets(&sweep, &sets));
	count = redis_sweep_ask(&sweep, 50, arguments, count_text);
	text[0] = '\0';
	for (size_t i = 0; i < count; i++)
	{
		if (i > 0)
			strncat(text, " ", sizeof(text) - strlen(text) - 1);
		strncat(text, arguments[i].bytes, arguments[i].byte_count);
	}
	return text;
}

/* Sends the next script: what stands behind its text. */
static const char *
send_sets(void)
{
	static char text[1024];
	char		head[REDIS_SWEEP_HEAD_BYTES];
	char		tail[REDIS_SWEEP_TAIL_BYTES];
	KeySlice	sets;
	size_t		length;

	ck_assert(redis_sweep_next_sets(&sweep, &sets));
	length = redis_sweep_head(&sets, head);
	ck_assert_uint_lt(length, sizeof(head));
	length = redis_sweep_tail(&sweep, 50, tail);
	(void) snprintf(text, sizeof(text), "%zu: %.*s%.*s", sets.key_count, (int) sets.byte_count,
					sets.bytes, (int) length, tail);
	redis_sweep_send(&sweep, &sets);
	return text;
}

START_TEST(redis_sweep_looks_for_the_tags_of_the_prefix)
{
	ck_assert_str_eq(ask(), "SCAN 0 MATCH a\\*:tag:* COUNT 50");
	ck_assert(!redis_sweep_is_through(&sweep));
	ck_assert_ptr_null(take("*2\r\n$2\r\n17\r\n*1\r\n$9\r\na*:tag:ab\r\n"));
	ck_assert_str_eq(send_sets(), "1: $9\r\na*:tag:ab\r\n$2\r\n50\r\n$1\r\n0\r\n");
	ck_assert_ptr_null(take("*4\r\n:1\r\n$1\r\n0\r\n:4\r\n:0\r\n"));
	ck_assert_str_eq(ask(), "SCAN 17 MATCH a\\*:tag:* COUNT 50");
	ck_assert_ptr_null(take("*2\r\n$1\r\n0\r\n*0\r\n"));
	ck_assert(redis_sweep_is_through(&sweep));
	ck_assert_uint_eq(sweep.set_count, 1);
	ck_assert_uint_eq(sweep.removed_count, 4);
}

END_TEST

START_TEST(redis_sweep_goes_on_within_a_large_set)
{
	(void) ask();
	ck_assert_ptr_null(take("*2\r\n$1\r\n0\r\n*2\r\n$7\r\na*:tag:\r\n$8\r\na*:tag:b\r\n"));
	ck_assert(!redis_sweep_is_through(&sweep));
	(void) send_sets();
	ck_assert_ptr_null(take("*4\r\n:0\r\n$3\r\n512\r\n:50\r\n:0\r\n"));
	ck_assert_str_eq(send_sets(), "2: $7\r\na*:tag:\r\n$8\r\na*:tag:b\r\n$2\r\n50\r\n$3\r\n512\r\n");
	ck_assert_ptr_null(take("*4\r\n:1\r\n$2\r\n64\r\n:1\r\n:0\r\n"));
	ck_assert_str_eq(send_sets(), "1: $8\r\na*:tag:b\r\n$2\r\n50\r\n$2\r\n64\r\n");
	ck_assert_ptr_null(take("*4\r\n:1\r\n$1\r\n0\r\n:0\r\n:0\r\n"));
	ck_assert(redis_sweep_is_through(&sweep));
	ck_assert_uint_eq(sweep.removed_count, 51);
}

END_TEST

START_TEST(redis_sweep_tells_what_the_last_command_has_looked_at_beyond_its_share)
{
	(void) ask();
	ck_assert_ptr_null(take("*2\r\n$2\r\n17\r\n*1\r\n$8\r\na*:tag:b\r\n"));
	ck_assert_uint_eq(sweep.surplus_names, 0);
	(void) send_sets();
	ck_assert_ptr_null(take("*4\r\n:1\r\n$1\r\n0\r\n:0\r\n:412\r\n"));
	ck_assert_uint_eq(sweep.surplus_names, 412);
	(void) ask();
	ck_assert_ptr_null(take("*2\r\n$1\r\n0\r\n*0\r\n"));
	ck_assert_uint_eq(sweep.surplus_names, 0);
}

END_TEST

START_TEST(redis_sweep_repeats_what_was_not_answered)
{
	(void) ask();
	redis_sweep_repeat(&sweep);
	ck_assert_str_eq(ask(), "SCAN 0 MATCH a\\*:tag:* COUNT 50");
	ck_assert_ptr_null(take("*2\r\n$1\r\n0\r\n*1\r\n$8\r\na*:tag:b\r\n"));
	(void) send_sets();
	ck_assert(!redis_sweep_is_through(&sweep));
	redis_sweep_repeat(&sweep);
	ck_assert_str_eq(send_sets(), "1: $8\r\na*:tag:b\r\n$2\r\n50\r\n$1\r\n0\r\n");
}

END_TEST

START_TEST(redis_sweep_ends_and_begins_anew)
{
	(void) ask();
	ck_assert_ptr_null(take("*2\r\n$2\r\n17\r\n*1\r\n$8\r\na*:tag:b\r\n"));
	redis_sweep_end(&sweep);
	ck_assert(!redis_sweep_is_active(&sweep));
	ck_assert(redis_sweep_begin(&sweep, "", 0));
	ck_assert_str_eq(ask(), "SCAN 0 MATCH tag:* COUNT 50");
}

END_TEST

START_TEST(redis_sweep_takes_no_other_answer)
{
	static const char *const answers[] = {
		":1\r\n", "*0\r\n", "*4\r\n:2\r\n$1\r\n0\r\n:0\r\n:0\r\n", "*4\r\n:-1\r\n$1\r\n0\r\n:0\r\n:0\r\n",
		"*4\r\n:1\r\n$1\r\nx\r\n:0\r\n:0\r\n", "*4\r\n:1\r\n$0\r\n\r\n:0\r\n:0\r\n",
		"*4\r\n:1\r\n$30\r\n123456789012345678901234567890\r\n:0\r\n:0\r\n",
		"*4\r\n$1\r\n1\r\n$1\r\n0\r\n:0\r\n:0\r\n",
		"*3\r\n:1\r\n$1\r\n0\r\n:0\r\n", "*4\r\n:1\r\n$1\r\n0\r\n:0\r\n:-1\r\n",
		"*4\r\n:1\r\n$1\r\n0\r\n:0\r\n:1000000001\r\n", "*4\r\n:1\r\n$1\r\n0\r\n:0\r\n$1\r\n0\r\n", "*4\r\n:1\r\n:0\r\n:0\r\n:0\r\n"
	};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
	{
		redis_sweep_end(&sweep);
		ck_assert(redis_sweep_begin(&sweep, "a*:", 3));
		(void) ask();
		ck_assert_ptr_null(take("*2\r\n$1\r\n0\r\n*1\r\n$8\r\na*:tag:b\r\n"));
		(void) send_sets();
		ck_assert_ptr_nonnull(take(answers[i]));
	}
	redis_sweep_end(&sweep);
	ck_assert(redis_sweep_begin(&sweep, "a*:", 3));
	(void) ask();
	ck_assert_ptr_nonnull(take("*4\r\n:1\r\n$1\r\n0\r\n:0\r\n:0\r\n"));
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_sweep");
	TCase	   *tests = tcase_create("all");
	SRunner    *runner;
	int			failed;

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, redis_sweep_looks_for_the_tags_of_the_prefix);
	tcase_add_test(tests, redis_sweep_goes_on_within_a_large_set);
	tcase_add_test(tests, redis_sweep_tells_what_the_last_command_has_looked_at_beyond_its_share);
	tcase_add_test(tests, redis_sweep_repeats_what_was_not_answered);
	tcase_add_test(tests, redis_sweep_ends_and_begins_anew);
	tcase_add_test(tests, redis_sweep_takes_no_other_answer);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
