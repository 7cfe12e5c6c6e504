/*-------------------------------------------------------------------------
 *
 * test_redis_script.c
 *	  Unit tests of listener/src/redis/redis_script.c: each kind of names has a
 *	  command and an answer.
 *
 * What the scripts do is in test_redis_server.c and test_cacheops_script.c.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_script.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static redisReply *
parse(const char *bytes, size_t byte_count)
{
	redisReader *reader = redisReaderCreate();
	void	   *reply = NULL;

	ck_assert_int_eq(redisReaderFeed(reader, bytes, byte_count), REDIS_OK);
	ck_assert_int_eq(redisReaderGetReply(reader, &reply), REDIS_OK);
	ck_assert_ptr_nonnull(reply);
	redisReaderFree(reader);
	return reply;
}

/* The command for the names "a" and "b". */
static redisReply *
make_command(NameKind kind)
{
	static const char names[] = "$1\r\na\r\n$1\r\nb\r\n";
	char		bytes[REDIS_SCRIPT_HEAD_BYTES + sizeof(names) + REDIS_SCRIPT_TAIL_BYTES];
	size_t		length = redis_script_head(kind, 2, bytes);

	ck_assert_uint_lt(length, REDIS_SCRIPT_HEAD_BYTES);
	memcpy(bytes + length, names, sizeof(names) - 1);
	length += sizeof(names) - 1;
	length += redis_script_tail(kind, bytes + length);
	return parse(bytes, length);
}

/* How a kind answers that "done" of its names are. */
static redisReply *
make_answer(NameKind kind, int done, const char *behind)
{
	char		bytes[64];

	if (redis_script_is_stepwise(kind))
		(void) snprintf(bytes, sizeof(bytes), "*%d\r\n:%d\r\n%s", *behind != '\0' ? 2 : 1, done, behind);
	else
		(void) snprintf(bytes, sizeof(bytes), ":%d\r\n", done);
	return parse(bytes, strlen(bytes));
}

static const char *
read_and_free(NameKind kind, redisReply *reply, size_t *done_count)
{
	const char *problem = redis_script_read(kind, 2, reply, done_count);

	freeReplyObject(reply);
	return problem;
}

START_TEST(redis_script_has_a_whole_command_for_each_kind)
{
	redisReply *command = make_command((NameKind) _i);
	size_t		first = 1;
	bool		is_script = strcmp(command->element[0]->str, "EVAL") == 0;

	ck_assert(is_script || strcmp(command->element[0]->str, "UNLINK") == 0);
	ck_assert_int_eq(is_script, !redis_script_counts_existing((NameKind) _i));
	if (is_script)
		first = 3;
	ck_assert_uint_eq(command->elements, first + 2 + redis_script_is_stepwise((NameKind) _i));
	ck_assert_str_eq(command->element[first]->str, "a");
	ck_assert_str_eq(command->element[first + 1]->str, "b");
	freeReplyObject(command);
}

END_TEST

START_TEST(redis_script_believes_that_each_kind_is_done)
{
	size_t		done_count = 0;

	ck_assert_ptr_null(read_and_free((NameKind) _i, make_answer((NameKind) _i, 2, ""), &done_count));
	ck_assert_uint_eq(done_count, 2);
}

END_TEST

START_TEST(redis_script_leaves_names_undone_only_by_steps)
{
	size_t		done_count = 2;
	const char *problem = read_and_free((NameKind) _i, make_answer((NameKind) _i, 1, ""), &done_count);

	if (redis_script_is_stepwise((NameKind) _i))
		ck_assert_uint_eq(done_count, 1);
	else
		ck_assert(problem != NULL || done_count == 2);
}

END_TEST

START_TEST(redis_script_says_what_is_wrong_with_an_answer_to_each_kind)
{
	NameKind	kind = (NameKind) _i;
	size_t		done_count;
	const char *problem = read_and_free(kind, parse("+OK\r\n", 5), &done_count);

	ck_assert_ptr_nonnull(problem);
	ck_assert_uint_gt(strlen(problem), 0);
	ck_assert_ptr_eq(read_and_free(kind, make_answer(kind, 3, ""), &done_count), problem);
	ck_assert_ptr_eq(read_and_free(kind, make_answer(kind, -1, ""), &done_count), problem);
}

END_TEST

START_TEST(redis_script_takes_patterns_only_from_cacheops)
{
	NameKind	kind = (NameKind) _i;
	size_t		done_count;

	if (redis_script_is_stepwise(kind))
		ck_assert_int_eq(read_and_free(kind, make_answer(kind, 2, "$1\r\n*\r\n"), &done_count) == NULL,
						 kind == NAME_CACHEOPS);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_script");
	TCase	   *tests = tcase_create("redis_script");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_loop_test(tests, redis_script_has_a_whole_command_for_each_kind, 0, NAME_KIND_COUNT);
	tcase_add_loop_test(tests, redis_script_believes_that_each_kind_is_done, 0, NAME_KIND_COUNT);
	tcase_add_loop_test(tests, redis_script_leaves_names_undone_only_by_steps, 0, NAME_KIND_COUNT);
	tcase_add_loop_test(tests, redis_script_says_what_is_wrong_with_an_answer_to_each_kind, 0,
						NAME_KIND_COUNT);
	tcase_add_loop_test(tests, redis_script_takes_patterns_only_from_cacheops, 0, NAME_KIND_COUNT);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
