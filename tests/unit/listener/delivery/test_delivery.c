/*-------------------------------------------------------------------------
 *
 * test_delivery.c
 *	  Unit tests of listener/src/delivery/delivery_events.c and delivery_step.c: fetching,
 *	  applying and acknowledging, and when it looks again.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>

#include "delivery/delivery_fixture.h"
#include "delivery/fetch_pace.h"

static int64_t clock_ms;

static int64_t
read_clock(void *context)
{
	(void) context;
	return clock_ms;
}

/* As start(), with a clock that only the test moves. */
static void
start_clock(void)
{
	start();
	clock_ms = 1000;
	loop_set_clock(fixture.loop, read_clock, NULL);
}

static void
pass_ms(int64_t elapsed_ms)
{
	clock_ms += elapsed_ms;
	ck_assert(loop_turn(fixture.loop, 0));
}

START_TEST(delivery_fetches_from_the_attached_cursor)
{
	start();
	begin();
	expect("fetch 0;");
	stop();
}

END_TEST

START_TEST(delivery_applies_what_was_fetched_and_fetches_on_meanwhile)
{
	start();
	begin();
	answer_fetch("1", 3, false);
	ck_assert_uint_eq(fixture.key_count, 3);
	expect("fetch 0;apply;fetch 1;");
	stop();
}

END_TEST

START_TEST(delivery_acknowledges_only_what_is_applied)
{
	start();
	begin();
	answer_fetch("1", 1, false);
	expect("fetch 0;apply;fetch 1;");
	answer_empty("1");
	expect("");
	redis_finishes(REDIS_LANE_QUICK);
	expect("ack 1;");
	stop();
}

END_TEST

START_TEST(delivery_holds_at_most_two_batches)
{
	start();
	begin();
	answer_fetch("1", 1, false);
	answer_fetch("2", 1, false);
	expect("fetch 0;apply;fetch 1;");
	redis_finishes(REDIS_LANE_QUICK);
	expect("apply;ack 1;");
	answer_ack();
	expect("fetch 2;");
	stop();
}

END_TEST

START_TEST(delivery_acknowledges_before_it_fetches_on)
{
	start();
	begin();
	answer_fetch("1", 1, false);
	answer_fetch("2", 1, false);
	redis_finishes(REDIS_LANE_QUICK);
	answer_ack();
	redis_finishes(REDIS_LANE_QUICK);
	expect("fetch 0;apply;fetch 1;apply;ack 1;fetch 2;");
	answer_empty("2");
	expect("ack 2;");
	stop();
}

END_TEST

START_TEST(delivery_rings_the_bell_only_after_an_empty_answer)
{
	start();
	begin();
	expect("fetch 0;");
	answer_empty("0");
	expect("sleep 0;");
	stop();
}

END_TEST

START_TEST(delivery_sleeps_after_an_empty_answer_with_the_bell_armed)
{
	start();
	begin();
	answer_empty("0");
	answer_empty("0");
	expect("fetch 0;sleep 0;");
	stop();
}

END_TEST

START_TEST(delivery_looks_again_after_a_short_sleep)
{
	start();
	begin();
	answer_empty("0");
	answer_empty("0");
	fixture.asked[0] = '\0';
	while (!fixture.is_busy)
		ck_assert(loop_turn(fixture.loop, 1000));
	expect("sleep 0;");
	stop();
}

END_TEST

START_TEST(delivery_wakes_when_the_bell_rings)
{
	start();
	begin();
	answer_empty("0");
	answer_empty("0");
	fixture.asked[0] = '\0';
	journal_rings();
	expect("fetch 0;");
	stop();
}

END_TEST

/* It takes no time from fetches: nothing but its answer is waited for. */
START_TEST(delivery_trims_now_and_then)
{
	start_clock();
	begin();
	answer_empty("0");
	pass_ms(20000);
	fixture.asked[0] = '\0';
	answer_empty("0");
	expect("trim;");
	journal_rings();
	answer_trim();
	expect("fetch 0;");
	stop();
}

END_TEST

START_TEST(delivery_lets_rows_collect_while_many_come)
{
	start_clock();
	begin();
	pass_ms(FETCH_PACE_INTERVAL_MS);
	fixture.asked[0] = '\0';
	answer_fetch("1", 100, false);
	expect("apply;");
	redis_finishes(REDIS_LANE_QUICK);
	answer_ack();
	expect("ack 1;");
	pass_ms(FETCH_PACE_LINGER_MS - 1);
	expect("");
	pass_ms(1);
	expect("fetch 1;");
	stop();
}

END_TEST

/* While an acknowledgement waits nobody rings, and the daemon looks by itself. */
START_TEST(delivery_looks_every_few_milliseconds_without_a_bell)
{
	start_clock();
	begin();
	answer_fetch("1", 1, false);
	answer_empty("1");
	redis_finishes(REDIS_LANE_QUICK);
	expect("fetch 0;apply;fetch 1;ack 1;");
	pass_ms(100);
	answer_ack();
	answer_fetch("2", 1, false);
	answer_empty("2");
	redis_finishes(REDIS_LANE_QUICK);
	for (int i = 0; i < 6; i++)
	{
		answer_empty("2");
		fixture.asked[0] = '\0';
		pass_ms(4);
		expect("fetch 2;");
	}
	stop();
}

END_TEST

START_TEST(delivery_does_not_linger_after_a_full_answer)
{
	JournalFetch fetch = {.cursor = "1",.row_count = 100,.key_bytes = 1024 * 1024};

	start_clock();
	begin();
	pass_ms(FETCH_PACE_INTERVAL_MS);
	fixture.asked[0] = '\0';
	fixture.is_busy = false;
	journal_ends_fetch(&fetch);
	expect("ack 1;");
	answer_ack();
	expect("fetch 1;");
	stop();
}

END_TEST

START_TEST(delivery_looks_again_when_the_bell_rang_during_a_fetch)
{
	start();
	begin();
	answer_empty("0");
	expect("fetch 0;sleep 0;");
	journal_rings();
	expect("");
	answer_empty("0");
	expect("fetch 0;");
	stop();
}

END_TEST

/* Whoever rings all the time for nothing does not make it look all the time. */
START_TEST(delivery_looks_seldom_when_bells_ring_for_nothing)
{
	int			fetch_count = 0;

	start_clock();
	begin();
	for (int ms = 0; ms < 5000; ms++)
	{
		journal_rings();
		while (fixture.is_busy)
		{
			fetch_count++;
			journal_rings();
			fixture.asked[0] = '\0';
			answer_empty("0");
		}
		pass_ms(1);
	}
	ck_assert_int_le(fetch_count, 30);
	stop();
}

END_TEST

START_TEST(delivery_answers_a_bell_that_had_to_wait)
{
	start_clock();
	begin();
	answer_empty("0");
	/* asleep for longer each time */
	for (int i = 0; i < 4; i++)
	{
		answer_empty("0");
		pass_ms(1000);
	}
	answer_empty("0");
	journal_rings();
	answer_empty("0");
	answer_empty("0");
	fixture.asked[0] = '\0';
	/* doubtful for a millisecond, after the one that rang for nothing */
	journal_rings();
	expect("");
	pass_ms(1);
	expect("sleep 0;");
	stop();
}

END_TEST

START_TEST(delivery_believes_bells_again_that_bring_rows)
{
	start_clock();
	begin();
	answer_empty("0");
	answer_empty("0");
	journal_rings();
	answer_empty("0");
	answer_empty("0");
	journal_rings();
	pass_ms(1);
	answer_fetch("1", 1, false);
	redis_finishes(REDIS_LANE_QUICK);
	answer_ack();
	answer_empty("1");
	answer_empty("1");
	fixture.asked[0] = '\0';
	journal_rings();
	expect("fetch 1;");
	stop();
}

END_TEST

START_TEST(delivery_moves_its_cursor_with_empty_answers)
{
	start();
	begin();
	answer_empty("5");
	expect("fetch 0;sleep 5;");
	stop();
}

END_TEST

START_TEST(delivery_does_not_fetch_while_redis_is_away)
{
	start();
	fixture.is_ready = false;
	begin();
	expect("");
	set_ready(true);
	expect("fetch 0;");
	stop();
}

END_TEST

START_TEST(delivery_disarms_the_bell_when_redis_goes_away)
{
	start();
	begin();
	answer_empty("0");
	answer_empty("0");
	expect("fetch 0;sleep 0;");
	set_ready(false);
	expect("fetch 0;");
	answer_empty("0");
	expect("");
	stop();
}

END_TEST

START_TEST(delivery_keeps_rows_that_came_while_redis_went_away)
{
	start();
	begin();
	fixture.is_ready = false;
	answer_fetch("1", 1, false);
	expect("fetch 0;apply;");
	set_ready(true);
	expect("fetch 1;");
	stop();
}

END_TEST

START_TEST(delivery_has_tags_swept_only_while_it_runs)
{
	start();
	ck_assert(!fixture.may_sweep);
	begin();
	ck_assert(fixture.may_sweep);
	delivery_reset(fixture.delivery);
	ck_assert(!fixture.may_sweep);
	stop();
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("delivery");
	TCase	   *tests = tcase_create("delivery");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, delivery_fetches_from_the_attached_cursor);
	tcase_add_test(tests, delivery_applies_what_was_fetched_and_fetches_on_meanwhile);
	tcase_add_test(tests, delivery_acknowledges_only_what_is_applied);
	tcase_add_test(tests, delivery_holds_at_most_two_batches);
	tcase_add_test(tests, delivery_acknowledges_before_it_fetches_on);
	tcase_add_test(tests, delivery_rings_the_bell_only_after_an_empty_answer);
	tcase_add_test(tests, delivery_sleeps_after_an_empty_answer_with_the_bell_armed);
	tcase_add_test(tests, delivery_looks_again_after_a_short_sleep);
	tcase_add_test(tests, delivery_wakes_when_the_bell_rings);
	tcase_add_test(tests, delivery_trims_now_and_then);
	tcase_add_test(tests, delivery_looks_every_few_milliseconds_without_a_bell);
	tcase_add_test(tests, delivery_lets_rows_collect_while_many_come);
	tcase_add_test(tests, delivery_does_not_linger_after_a_full_answer);
	tcase_add_test(tests, delivery_looks_again_when_the_bell_rang_during_a_fetch);
	tcase_add_test(tests, delivery_looks_seldom_when_bells_ring_for_nothing);
	tcase_add_test(tests, delivery_answers_a_bell_that_had_to_wait);
	tcase_add_test(tests, delivery_believes_bells_again_that_bring_rows);
	tcase_add_test(tests, delivery_moves_its_cursor_with_empty_answers);
	tcase_add_test(tests, delivery_does_not_fetch_while_redis_is_away);
	tcase_add_test(tests, delivery_disarms_the_bell_when_redis_goes_away);
	tcase_add_test(tests, delivery_keeps_rows_that_came_while_redis_went_away);
	tcase_add_test(tests, delivery_has_tags_swept_only_while_it_runs);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
