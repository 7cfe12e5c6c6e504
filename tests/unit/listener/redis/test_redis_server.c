/*-------------------------------------------------------------------------
 *
 * test_redis_server.c
 *	  redis_target.c with a real Redis: what the scripts of redis_script.c do
 *	  there.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "redis/registration_race.h"

static int64_t
counter(const char *name)
{
	redisReply *reply = real_redis_command(redis.client, "GET %s", name);
	int64_t		value;

	ck_assert_int_eq(reply->type, REDIS_REPLY_STRING);
	ck_assert_uint_eq(strspn(reply->str, "-0123456789"), strlen(reply->str));
	value = strtoll(reply->str, NULL, 10);
	freeReplyObject(reply);
	return value;
}

static int64_t
now_us(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void
renew(const char *name)
{
	add_name(&names, NAME_VERSION, name);
	apply();
}

/* The counter becomes the time in microseconds. */
static void
expect_time_after_renewal(const char *name)
{
	int64_t		begin_us = now_us();
	int64_t		value;

	renew(name);
	value = counter(name);
	ck_assert_int_ge(value, begin_us);
	ck_assert_int_le(value, now_us());
}

/* --- tags --- */

START_TEST(redis_server_deletes_a_tag_with_its_members)
{
	register_keys("tag:a", 3);
	REAL_REDIS_DO(&redis, "SET other x");
	REAL_REDIS_DO(&redis, "SADD tag:a never:was");
	add_name(&names, NAME_TAG, "tag:a");
	apply();
	expect_key_count(1);
	ck_assert_int_eq(REAL_REDIS_COUNT(&redis, "EXISTS other"), 1);
}

END_TEST

START_TEST(redis_server_deletes_a_tag_of_many_chunks)
{
	register_keys("tag:a", MANY_COUNT);
	expect_key_count(MANY_COUNT + 1);
	add_name(&names, NAME_TAG, "tag:a");
	apply();
	expect_key_count(0);
	ck_assert_int_eq(lost_count, 0);
}

END_TEST

/* Just as many members as a chunk has room for, and one less and more. */
START_TEST(redis_server_deletes_tags_about_as_large_as_a_chunk)
{
	for (int count = 249; count <= 251; count++)
	{
		register_keys("tag:a", count);
		register_keys("tag:b", 1);
		add_name(&names, NAME_TAG, "tag:a");
		add_name(&names, NAME_TAG, "tag:b");
		apply();
		expect_key_count(0);
	}
}

END_TEST

/* How many scripts were run so far. */
static long
script_count(void)
{
	redisReply *reply = real_redis_command(redis.client, "INFO commandstats");
	const char *eval = strstr(reply->str, "cmdstat_eval:calls=");
	long		count = eval == NULL ? 0 : strtol(strchr(eval, '=') + 1, NULL, 10);

	freeReplyObject(reply);
	return count;
}

/* 600 members are at least three times what one script may delete. */
START_TEST(redis_server_deletes_a_chunk_of_all_tags_together)
{
	register_keys("tag:a", 200);
	register_keys("tag:b", 200);
	register_keys("tag:c", 200);
	add_name(&names, NAME_TAG, "tag:a");
	add_name(&names, NAME_TAG, "tag:b");
	add_name(&names, NAME_TAG, "tag:c");
	apply();
	expect_key_count(0);
	ck_assert_int_ge(script_count(), 3);
}

END_TEST

START_TEST(redis_server_deletes_many_small_tags)
{
	for (int i = 0; i < KEY_COUNT; i++)
	{
		char		tag[16];

		(void) snprintf(tag, sizeof(tag), "tag:%d", i);
		register_keys(tag, i % 7);
		add_name(&names, NAME_TAG, tag);
	}
	apply();
	expect_key_count(0);
}

END_TEST

START_TEST(redis_server_deletes_what_is_no_set_under_a_tag_s_name)
{
	REAL_REDIS_DO(&redis, "SET tag:string x");
	REAL_REDIS_DO(&redis, "RPUSH tag:list x");
	REAL_REDIS_DO(&redis, "HSET tag:hash f x");
	REAL_REDIS_DO(&redis, "ZADD tag:sorted 1 x");
	REAL_REDIS_DO(&redis, "SET x x");
	register_keys("tag:set", 2);
	add_name(&names, NAME_TAG, "tag:string");
	add_name(&names, NAME_TAG, "tag:missing");
	add_name(&names, NAME_TAG, "tag:list");
	add_name(&names, NAME_TAG, "tag:hash");
	add_name(&names, NAME_TAG, "tag:sorted");
	add_name(&names, NAME_TAG, "tag:set");
	apply();
	expect_key_count(1);
	ck_assert_int_eq(REAL_REDIS_COUNT(&redis, "EXISTS x"), 1);
	ck_assert_int_eq(lost_count, 0);
}

END_TEST

START_TEST(redis_server_deletes_tags_and_members_of_any_bytes)
{
	static const char tag[] = "tag:\r\n\0*";
	static const char member[] = "\0'\"\\\r\n\xff";

	REAL_REDIS_DO(&redis, "SET %b x", member, sizeof(member) - 1);
	REAL_REDIS_DO(&redis, "SADD %b %b", tag, sizeof(tag) - 1, member, sizeof(member) - 1);
	ck_assert(keyset_add(&names.of[NAME_TAG], NULL, 0, tag, sizeof(tag) - 1));
	apply();
	expect_key_count(0);
}

END_TEST

/* As a client that registers under one tag. */
static bool
register_with_tag(redisContext * client, int number)
{
	redisReply *reply = NULL;

	(void) redisAppendCommand(client, "MULTI");
	(void) redisAppendCommand(client, "SET key:%d x", number);
	(void) redisAppendCommand(client, "SADD tag:race key:%d", number);
	(void) redisAppendCommand(client, "EXPIRE tag:race 100");
	(void) redisAppendCommand(client, "EXEC");
	for (int i = 0; i < 5; i++)
	{
		if (redisGetReply(client, (void **) &reply) != REDIS_OK)
			return false;
		freeReplyObject(reply);
	}
	return true;
}

static void
delete_tag(void)
{
	add_name(&names, NAME_TAG, "tag:race");
	apply();
}

START_TEST(redis_server_loses_no_registration_that_races_a_delete)
{
	race_registrations(register_with_tag, delete_tag, "tag:race");
	expect_key_count(0);
}

END_TEST

/* --- versions --- */

START_TEST(redis_server_sets_a_counter_to_the_time)
{
	REAL_REDIS_DO(&redis, "SET v 1700000000000000 EX 100");
	REAL_REDIS_DO(&redis, "SET negative -5");
	REAL_REDIS_DO(&redis, "SET lowest -9223372036854775808");
	expect_time_after_renewal("v");
	expect_time_after_renewal("negative");
	expect_time_after_renewal("lowest");
	ck_assert_int_gt(REAL_REDIS_COUNT(&redis, "TTL v"), 0);
}

END_TEST

START_TEST(redis_server_increments_a_counter_that_is_beyond_the_time)
{
	REAL_REDIS_DO(&redis, "SET v 9000000000000001 EX 100");
	renew("v");
	ck_assert_int_eq(counter("v"), INT64_C(9000000000000002));
	ck_assert_int_gt(REAL_REDIS_COUNT(&redis, "TTL v"), 0);
}

END_TEST

/* As a Redis that comes back with what it saved last. */
START_TEST(redis_server_gives_a_counter_that_was_set_back_no_value_that_it_had_before)
{
	int64_t		last;

	REAL_REDIS_DO(&redis, "SET v 1700000000000000");
	renew("v");
	last = counter("v");
	REAL_REDIS_DO(&redis, "SET v 1700000000000000");
	renew("v");
	ck_assert_int_gt(counter("v"), last);
}

END_TEST

START_TEST(redis_server_gives_a_missing_counter_the_time)
{
	expect_time_after_renewal("v");
	REAL_REDIS_DO(&redis, "SET v 0");
	expect_time_after_renewal("v");
}

END_TEST

START_TEST(redis_server_gives_a_counter_no_value_that_it_had_before)
{
	int64_t		last = 0;

	for (int i = 0; i < 200; i++)
	{
		renew("v");
		ck_assert_int_gt(counter("v"), last);
		last = counter("v");
		if (i % 3 == 0)
			REAL_REDIS_DO(&redis, "DEL v");
	}
}

END_TEST

START_TEST(redis_server_deletes_what_cannot_be_counted)
{
	REAL_REDIS_DO(&redis, "SET text hello");
	REAL_REDIS_DO(&redis, "SET float 1.5");
	REAL_REDIS_DO(&redis, "SET empty %s", "");
	REAL_REDIS_DO(&redis, "SET full 9223372036854775807");
	REAL_REDIS_DO(&redis, "SET beyond 9223372036854775808");
	REAL_REDIS_DO(&redis, "RPUSH list x");
	REAL_REDIS_DO(&redis, "SADD set x");
	renew("text");
	renew("float");
	renew("empty");
	renew("full");
	renew("beyond");
	renew("list");
	renew("set");
	expect_key_count(0);
	ck_assert_int_eq(lost_count, 0);
}

END_TEST

START_TEST(redis_server_renews_many_counters)
{
	add_names(NAME_VERSION, KEY_COUNT);
	apply();
	expect_key_count(KEY_COUNT);
	ck_assert_int_gt(counter("version:0"), 0);
	ck_assert_int_gt(counter("version:249"), 0);
}

END_TEST

/* --- together --- */

START_TEST(redis_server_does_all_kinds_of_a_batch)
{
	register_keys("tag:a", 3);
	REAL_REDIS_DO(&redis, "SET key x");
	REAL_REDIS_DO(&redis, "SET v 7");
	add_name(&names, NAME_KEY, "key");
	add_name(&names, NAME_TAG, "tag:a");
	add_name(&names, NAME_VERSION, "v");
	apply();
	expect_key_count(1);
	ck_assert_int_gt(counter("v"), 7);
}

END_TEST

START_TEST(redis_server_does_all_kinds_in_one_pass)
{
	register_keys("tag:a", 300);
	register_keys("tag:b", MANY_COUNT);
	REAL_REDIS_DO(&redis, "SADD tag:both hidden");
	REAL_REDIS_DO(&redis, "SET hidden x");
	REAL_REDIS_DO(&redis, "SET v:1 7");
	REAL_REDIS_DO(&redis, "SET w:1 7");
	REAL_REDIS_DO(&redis, "SET k:1 x");
	add_name(&patterns, NAME_KEY, "k:*");
	add_name(&patterns, NAME_KEY, "tag:both*");
	add_name(&patterns, NAME_TAG, "tag:?");
	add_name(&patterns, NAME_TAG, "tag:both");
	add_name(&patterns, NAME_VERSION, "v:*");
	scan();
	ck_assert_int_eq(lost_count, 0);
	expect_key_count(2);
	ck_assert_int_ge(counter("v:1"), 8);
	ck_assert_int_eq(counter("w:1"), 7);
}

END_TEST

static void
add_tests(TCase *tests)
{
	tcase_add_test(tests, redis_server_deletes_a_tag_with_its_members);
	tcase_add_test(tests, redis_server_deletes_a_tag_of_many_chunks);
	tcase_add_test(tests, redis_server_deletes_tags_about_as_large_as_a_chunk);
	tcase_add_test(tests, redis_server_deletes_a_chunk_of_all_tags_together);
	tcase_add_test(tests, redis_server_deletes_many_small_tags);
	tcase_add_test(tests, redis_server_deletes_what_is_no_set_under_a_tag_s_name);
	tcase_add_test(tests, redis_server_deletes_tags_and_members_of_any_bytes);
	tcase_add_test(tests, redis_server_loses_no_registration_that_races_a_delete);
	tcase_add_test(tests, redis_server_sets_a_counter_to_the_time);
	tcase_add_test(tests, redis_server_increments_a_counter_that_is_beyond_the_time);
	tcase_add_test(tests, redis_server_gives_a_counter_that_was_set_back_no_value_that_it_had_before);
	tcase_add_test(tests, redis_server_gives_a_missing_counter_the_time);
	tcase_add_test(tests, redis_server_gives_a_counter_no_value_that_it_had_before);
	tcase_add_test(tests, redis_server_deletes_what_cannot_be_counted);
	tcase_add_test(tests, redis_server_renews_many_counters);
	tcase_add_test(tests, redis_server_does_all_kinds_of_a_batch);
	tcase_add_test(tests, redis_server_does_all_kinds_in_one_pass);
}

int
main(void)
{
	return run_server_tests("redis_server", add_tests);
}
