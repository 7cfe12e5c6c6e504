/*-------------------------------------------------------------------------
 *
 * test_redis_pace.c
 *	  Unit tests of listener/src/redis/redis_pace.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>

#include "redis/redis_pace.h"

#define BEGIN_MS INT64_C(123456789)

static RedisPace pace;
static int64_t now_ms;

static void
begin(int64_t keys_per_s)
{
	now_ms = BEGIN_MS;
	redis_pace_init(&pace, keys_per_s);
	redis_pace_begin(&pace, now_ms);
}

/* Asks for as many slices as may be had now; returns their keys. */
static int64_t
take_all(size_t wanted)
{
	size_t		slice = redis_pace_slice_keys(&pace, wanted);
	int64_t		key_count = 0;

	while (redis_pace_wait_ms(&pace, slice, now_ms) == 0)
	{
		redis_pace_take(&pace, slice, now_ms);
		key_count += (int64_t) slice;
	}
	return key_count;
}

START_TEST(redis_pace_without_a_rate_never_waits)
{
	begin(0);
	ck_assert_uint_eq(redis_pace_slice_keys(&pace, 1000), 1000);
	for (int i = 0; i < 1000; i++)
	{
		ck_assert_int_eq(redis_pace_wait_ms(&pace, 1000, now_ms), 0);
		redis_pace_take(&pace, 1000, now_ms);
	}
}

END_TEST

START_TEST(redis_pace_gives_a_slice_a_tenth_of_a_second_s_share)
{
	begin(5000);
	ck_assert_uint_eq(redis_pace_slice_keys(&pace, 1000), 500);
	ck_assert_uint_eq(redis_pace_slice_keys(&pace, 100), 100);
	begin(1000000000);
	ck_assert_uint_eq(redis_pace_slice_keys(&pace, 1000), 1000);
}

END_TEST

START_TEST(redis_pace_gives_a_slice_ten_keys_at_least)
{
	begin(1);
	ck_assert_uint_eq(redis_pace_slice_keys(&pace, 1000), 10);
	begin(99);
	ck_assert_uint_eq(redis_pace_slice_keys(&pace, 1000), 10);
	ck_assert_uint_eq(redis_pace_slice_keys(&pace, 7), 7);
}

END_TEST

START_TEST(redis_pace_waits_before_the_first_slice)
{
	begin(1000);
	/* SCAN looks at about one key more than it is asked for */
	ck_assert_int_eq(redis_pace_wait_ms(&pace, 100, now_ms), 101);
	ck_assert_int_eq(redis_pace_wait_ms(&pace, 100, now_ms + 100), 1);
	ck_assert_int_eq(redis_pace_wait_ms(&pace, 100, now_ms + 101), 0);
}

END_TEST

/*
 * Whatever the delays between two looks; about the rate without any, as far as
 * Redis can be so fast.
 */
START_TEST(redis_pace_never_exceeds_its_rate_and_reaches_it)
{
	static const int64_t rates[] = {1, 9, 10, 100, 999, 5000, 1000000, 1000000000};
	int64_t		rate = rates[_i / 3];
	int64_t		key_count = 0;

	begin(rate);
	srand(1);
	for (int i = 0; i < 30000; i++)
	{
		int64_t		step_ms = _i % 3 == 0 ? 1 : rand() % (_i % 3 == 1 ? 8 : 500);

		now_ms += step_ms;
		key_count += take_all(1000);
		ck_assert_int_le(key_count, rate * (now_ms - BEGIN_MS) / 1000);
	}
	if (_i % 3 == 0 && rate <= 1000000)
		ck_assert_int_ge(key_count, rate * 30 / 10 * 8 - 20);
}

END_TEST

START_TEST(redis_pace_allows_no_burst_after_a_pause)
{
	begin(100000);
	now_ms += 60000;
	ck_assert_int_le(take_all(1000), 1000 + 100000 / 100);
	now_ms += 1;
	ck_assert_int_le(take_all(1000), 1000);
}

END_TEST

START_TEST(redis_pace_does_not_begin_a_pass_with_the_time_since_the_last)
{
	begin(1000);
	now_ms += 60000;
	redis_pace_begin(&pace, now_ms);
	ck_assert_int_eq(take_all(1000), 0);
	ck_assert_int_eq(redis_pace_wait_ms(&pace, 100, now_ms), 101);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_pace");
	TCase	   *tests = tcase_create("redis_pace");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, redis_pace_without_a_rate_never_waits);
	tcase_add_test(tests, redis_pace_gives_a_slice_a_tenth_of_a_second_s_share);
	tcase_add_test(tests, redis_pace_gives_a_slice_ten_keys_at_least);
	tcase_add_test(tests, redis_pace_waits_before_the_first_slice);
	tcase_add_loop_test(tests, redis_pace_never_exceeds_its_rate_and_reaches_it, 0, 24);
	tcase_add_test(tests, redis_pace_allows_no_burst_after_a_pause);
	tcase_add_test(tests, redis_pace_does_not_begin_a_pass_with_the_time_since_the_last);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
