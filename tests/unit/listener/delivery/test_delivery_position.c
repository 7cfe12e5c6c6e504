/*-------------------------------------------------------------------------
 *
 * test_delivery_position.c
 *	  Unit tests of listener/src/delivery/delivery_events.c and delivery_step.c: what is
 *	  acknowledged of places in Redis' history.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>

#include "delivery/delivery_fixture.h"

/* Through with the first fetches, and asleep. */
static void
begin_idle(void)
{
	start();
	begin();
	answer_empty("0");
	answer_empty("0");
	fixture.asked[0] = '\0';
}

START_TEST(delivery_acknowledges_a_position_by_itself_when_idle)
{
	begin_idle();
	delivery_take_position(fixture.delivery, 5);
	expect("ack@5 0;");
	stop();
}

END_TEST

START_TEST(delivery_acknowledges_no_other_position_while_nothing_changes)
{
	begin_idle();
	delivery_take_position(fixture.delivery, 5);
	answer_ack();
	delivery_take_position(fixture.delivery, 6);
	expect("ack@5 0;");
	stop();
}

END_TEST

/* Who worked until then may have done more since it was told. */
START_TEST(delivery_forgets_a_position_that_was_told_before_it_works)
{
	start();
	delivery_take_position(fixture.delivery, 5);
	begin();
	answer_empty("0");
	answer_empty("0");
	expect("fetch 0;sleep 0;");
	ck_assert_int_eq(fixture.history_restart_count, 1);
	stop();
}

END_TEST

START_TEST(delivery_lets_a_position_ride_on_the_next_batch)
{
	start();
	begin();
	answer_fetch("1", 1, false);
	delivery_take_position(fixture.delivery, 5);
	answer_fetch("2", 1, false);
	expect("fetch 0;apply;fetch 1;ack@5 0;");
	stop();
}

END_TEST

START_TEST(delivery_acknowledges_a_position_after_the_last_batch)
{
	start();
	begin();
	answer_fetch("1", 1, false);
	answer_empty("1");
	redis_finishes(REDIS_LANE_QUICK);
	expect("fetch 0;apply;fetch 1;ack 1;");
	/* asked for while the acknowledgement is under way */
	delivery_take_position(fixture.delivery, 5);
	answer_ack();
	expect("ack@5 1;");
	stop();
}

END_TEST

START_TEST(delivery_does_not_count_a_batch_to_a_position_from_before)
{
	start();
	begin();
	answer_fetch("1", 1, false);
	delivery_take_position(fixture.delivery, 5);
	redis_finishes(REDIS_LANE_QUICK);
	answer_empty("1");
	expect("fetch 0;apply;fetch 1;ack@5 1;");
	answer_ack();
	fixture.asked[0] = '\0';
	/* so that it needs another one */
	answer_empty("1");
	delivery_take_position(fixture.delivery, 6);
	expect("ack@6 1;");
	stop();
}

END_TEST

START_TEST(delivery_acknowledges_no_position_that_is_not_told)
{
	begin_idle();
	delivery_take_position(fixture.delivery, 0);
	expect("");
	stop();
}

END_TEST

START_TEST(delivery_knows_no_position_during_a_resync)
{
	start();
	delivery_start(fixture.delivery, "0", true, "");
	expect("list;");
	delivery_take_position(fixture.delivery, 5);
	answer_resync_list(true, false);
	delivery_take_position(fixture.delivery, 6);
	expect("apply;fetch 0;");
	answer_empty("0");
	redis_finishes(REDIS_LANE_QUICK);
	expect("resynced;");
	delivery_take_position(fixture.delivery, 7);
	fixture.is_busy = false;
	journal_ends_resync();
	fixture.asked[0] = '\0';
	answer_empty("0");
	/* from here on */
	delivery_take_position(fixture.delivery, 8);
	expect("ack@8 0;");
	stop();
}

END_TEST

START_TEST(delivery_forgets_a_position_with_the_session)
{
	start();
	begin();
	delivery_take_position(fixture.delivery, 5);
	delivery_reset(fixture.delivery);
	fixture.asked[0] = '\0';
	fixture.is_busy = false;
	begin();
	answer_empty("0");
	expect("fetch 0;sleep 0;");
	stop();
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("delivery_position");
	TCase	   *tests = tcase_create("delivery_position");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, delivery_acknowledges_a_position_by_itself_when_idle);
	tcase_add_test(tests, delivery_acknowledges_no_other_position_while_nothing_changes);
	tcase_add_test(tests, delivery_forgets_a_position_that_was_told_before_it_works);
	tcase_add_test(tests, delivery_lets_a_position_ride_on_the_next_batch);
	tcase_add_test(tests, delivery_acknowledges_a_position_after_the_last_batch);
	tcase_add_test(tests, delivery_does_not_count_a_batch_to_a_position_from_before);
	tcase_add_test(tests, delivery_acknowledges_no_position_that_is_not_told);
	tcase_add_test(tests, delivery_knows_no_position_during_a_resync);
	tcase_add_test(tests, delivery_forgets_a_position_with_the_session);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
