/*-------------------------------------------------------------------------
 *
 * test_loop_timers.c
 *	  Unit tests of listener/src/base/loop.c: timers.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <limits.h>
#include <stdlib.h>

#include "base/loop_fixture.h"

static void
rearm_without_delay(Actor *actor)
{
	arm(actor, 0);
}

static void
arm_other_without_delay(Actor *actor)
{
	arm(actor->other, 0);
}

START_TEST(loop_fires_a_timer_once_when_it_is_due)
{
	arm(&actors[0], 50);
	ck_assert(loop_timer_is_armed(&actors[0].timer));
	turn_at(1049);
	ck_assert_str_eq(trace, "");
	turn_at(1050);
	ck_assert_str_eq(trace, "a");
	ck_assert(!loop_timer_is_armed(&actors[0].timer));
	turn_at(5000);
	ck_assert_str_eq(trace, "a");
}

END_TEST

START_TEST(loop_fires_timers_by_deadline)
{
	arm(&actors[0], 30);
	arm(&actors[1], 10);
	arm(&actors[2], 20);
	turn_at(2000);
	ck_assert_str_eq(trace, "bca");
}

END_TEST

START_TEST(loop_fires_timers_of_one_deadline_in_the_order_they_were_armed)
{
	for (int i = ACTOR_COUNT - 1; i >= 0; i--)
		arm(&actors[i], 10);
	turn_at(1010);
	ck_assert_str_eq(trace, "xwvutsrqponmlkjihgfedcba");
}

END_TEST

START_TEST(loop_moves_a_timer_that_is_armed_again)
{
	arm(&actors[0], 10);
	arm(&actors[0], 100);
	turn_at(1050);
	ck_assert_str_eq(trace, "");
	turn_at(1100);
	ck_assert_str_eq(trace, "a");
}

END_TEST

START_TEST(loop_forgets_a_removed_timer)
{
	arm(&actors[0], 10);
	arm(&actors[1], 20);
	arm(&actors[2], 30);
	loop_timer_remove(loop, &actors[1].timer);
	ck_assert(!loop_timer_is_armed(&actors[1].timer));
	turn_at(2000);
	ck_assert_str_eq(trace, "ac");
}

END_TEST

START_TEST(loop_ignores_the_removal_of_a_timer_that_is_not_armed)
{
	loop_timer_remove(loop, &actors[0].timer);
	ck_assert(!loop_timer_is_armed(&actors[0].timer));
}

END_TEST

START_TEST(loop_lets_a_timer_remove_another_that_is_due)
{
	actors[0].act = remove_other;
	actors[0].other = &actors[1];
	arm(&actors[0], 10);
	arm(&actors[1], 10);
	arm(&actors[2], 10);
	turn_at(1010);
	ck_assert_str_eq(trace, "ac");
}

END_TEST

START_TEST(loop_fires_a_timer_that_rearms_itself_once_a_turn)
{
	actors[0].act = rearm_without_delay;
	arm(&actors[0], 0);
	turn_at(1000);
	ck_assert_str_eq(trace, "a");
	turn_at(1000);
	ck_assert_str_eq(trace, "aa");
}

END_TEST

START_TEST(loop_fires_what_is_due_although_another_timer_rearms_itself)
{
	actors[0].act = rearm_without_delay;
	arm(&actors[0], 0);
	arm(&actors[1], 10);
	turn_at(1010);
	ck_assert_str_eq(trace, "ab");
}

END_TEST

START_TEST(loop_leaves_a_timer_armed_by_a_callback_to_the_next_turn)
{
	actors[0].act = arm_other_without_delay;
	actors[0].other = &actors[1];
	arm(&actors[0], 0);
	turn_at(1000);
	ck_assert_str_eq(trace, "a");
	turn_at(1000);
	ck_assert_str_eq(trace, "ab");
}

END_TEST

START_TEST(loop_takes_a_negative_delay_as_none)
{
	arm(&actors[0], -5);
	ck_assert_int_eq(actors[0].timer.deadline_ms, 1000);
}

END_TEST

START_TEST(loop_never_overflows_a_deadline)
{
	arm(&actors[0], INT64_MAX);
	ck_assert_int_eq(actors[0].timer.deadline_ms, INT64_MAX);
	turn_at(5000);
	ck_assert_str_eq(trace, "");
}

END_TEST

START_TEST(loop_counts_a_delay_from_the_latest_turn)
{
	now_ms = 1500;
	ck_assert_int_eq(loop_now_ms(loop), 1000);
	turn_at(1500);
	ck_assert_int_eq(loop_now_ms(loop), 1500);
	arm(&actors[0], 10);
	ck_assert_int_eq(actors[0].timer.deadline_ms, 1510);
}

END_TEST

START_TEST(loop_waits_no_longer_than_the_next_timer)
{
	Loop	   *real = loop_create();
	LoopTimer	timer;

	loop_timer_init(&timer, on_timer, &actors[0]);
	ck_assert(loop_timer_set(real, &timer, 5));
	while (loop_timer_is_armed(&timer))
		ck_assert(loop_turn(real, -1));
	ck_assert_str_eq(trace, "a");
	loop_destroy(real);
}

END_TEST

START_TEST(loop_waits_no_longer_than_it_is_told)
{
	Loop	   *real = loop_create();
	LoopTimer	timer;
	int64_t		before_ms = loop_now_ms(real);

	loop_timer_init(&timer, on_timer, &actors[0]);
	ck_assert(loop_timer_set(real, &timer, (int64_t) INT_MAX * 4));
	ck_assert(loop_turn(real, 5));
	ck_assert_int_ge(loop_now_ms(real), before_ms + 5);
	ck_assert_str_eq(trace, "");
	loop_destroy(real);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("loop_timers");
	TCase	   *tests = tcase_create("loop_timers");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, open_loop, close_loop);
	tcase_add_test(tests, loop_fires_a_timer_once_when_it_is_due);
	tcase_add_test(tests, loop_fires_timers_by_deadline);
	tcase_add_test(tests, loop_fires_timers_of_one_deadline_in_the_order_they_were_armed);
	tcase_add_test(tests, loop_moves_a_timer_that_is_armed_again);
	tcase_add_test(tests, loop_forgets_a_removed_timer);
	tcase_add_test(tests, loop_ignores_the_removal_of_a_timer_that_is_not_armed);
	tcase_add_test(tests, loop_lets_a_timer_remove_another_that_is_due);
	tcase_add_test(tests, loop_fires_a_timer_that_rearms_itself_once_a_turn);
	tcase_add_test(tests, loop_fires_what_is_due_although_another_timer_rearms_itself);
	tcase_add_test(tests, loop_leaves_a_timer_armed_by_a_callback_to_the_next_turn);
	tcase_add_test(tests, loop_takes_a_negative_delay_as_none);
	tcase_add_test(tests, loop_never_overflows_a_deadline);
	tcase_add_test(tests, loop_counts_a_delay_from_the_latest_turn);
	tcase_add_test(tests, loop_waits_no_longer_than_the_next_timer);
	tcase_add_test(tests, loop_waits_no_longer_than_it_is_told);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
