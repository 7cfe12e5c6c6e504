/*-------------------------------------------------------------------------
 *
 * test_ack_pace.c
 *	  Unit tests of listener/src/delivery/ack_pace.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>

#include "delivery/ack_pace.h"

#define BEGIN_MS INT64_C(1000000)

static AckPace pace;
static int64_t now_ms;

static void
start(void)
{
	now_ms = BEGIN_MS;
	ack_pace_init(&pace, now_ms);
}

/* An acknowledgement that takes so long, and the fetch behind it. */
static void
acknowledge(int64_t duration_ms, size_t row_count)
{
	ack_pace_begin_ack(&pace, now_ms);
	now_ms += duration_ms;
	ack_pace_end_ack(&pace, now_ms);
	ack_pace_take_fetch(&pace, now_ms, row_count);
}

/* Rows come every millisecond for so long. */
static void
stream_for(int64_t duration_ms)
{
	for (int64_t end_ms = now_ms + duration_ms; now_ms < end_ms; now_ms++)
		ack_pace_take_fetch(&pace, now_ms, 1);
}

static int64_t
wait_ms(void)
{
	return ack_pace_wait_ms(&pace, now_ms, 0);
}

START_TEST(ack_pace_does_not_hold_back_the_first)
{
	start();
	ck_assert_int_eq(wait_ms(), 0);
	ack_pace_take_fetch(&pace, now_ms, 1000);
	ck_assert_int_eq(wait_ms(), 0);
}

END_TEST

/* As of somebody who waits until each is applied. */
START_TEST(ack_pace_does_not_hold_back_rows_that_come_one_by_one)
{
	start();
	for (int i = 0; i < 100; i++)
	{
		ack_pace_take_fetch(&pace, now_ms, 1);
		ck_assert_int_eq(wait_ms(), 0);
		acknowledge(1, 0);
		now_ms += 1;
	}
}

END_TEST

START_TEST(ack_pace_holds_back_where_rows_come_meanwhile)
{
	start();
	acknowledge(0, 1);
	ck_assert_int_eq(wait_ms(), ACK_PACE_QUIET_MIN_MS);
	stream_for(ACK_PACE_HOLD_MIN_MS - 1);
	ck_assert_int_eq(wait_ms(), 1);
	stream_for(1);
	ck_assert_int_eq(wait_ms(), 0);
}

END_TEST

START_TEST(ack_pace_holds_back_for_longer_where_acknowledging_is_slow)
{
	start();
	for (int i = 0; i < 100; i++)
		acknowledge(2, 1);
	ck_assert_int_ge(pace.duration_us, 1900);
	now_ms = pace.begin_ms;
	pace.fetched_ms = now_ms + 1000;
	ck_assert_int_ge(wait_ms(), ACK_PACE_SHARE * 19 / 10);
	ck_assert_int_le(wait_ms(), ACK_PACE_SHARE * 2);
}

END_TEST

START_TEST(ack_pace_has_an_upper_limit)
{
	start();
	for (int i = 0; i < 100; i++)
		acknowledge(1000, 1);
	now_ms = pace.begin_ms;
	pace.fetched_ms = now_ms + 10000;
	ck_assert_int_eq(wait_ms(), ACK_PACE_HOLD_MAX_MS);
}

END_TEST

START_TEST(ack_pace_goes_on_as_soon_as_no_more_rows_come)
{
	start();
	acknowledge(0, 1);
	stream_for(3);
	now_ms += ACK_PACE_QUIET_MIN_MS - 1;
	ck_assert_int_eq(wait_ms(), 0);
}

END_TEST

/* Between two fetches that linger nothing can come. */
START_TEST(ack_pace_waits_for_several_fetches_that_linger)
{
	start();
	acknowledge(0, 1);
	ck_assert_int_eq(ack_pace_wait_ms(&pace, now_ms, 8), ACK_PACE_QUIET_LINGERS * 8);
	now_ms += 8;
	ack_pace_take_fetch(&pace, now_ms, 0);
	ck_assert_int_eq(ack_pace_wait_ms(&pace, now_ms, 8), (ACK_PACE_QUIET_LINGERS - 1) * 8);
}

END_TEST

START_TEST(ack_pace_forgets_a_stream_that_has_ended)
{
	start();
	acknowledge(0, 1);
	for (int i = 0; i < ACK_PACE_MEMORY; i++)
		acknowledge(0, 0);
	ack_pace_take_fetch(&pace, now_ms, 1);
	ck_assert_int_eq(wait_ms(), 0);
}

END_TEST

START_TEST(ack_pace_takes_no_later_row_for_a_stream)
{
	start();
	ack_pace_begin_ack(&pace, now_ms);
	ack_pace_end_ack(&pace, now_ms);
	now_ms += ACK_PACE_NEAR_MS + 1;
	ack_pace_take_fetch(&pace, now_ms, 1);
	ck_assert_int_eq(wait_ms(), 0);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("ack_pace");
	TCase	   *tests = tcase_create("ack_pace");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, ack_pace_does_not_hold_back_the_first);
	tcase_add_test(tests, ack_pace_does_not_hold_back_rows_that_come_one_by_one);
	tcase_add_test(tests, ack_pace_holds_back_where_rows_come_meanwhile);
	tcase_add_test(tests, ack_pace_holds_back_for_longer_where_acknowledging_is_slow);
	tcase_add_test(tests, ack_pace_has_an_upper_limit);
	tcase_add_test(tests, ack_pace_goes_on_as_soon_as_no_more_rows_come);
	tcase_add_test(tests, ack_pace_waits_for_several_fetches_that_linger);
	tcase_add_test(tests, ack_pace_forgets_a_stream_that_has_ended);
	tcase_add_test(tests, ack_pace_takes_no_later_row_for_a_stream);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
