/*-------------------------------------------------------------------------
 *
 * test_redis_work.c
 *	  Unit tests of listener/src/redis/redis_work.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "redis/redis_work.h"

static NameSets names;
static RedisWork work;

static void
begin(NameKind kind, int count)
{
	name_sets_init(&names, 1);
	for (int i = 0; i < count; i++)
		ck_assert(keyset_add(&names.of[kind], NULL, 0, (const char *) &i, sizeof(i)));
	redis_work_begin(&work, &names);
}

/* Sends the next command; returns how many names it has, 0 without one. */
static size_t
send_next(NameKind kind)
{
	KeySlice	slice;

	if (!redis_work_next(&work, kind, &slice))
		return 0;
	redis_work_send(&work, kind, &slice);
	return slice.key_count;
}

static void
take_reply(NameKind kind, size_t name_count, long long integer)
{
	redisReply	number = {.type = REDIS_REPLY_INTEGER,.integer = integer};
	redisReply *elements[] = {&number};
	redisReply	step = {.type = REDIS_REPLY_ARRAY,.elements = 1,.element = elements};

	ck_assert_ptr_null(redis_work_take(&work, kind, name_count,
									   kind == NAME_TAG ? &step : &number));
}

START_TEST(redis_work_without_names_is_proven)
{
	redis_work_begin(&work, NULL);
	ck_assert(!redis_work_is_active(&work));
	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
	{
		ck_assert(redis_work_is_sent(&work, kind));
		ck_assert_uint_eq(send_next(kind), 0);
	}
	ck_assert(redis_work_is_proven(&work));
}

END_TEST

START_TEST(redis_work_sends_keys_and_versions_without_waiting)
{
	static const NameKind kinds[] = {NAME_KEY, NAME_VERSION};

	for (size_t i = 0; i < 2; i++)
	{
		begin(kinds[i], 101);
		ck_assert_uint_eq(send_next(kinds[i]), 100);
		ck_assert_uint_eq(send_next(kinds[i]), 1);
		ck_assert_uint_eq(send_next(kinds[i]), 0);
		ck_assert(redis_work_is_sent(&work, kinds[i]));
		take_reply(kinds[i], 100, 100);
		ck_assert(!redis_work_is_proven(&work));
		take_reply(kinds[i], 1, 1);
		ck_assert(redis_work_is_proven(&work));
		name_sets_free(&names);
	}
}

END_TEST

START_TEST(redis_work_sends_tags_one_command_at_a_time)
{
	begin(NAME_TAG, 101);
	ck_assert_uint_eq(send_next(NAME_TAG), 100);
	ck_assert_uint_eq(send_next(NAME_TAG), 0);
	take_reply(NAME_TAG, 100, 40);
	ck_assert(!redis_work_is_sent(&work, NAME_TAG));
	ck_assert_uint_eq(send_next(NAME_TAG), 61);
	take_reply(NAME_TAG, 61, 61);
	ck_assert(redis_work_is_proven(&work));
	name_sets_free(&names);
}

END_TEST

START_TEST(redis_work_starts_all_over)
{
	begin(NAME_TAG, 3);
	ck_assert_uint_eq(send_next(NAME_TAG), 3);
	take_reply(NAME_TAG, 3, 2);
	ck_assert_uint_eq(send_next(NAME_TAG), 1);
	redis_work_restart(&work);
	ck_assert_uint_eq(send_next(NAME_TAG), 3);
	name_sets_free(&names);
}

END_TEST

/* Of a node of a cluster: a name goes alone, and may go elsewhere. */
START_TEST(redis_work_passes_single_names_on)
{
	const char *key;
	size_t		key_bytes;
	KeySlice	name;
	int			number;

	work.is_single = true;
	begin(NAME_KEY, 3);
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(send_next(NAME_KEY), 1);
	ck_assert(redis_work_is_sent(&work, NAME_KEY));
	take_reply(NAME_KEY, 1, 1);
	redis_work_pass_on(&work, NAME_KEY, &name);
	ck_assert_uint_eq(name.key_count, 1);
	keyset_slice_first(&name, &key, &key_bytes);
	ck_assert_uint_eq(key_bytes, sizeof(int));
	memcpy(&number, key, sizeof(number));
	ck_assert_int_eq(number, 1);
	ck_assert(!redis_work_is_proven(&work));
	take_reply(NAME_KEY, 1, 1);
	ck_assert(redis_work_is_proven(&work));
	redis_work_restart(&work);
	ck_assert_uint_eq(send_next(NAME_KEY), 1);
	redis_work_pass_on(&work, NAME_KEY, &name);
	keyset_slice_first(&name, &key, &key_bytes);
	memcpy(&number, key, sizeof(number));
	ck_assert_int_eq(number, 0);
	work.is_single = false;
	name_sets_free(&names);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_work");
	TCase	   *tests = tcase_create("redis_work");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, redis_work_without_names_is_proven);
	tcase_add_test(tests, redis_work_passes_single_names_on);
	tcase_add_test(tests, redis_work_sends_keys_and_versions_without_waiting);
	tcase_add_test(tests, redis_work_sends_tags_one_command_at_a_time);
	tcase_add_test(tests, redis_work_starts_all_over);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
