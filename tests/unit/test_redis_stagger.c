/*-------------------------------------------------------------------------
 *
 * test_redis_stagger.c
 *	  redis_target.c with a real Redis: keys that expire at a random moment.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>

#include "real_redis_fixture.h"

/* As the fixture says. */
#define STAGGER_MS 5000

/* Enough for every tenth of the time to get about 200. */
#define HERD_COUNT 2000

static void
stagger(const char *name)
{
	add_name(&names, NAME_STAGGERED, name);
	apply();
}

static long long
left_ms(const char *name)
{
	return REAL_REDIS_COUNT(&redis, "PTTL %s", name);
}

START_TEST(redis_stagger_gives_a_key_without_expiry_a_short_life)
{
	REAL_REDIS_DO(&redis, "SET key x");
	REAL_REDIS_DO(&redis, "SET other x");
	stagger("key");
	ck_assert_int_ge(left_ms("key"), 0);
	ck_assert_int_le(left_ms("key"), STAGGER_MS);
	ck_assert_int_eq(left_ms("other"), -1);
}

END_TEST

START_TEST(redis_stagger_shortens_a_long_life)
{
	REAL_REDIS_DO(&redis, "SET key x EX 3600");
	stagger("key");
	ck_assert_int_le(left_ms("key"), STAGGER_MS);
}

END_TEST

/* However often: each time only an earlier moment counts. */
START_TEST(redis_stagger_never_lengthens_a_life)
{
	long long	last = 600;

	REAL_REDIS_DO(&redis, "SET key x PX 600");
	for (int i = 0; i < 200; i++)
	{
		long long	left;

		stagger("key");
		left = left_ms("key");
		ck_assert_int_le(left, last);
		last = left;
	}
}

END_TEST

START_TEST(redis_stagger_makes_no_key)
{
	stagger("missing");
	expect_key_count(0);
	ck_assert_int_eq(lost_count, 0);
}

END_TEST

START_TEST(redis_stagger_takes_values_of_any_type)
{
	REAL_REDIS_DO(&redis, "RPUSH list x");
	REAL_REDIS_DO(&redis, "HSET hash f x");
	stagger("list");
	stagger("hash");
	ck_assert_int_ge(left_ms("list"), 0);
	ck_assert_int_ge(left_ms("hash"), 0);
}

END_TEST

/* Over all tenths of the time, in each command and in all of them together. */
START_TEST(redis_stagger_spreads_a_herd)
{
	int			counts[10] = {0};

	for (int i = 0; i < HERD_COUNT; i++)
		REAL_REDIS_DO(&redis, "SET staggered:%d x", i);
	add_names(NAME_STAGGERED, HERD_COUNT);
	apply();
	for (int i = 0; i < HERD_COUNT; i++)
	{
		long long	left = REAL_REDIS_COUNT(&redis, "PTTL staggered:%d", i);

		if (left >= 0)
		{
			ck_assert_int_le(left, STAGGER_MS);
			counts[left * 10 / (STAGGER_MS + 1)]++;
		}
	}
	for (int tenth = 1; tenth < 9; tenth++)
	{
		ck_assert_int_gt(counts[tenth], HERD_COUNT / 20);
		ck_assert_int_lt(counts[tenth], HERD_COUNT / 5);
	}
}

END_TEST

START_TEST(redis_stagger_does_not_hold_back_what_is_unlinked)
{
	REAL_REDIS_DO(&redis, "MSET key x both x");
	add_name(&names, NAME_KEY, "key");
	add_name(&names, NAME_KEY, "both");
	add_name(&names, NAME_STAGGERED, "both");
	apply();
	expect_key_count(0);
}

END_TEST

START_TEST(redis_stagger_unlinks_at_once_what_was_staggered_before)
{
	REAL_REDIS_DO(&redis, "SET key x");
	stagger("key");
	add_name(&names, NAME_KEY, "key");
	apply();
	expect_key_count(0);
}

END_TEST

START_TEST(redis_stagger_works_where_memory_is_short)
{
	REAL_REDIS_DO(&redis, "SET key x");
	REAL_REDIS_DO(&redis, "CONFIG SET maxmemory 1");
	stagger("key");
	ck_assert_int_ge(left_ms("key"), 0);
	ck_assert_int_eq(lost_count, 0);
}

END_TEST

static void
add_tests(TCase *tests)
{
	tcase_add_test(tests, redis_stagger_gives_a_key_without_expiry_a_short_life);
	tcase_add_test(tests, redis_stagger_shortens_a_long_life);
	tcase_add_test(tests, redis_stagger_never_lengthens_a_life);
	tcase_add_test(tests, redis_stagger_makes_no_key);
	tcase_add_test(tests, redis_stagger_takes_values_of_any_type);
	tcase_add_test(tests, redis_stagger_spreads_a_herd);
	tcase_add_test(tests, redis_stagger_does_not_hold_back_what_is_unlinked);
	tcase_add_test(tests, redis_stagger_unlinks_at_once_what_was_staggered_before);
	tcase_add_test(tests, redis_stagger_works_where_memory_is_short);
}

int
main(void)
{
	return run_server_tests("redis_stagger", add_tests);
}
