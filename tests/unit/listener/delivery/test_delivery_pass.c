/*-------------------------------------------------------------------------
 *
 * test_delivery_pass.c
 *	  Unit tests of listener/src/delivery/delivery_events.c and delivery_step.c: passes and
 *	  resyncs beside the batches, and how a delivery ends.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>

#include "delivery/delivery_fixture.h"

/* ---- passes ---- */

START_TEST(delivery_begins_a_pass_beside_the_keys)
{
	start();
	begin();
	answer_fetch("1", 1, true);
	redis_finishes(REDIS_LANE_QUICK);
	expect("fetch 0;apply;fetch 1;scan;");
	ck_assert_uint_eq(fixture.pattern_count, 1);
	stop();
}

END_TEST

START_TEST(delivery_does_not_acknowledge_unfinished_patterns)
{
	start();
	begin();
	answer_fetch("1", 1, true);
	redis_finishes(REDIS_LANE_QUICK);
	answer_fetch("2", 1, false);
	redis_finishes(REDIS_LANE_QUICK);
	answer_empty("2");
	fixture.asked[0] = '\0';
	redis_finishes_pass();
	answer_empty("2");
	expect("ack 2;");
	stop();
}

END_TEST

START_TEST(delivery_collects_patterns_during_a_pass_for_the_next)
{
	start();
	begin();
	answer_fetch("1", 1, true);
	redis_finishes(REDIS_LANE_QUICK);
	answer_fetch("2", 1, true);
	redis_finishes(REDIS_LANE_QUICK);
	expect("fetch 0;apply;fetch 1;scan;apply;fetch 2;");
	redis_finishes_pass();
	expect("scan;");
	answer_empty("2");
	expect("ack 1;");
	stop();
}

END_TEST

/* What Redis says of a batch counts as if the batch had said so. */
START_TEST(delivery_scans_for_what_rows_do_not_tell)
{
	start();
	begin();
	ck_assert(journal_gives(JOURNAL_ACTION_CACHEOPS, 1, "[]", 2));
	answer_fetch("1", 1, false);
	redis_needs_pass("conj:t:a=*", 10);
	redis_needs_pass("conj:t:a=*", 10);
	redis_finishes(REDIS_LANE_QUICK);
	expect("fetch 0;apply;take;fetch 1;scan;");
	ck_assert_uint_eq(fixture.pattern_count, 1);
	redis_finishes(REDIS_LANE_STEPS);
	answer_empty("1");
	expect("sleep 1;");
	redis_finishes_pass();
	answer_empty("1");
	expect("ack 1;");
	stop();
}

END_TEST

START_TEST(delivery_needs_no_scan_for_names_that_are_not_in_hand)
{
	start();
	begin();
	redis_needs_pass("conj:t:a=*", 10);
	answer_fetch("1", 1, false);
	redis_finishes(REDIS_LANE_QUICK);
	expect("fetch 0;apply;fetch 1;");
	stop();
}

END_TEST

/* ---- resyncs ---- */

START_TEST(delivery_lists_what_to_resync_before_it_fetches)
{
	start();
	delivery_start(fixture.delivery, "0", true, "because");
	expect("list;");
	answer_resync_list(true, true);
	expect("apply;fetch 0;");
	stop();
}

END_TEST

START_TEST(delivery_reports_a_resync_after_its_keys_and_its_pass)
{
	start();
	delivery_start(fixture.delivery, "0", true, "because");
	answer_resync_list(true, true);
	answer_empty("0");
	redis_finishes(REDIS_LANE_QUICK);
	expect("list;apply;fetch 0;scan;sleep 0;");
	answer_empty("0");
	redis_finishes_pass();
	expect("resynced;");
	stop();
}

END_TEST

START_TEST(delivery_reports_a_resync_of_keys_alone)
{
	start();
	delivery_start(fixture.delivery, "0", true, "because");
	answer_resync_list(true, false);
	redis_finishes(REDIS_LANE_QUICK);
	answer_empty("0");
	expect("list;apply;fetch 0;resynced;");
	stop();
}

END_TEST

START_TEST(delivery_reports_a_resync_of_nothing)
{
	start();
	delivery_start(fixture.delivery, "0", true, "because");
	answer_resync_list(false, false);
	expect("list;resynced;");
	stop();
}

END_TEST

START_TEST(delivery_acknowledges_batches_during_a_resync)
{
	start();
	delivery_start(fixture.delivery, "0", true, "because");
	answer_resync_list(false, true);
	answer_fetch("1", 1, false);
	redis_finishes(REDIS_LANE_QUICK);
	answer_empty("1");
	expect("list;scan;fetch 0;apply;fetch 1;ack 1;");
	stop();
}

END_TEST

START_TEST(delivery_does_not_list_a_resync_while_redis_is_away)
{
	start();
	fixture.is_ready = false;
	delivery_start(fixture.delivery, "0", true, "because");
	expect("");
	set_ready(true);
	expect("list;");
	stop();
}

END_TEST

/* ---- the end ---- */

START_TEST(delivery_is_drained_when_nothing_is_left)
{
	start();
	begin();
	ck_assert_int_eq(fixture.drained_count, 0);
	answer_fetch("1", 1, false);
	answer_empty("1");
	redis_finishes(REDIS_LANE_QUICK);
	ck_assert_int_eq(fixture.drained_count, 0);
	answer_ack();
	ck_assert_int_eq(fixture.drained_count, 1);
	stop();
}

END_TEST

START_TEST(delivery_is_not_drained_during_a_resync)
{
	start();
	delivery_start(fixture.delivery, "0", true, "because");
	answer_resync_list(false, true);
	answer_empty("0");
	ck_assert_int_eq(fixture.drained_count, 0);
	stop();
}

END_TEST

START_TEST(delivery_finishes_at_once_without_a_batch_in_hand)
{
	start();
	begin();
	delivery_finish(fixture.delivery);
	ck_assert_int_eq(fixture.finished_count, 1);
	stop();
}

END_TEST

START_TEST(delivery_finishes_after_the_batch_in_hand_is_acknowledged)
{
	start();
	begin();
	answer_fetch("1", 1, false);
	answer_empty("1");
	delivery_finish(fixture.delivery);
	ck_assert_int_eq(fixture.finished_count, 0);
	redis_finishes(REDIS_LANE_QUICK);
	expect("fetch 0;apply;fetch 1;ack 1;");
	ck_assert_int_eq(fixture.finished_count, 0);
	answer_ack();
	ck_assert_int_eq(fixture.finished_count, 1);
	stop();
}

END_TEST

START_TEST(delivery_begins_no_new_batch_while_it_finishes)
{
	start();
	begin();
	answer_fetch("1", 1, false);
	answer_fetch("2", 1, false);
	delivery_finish(fixture.delivery);
	redis_finishes(REDIS_LANE_QUICK);
	expect("fetch 0;apply;fetch 1;ack 1;");
	answer_ack();
	expect("");
	stop();
}

END_TEST

START_TEST(delivery_starts_over_from_the_database_after_a_reset)
{
	start();
	begin();
	answer_fetch("1", 1, true);
	delivery_reset(fixture.delivery);
	fixture.is_busy = false;
	fixture.asked[0] = '\0';
	delivery_start(fixture.delivery, "0", false, "");
	expect("fetch 0;");
	stop();
}

END_TEST

START_TEST(delivery_does_nothing_after_a_reset)
{
	start();
	begin();
	answer_empty("0");
	answer_empty("0");
	delivery_reset(fixture.delivery);
	fixture.is_busy = false;
	fixture.asked[0] = '\0';
	set_ready(true);
	journal_rings();
	expect("");
	stop();
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("delivery_pass");
	TCase	   *tests = tcase_create("delivery_pass");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, delivery_begins_a_pass_beside_the_keys);
	tcase_add_test(tests, delivery_does_not_acknowledge_unfinished_patterns);
	tcase_add_test(tests, delivery_collects_patterns_during_a_pass_for_the_next);
	tcase_add_test(tests, delivery_scans_for_what_rows_do_not_tell);
	tcase_add_test(tests, delivery_needs_no_scan_for_names_that_are_not_in_hand);
	tcase_add_test(tests, delivery_lists_what_to_resync_before_it_fetches);
	tcase_add_test(tests, delivery_reports_a_resync_after_its_keys_and_its_pass);
	tcase_add_test(tests, delivery_reports_a_resync_of_keys_alone);
	tcase_add_test(tests, delivery_reports_a_resync_of_nothing);
	tcase_add_test(tests, delivery_acknowledges_batches_during_a_resync);
	tcase_add_test(tests, delivery_does_not_list_a_resync_while_redis_is_away);
	tcase_add_test(tests, delivery_is_drained_when_nothing_is_left);
	tcase_add_test(tests, delivery_is_not_drained_during_a_resync);
	tcase_add_test(tests, delivery_finishes_at_once_without_a_batch_in_hand);
	tcase_add_test(tests, delivery_finishes_after_the_batch_in_hand_is_acknowledged);
	tcase_add_test(tests, delivery_begins_no_new_batch_while_it_finishes);
	tcase_add_test(tests, delivery_starts_over_from_the_database_after_a_reset);
	tcase_add_test(tests, delivery_does_nothing_after_a_reset);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
