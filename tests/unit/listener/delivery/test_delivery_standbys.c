/*-------------------------------------------------------------------------
 *
 * test_delivery_standbys.c
 *	  Unit tests of listener/src/delivery/delivery_repeat.c: what is done again when
 *	  standbys have replayed it, and acknowledged only then.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>

#include "delivery/delivery_standbys_fixture.h"

START_TEST(delivery_asks_for_no_standbys_unless_told)
{
	start();
	begin();
	answer_fetch("1", 1, false);
	redis_finishes(REDIS_LANE_QUICK);
	answer_empty("1");
	expect("fetch 0;apply;fetch 1;ack 1;");
	stop();
}

END_TEST

START_TEST(delivery_does_again_what_standbys_have_replayed_and_acknowledges_it_then)
{
	start_standbys();
	apply_and_wait(false);
	pass_ms(10);
	expect("replayed;");
	tell(10, 0);
	expect("again 0-1;");
	answer_fetch("1", 1, false);
	ck_assert_uint_eq(fixture.key_count, 1);
	expect("apply;");
	redis_finishes(REDIS_LANE_QUICK);
	expect("ack 1;");
	ck_assert_int_eq(fixture.drained_count, 0);
	answer_ack();
	expect("sleep 1;");
	ck_assert_int_eq(fixture.drained_count, 1);
	stop();
}

END_TEST

START_TEST(delivery_acknowledges_nothing_that_a_standby_has_not_replayed)
{
	start_standbys();
	apply_and_wait(false);
	for (int i = 0; i < 5; i++)
	{
		fixture.asked[0] = '\0';
		pass_ms(100);
		expect("replayed;");
		tell(9, 0);
		answer_empty("1");
	}
	ck_assert_str_eq(fixture.delivery->progress.clean.cursor, "0");
	ck_assert_int_eq(fixture.drained_count, 0);
	stop();
}

END_TEST

START_TEST(delivery_goes_on_while_standbys_are_waited_for)
{
	start_standbys();
	apply_and_wait(false);
	journal_rings();
	expect("fetch 1;");
	answer_fetch("2", 1, false);
	expect("apply;fetch 2;");
	redis_finishes(REDIS_LANE_QUICK);
	answer_fetch("3", 1, false);
	expect("apply;fetch 3;");
	stop();
}

END_TEST

START_TEST(delivery_does_again_no_more_than_is_released)
{
	start_standbys();
	apply_and_wait(false);
	pass_ms(60);
	expect("replayed;");
	tell(5, 0);
	answer_fetch("2", 1, false);
	/* the second mark is at 20 */
	expect("sleep 1;apply;mark;");
	tell(10, 20);
	redis_finishes(REDIS_LANE_QUICK);
	expect("again 0-1;");
	answer_fetch("1", 1, false);
	redis_finishes(REDIS_LANE_QUICK);
	expect("apply;fetch 2;");
	answer_empty("2");
	expect("ack 1;");
	stop();
}

END_TEST

START_TEST(delivery_goes_on_with_a_repeat_that_is_larger_than_a_batch)
{
	start_standbys();
	apply_and_wait(false);
	pass_ms(10);
	tell(10, 0);
	expect("replayed;again 0-1;");
	answer_fetch("half", 1, false);
	expect("apply;");
	redis_finishes(REDIS_LANE_QUICK);
	expect("ack half;");
	answer_ack();
	/* in turns */
	expect("sleep 1;");
	answer_empty("1");
	expect("again half-1;");
	answer_fetch("1", 1, false);
	redis_finishes(REDIS_LANE_QUICK);
	expect("apply;ack 1;");
	stop();
}

END_TEST

/*
 * The first fetch was full with the last row of a transaction, of which its cursor says
 * that it is consumed in part: it is left for a later mark, which nobody else asks for.
 */
START_TEST(delivery_asks_for_a_mark_behind_a_transaction_that_filled_the_fetch)
{
	JournalFetch fetch = {.cursor = "1:7:/7.1",.row_count = 1,.key_bytes = 256 * 1024};

	start_standbys();
	begin();
	fixture.is_busy = false;
	ck_assert(journal_gives(JOURNAL_ACTION_KEYS, 1, "k", 1));
	journal_ends_fetch(&fetch);
	expect("fetch 0;apply;mark;");
	redis_finishes(REDIS_LANE_QUICK);
	tell(10, 10);
	expect("again 0-1:7:/7.1;");
	answer_empty("1:7:");
	expect("ack 1:7:;");
	answer_ack();
	expect("fetch 1:7:/7.1;");
	answer_empty("8:8:");
	expect("sleep 8:8:;");
	answer_empty("8:8:");
	ck_assert_int_eq(fixture.drained_count, 0);
	fixture.asked[0] = '\0';
	pass_ms(50);
	expect("mark;");
	tell(20, 20);
	expect("again 1:7:-8:8:;");
	answer_fetch("8:8:", 1, false);
	ck_assert_int_eq(fixture.drained_count, 0);
	expect("apply;");
	redis_finishes(REDIS_LANE_QUICK);
	expect("ack 8:8:;");
	stop();
}

END_TEST

START_TEST(delivery_moves_the_cursor_by_an_empty_repeat_behind_the_batch_before)
{
	start_standbys();
	apply_and_wait(false);
	pass_ms(10);
	tell(10, 0);
	answer_fetch("almost", 1, false);
	expect("replayed;again 0-1;apply;");
	pass_ms(2000);
	/* the bell is not armed while Redis works: the repeat goes on */
	fixture.asked[0] = '\0';
	if (!fixture.is_busy)
		journal_rings();
	answer_empty("1");
	expect("fetch 1;again almost-1;");
	answer_empty("1");
	ck_assert_str_eq(fixture.delivery->progress.clean.cursor, "0");
	redis_finishes(REDIS_LANE_QUICK);
	ck_assert_str_eq(fixture.delivery->progress.clean.cursor, "1");
	stop();
}

END_TEST

START_TEST(delivery_scans_again_for_the_patterns_of_a_repeat)
{
	start_standbys();
	apply_and_wait(true);
	pass_ms(10);
	tell(10, 0);
	answer_fetch("1", 1, true);
	expect("replayed;again 0-1;apply;");
	redis_finishes(REDIS_LANE_QUICK);
	expect("scan;sleep 1;");
	ck_assert_str_eq(fixture.delivery->progress.clean.cursor, "0");
	answer_empty("1");
	redis_finishes_pass();
	expect("ack 1;");
	stop();
}

END_TEST

START_TEST(delivery_takes_no_pass_that_began_before_the_repeat_for_its_own)
{
	start_standbys();
	begin();
	answer_fetch("1", 1, true);
	tell(5, 10);
	redis_finishes(REDIS_LANE_QUICK);
	answer_empty("1");
	answer_empty("1");
	expect("fetch 0;apply;mark;fetch 1;scan;sleep 1;");
	/* that pass runs on */
	pass_ms(10);
	tell(10, 0);
	answer_fetch("1", 1, true);
	redis_finishes(REDIS_LANE_QUICK);
	expect("replayed;again 0-1;apply;sleep 1;");
	answer_empty("1");
	redis_finishes_pass();
	expect("scan;");
	redis_finishes_pass();
	expect("ack 1;");
	stop();
}

END_TEST

START_TEST(delivery_makes_a_resync_again_when_standbys_have_replayed)
{
	start_standbys();
	delivery_start(fixture.delivery, "0", true, "because");
	expect("list;");
	answer_resync_list(true, true);
	expect("apply;mark;");
	tell(5, 10);
	redis_finishes(REDIS_LANE_QUICK);
	answer_empty("0");
	answer_empty("0");
	expect("fetch 0;scan;sleep 0;");
	redis_finishes_pass();
	expect("");
	pass_ms(10);
	tell(10, 0);
	expect("replayed;again 0-0;");
	answer_empty("0");
	expect("list;");
	answer_resync_list(true, true);
	ck_assert_uint_eq(fixture.key_count, 1);
	expect("apply;");
	redis_finishes(REDIS_LANE_QUICK);
	expect("scan;sleep 0;");
	answer_empty("0");
	expect("");
	redis_finishes_pass();
	expect("resynced;");
	stop();
}

END_TEST

START_TEST(delivery_makes_a_resync_again_without_patterns)
{
	start_standbys();
	delivery_start(fixture.delivery, "0", true, "because");
	answer_resync_list(true, false);
	tell(10, 10);
	expect("list;apply;mark;fetch 0;");
	answer_empty("0");
	redis_finishes(REDIS_LANE_QUICK);
	/* this one had begun before the first resync was done */
	expect("again 0-0;");
	answer_empty("0");
	expect("sleep 0;");
	answer_empty("0");
	expect("again 0-0;");
	answer_empty("0");
	answer_resync_list(true, false);
	expect("list;apply;");
	redis_finishes(REDIS_LANE_QUICK);
	expect("resynced;");
	stop();
}

END_TEST

START_TEST(delivery_begins_another_session_where_it_was_acknowledged)
{
	start_standbys();
	apply_and_wait(false);
	delivery_reset(fixture.delivery);
	fixture.is_busy = false;
	begin();
	expect("fetch 0;");
	answer_fetch("1", 1, false);
	expect("apply;mark;");
	stop();
}

END_TEST

START_TEST(delivery_that_finishes_does_not_wait_for_standbys)
{
	start_standbys();
	apply_and_wait(false);
	delivery_finish(fixture.delivery);
	ck_assert_int_eq(fixture.finished_count, 1);
	expect("");
	stop();
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("delivery_standbys");
	TCase	   *tests = tcase_create("delivery_standbys");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	suite_add_tcase(suite, tests);
	tcase_add_test(tests, delivery_asks_for_no_standbys_unless_told);
	tcase_add_test(tests, delivery_does_again_what_standbys_have_replayed_and_acknowledges_it_then);
	tcase_add_test(tests, delivery_acknowledges_nothing_that_a_standby_has_not_replayed);
	tcase_add_test(tests, delivery_goes_on_while_standbys_are_waited_for);
	tcase_add_test(tests, delivery_does_again_no_more_than_is_released);
	tcase_add_test(tests, delivery_goes_on_with_a_repeat_that_is_larger_than_a_batch);
	tcase_add_test(tests, delivery_asks_for_a_mark_behind_a_transaction_that_filled_the_fetch);
	tcase_add_test(tests, delivery_moves_the_cursor_by_an_empty_repeat_behind_the_batch_before);
	tcase_add_test(tests, delivery_scans_again_for_the_patterns_of_a_repeat);
	tcase_add_test(tests, delivery_takes_no_pass_that_began_before_the_repeat_for_its_own);
	tcase_add_test(tests, delivery_makes_a_resync_again_when_standbys_have_replayed);
	tcase_add_test(tests, delivery_makes_a_resync_again_without_patterns);
	tcase_add_test(tests, delivery_begins_another_session_where_it_was_acknowledged);
	tcase_add_test(tests, delivery_that_finishes_does_not_wait_for_standbys);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
