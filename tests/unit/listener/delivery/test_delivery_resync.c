/*-------------------------------------------------------------------------
 *
 * test_delivery_resync.c
 *	  Unit tests of listener/src/delivery/delivery_events.c and delivery_step.c: batches that
 *	  ask for a resync.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>

#include "delivery/delivery_fixture.h"
#include "delivery/delivery_internal.h"

static void
take(JournalAction action, const char *key)
{
	ck_assert(journal_gives(action, 1, key, strlen(key)));
}

/* Rows that ask for a resync, and one with a key if has_key. */
static void
answer_resync_rows(const char *cursor, size_t row_count, bool has_key)
{
	if (has_key)
		take(JOURNAL_ACTION_KEYS, "key");
	for (size_t i = 0; i < row_count; i++)
		take(JOURNAL_ACTION_RESYNC, "");
	answer_fetch(cursor, row_count, false);
}

/* What answer_fetch adds for each row is no key of these tests. */
#define ROW_KEYS(row_count) ((size_t) (row_count))

START_TEST(delivery_resyncs_names_and_patterns_of_every_kind)
{
	start();
	delivery_start(fixture.delivery, "0", true, "because");
	take(JOURNAL_ACTION_TAGS, "t");
	take(JOURNAL_ACTION_TAG_PATTERNS, "t*");
	take(JOURNAL_ACTION_VERSIONS, "v");
	take(JOURNAL_ACTION_VERSION_PATTERNS, "v*");
	answer_resync_list(true, true);
	ck_assert_uint_eq(fixture.key_count + fixture.tag_count + fixture.version_count, 3);
	answer_empty("0");
	redis_finishes(REDIS_LANE_QUICK);
	ck_assert_uint_eq(fixture.pattern_count, 3);
	expect("list;apply;take;fetch 0;scan;sleep 0;");
	answer_empty("0");
	redis_finishes_pass();
	expect("");
	redis_finishes(REDIS_LANE_STEPS);
	expect("resynced;");
	stop();
}

END_TEST

/* --- a row that asks for a resync --- */

START_TEST(delivery_lists_what_a_row_asks_for_before_it_applies_the_batch)
{
	start();
	begin();
	answer_resync_rows("1", 1, true);
	expect("fetch 0;list;");
	answer_resync_list(true, false);
	expect("apply;fetch 1;");
	ck_assert_uint_eq(fixture.key_count, ROW_KEYS(1) + 2);
	answer_empty("1");
	redis_finishes(REDIS_LANE_QUICK);
	expect("ack 1;");
	stop();
}

END_TEST

START_TEST(delivery_lists_once_for_many_rows_of_a_batch)
{
	start();
	begin();
	answer_resync_rows("1", 5, false);
	expect("fetch 0;list;");
	answer_resync_list(true, false);
	expect("apply;fetch 1;");
	stop();
}

END_TEST

START_TEST(delivery_lists_again_for_the_next_batch_only_if_that_asks)
{
	start();
	begin();
	answer_resync_rows("1", 1, false);
	answer_resync_list(true, false);
	answer_fetch("2", 1, false);
	redis_finishes(REDIS_LANE_QUICK);
	expect("fetch 0;list;apply;fetch 1;apply;ack 1;");
	answer_ack();
	answer_resync_rows("3", 1, false);
	expect("fetch 2;list;");
	stop();
}

END_TEST

START_TEST(delivery_does_not_acknowledge_a_resync_row_before_its_patterns)
{
	start();
	begin();
	answer_resync_rows("1", 1, false);
	answer_resync_list(true, true);
	redis_finishes(REDIS_LANE_QUICK);
	answer_empty("1");
	answer_empty("1");
	expect("fetch 0;list;apply;fetch 1;scan;sleep 1;");
	redis_finishes_pass();
	expect("ack 1;");
	stop();
}

END_TEST

/* A row of nothing but the request, as the journal has it. */
static void
answer_resync_only(const char *cursor)
{
	JournalFetch fetch = {.cursor = cursor,.row_count = 1};

	take(JOURNAL_ACTION_RESYNC, "");
	fixture.is_busy = false;
	journal_ends_fetch(&fetch);
}

START_TEST(delivery_does_a_batch_of_a_resync_row_alone)
{
	start();
	begin();
	answer_resync_only("1");
	expect("fetch 0;list;");
	answer_resync_list(true, false);
	ck_assert_uint_eq(fixture.key_count, 1);
	expect("apply;fetch 1;");
	stop();
}

END_TEST

START_TEST(delivery_scans_for_a_resync_row_of_patterns_alone)
{
	start();
	begin();
	answer_resync_only("1");
	answer_resync_list(false, true);
	expect("fetch 0;list;scan;fetch 1;");
	ck_assert_uint_eq(fixture.pattern_count, 1);
	stop();
}

END_TEST

START_TEST(delivery_acknowledges_a_resync_row_that_lists_nothing)
{
	start();
	begin();
	answer_resync_only("1");
	answer_resync_list(false, false);
	expect("fetch 0;list;ack 1;");
	stop();
}

END_TEST

START_TEST(delivery_lists_while_the_batch_before_is_applied)
{
	start();
	begin();
	answer_fetch("1", 1, false);
	answer_resync_only("2");
	expect("fetch 0;apply;fetch 1;list;");
	redis_finishes(REDIS_LANE_QUICK);
	expect("");
	answer_resync_list(true, false);
	expect("apply;ack 1;");
	answer_ack();
	expect("fetch 2;");
	redis_finishes(REDIS_LANE_QUICK);
	answer_empty("2");
	expect("ack 2;");
	stop();
}

END_TEST

START_TEST(delivery_acknowledges_the_batch_before_rather_than_lists)
{
	start();
	begin();
	answer_fetch("1", 1, false);
	redis_finishes(REDIS_LANE_QUICK);
	expect("fetch 0;apply;fetch 1;");
	answer_resync_only("2");
	expect("ack 1;");
	answer_ack();
	expect("list;");
	stop();
}

END_TEST

/* An empty fetch's cursor is acknowledged now and then; not a fetched one. */
START_TEST(delivery_does_not_acknowledge_a_batch_that_waits_for_its_list)
{
	start();
	begin();
	answer_resync_only("1");
	expect("fetch 0;list;");
	ck_assert(loop_timer_set(fixture.loop, &fixture.delivery->trim_timer, 0));
	while (!fixture.delivery->is_trim_due)
		ck_assert(loop_turn(fixture.loop, 100));
	ck_assert_str_eq(fixture.delivery->progress.clean.cursor, "0");
	answer_resync_list(true, false);
	ck_assert_str_eq(fixture.delivery->progress.clean.cursor, "0");
	expect("apply;trim;");
	stop();
}

END_TEST

START_TEST(delivery_is_not_drained_while_it_lists)
{
	start();
	begin();
	answer_resync_only("1");
	ck_assert_int_eq(fixture.drained_count, 0);
	answer_resync_list(true, true);
	answer_empty("1");
	redis_finishes(REDIS_LANE_QUICK);
	answer_empty("1");
	ck_assert_int_eq(fixture.drained_count, 0);
	redis_finishes_pass();
	answer_ack();
	journal_rings();
	answer_empty("1");
	ck_assert_int_eq(fixture.drained_count, 1);
	stop();
}

END_TEST

START_TEST(delivery_finishes_at_once_while_it_lists_for_the_only_batch)
{
	start();
	begin();
	answer_resync_only("1");
	delivery_finish(fixture.delivery);
	ck_assert_int_eq(fixture.finished_count, 1);
	expect("fetch 0;list;");
	stop();
}

END_TEST

START_TEST(delivery_finishes_the_batch_in_hand_while_it_lists_for_the_next)
{
	start();
	begin();
	answer_fetch("1", 1, false);
	answer_resync_only("2");
	delivery_finish(fixture.delivery);
	redis_finishes(REDIS_LANE_QUICK);
	expect("fetch 0;apply;fetch 1;list;");
	answer_resync_list(true, false);
	expect("ack 1;");
	answer_ack();
	expect("");
	ck_assert_int_eq(fixture.finished_count, 1);
	stop();
}

END_TEST

START_TEST(delivery_does_not_begin_to_list_while_it_finishes)
{
	start();
	begin();
	answer_fetch("1", 1, false);
	delivery_finish(fixture.delivery);
	answer_resync_only("2");
	expect("fetch 0;apply;fetch 1;");
	redis_finishes(REDIS_LANE_QUICK);
	expect("ack 1;");
	answer_ack();
	expect("");
	ck_assert_int_eq(fixture.finished_count, 1);
	stop();
}

END_TEST

START_TEST(delivery_forgets_a_list_whose_session_was_lost)
{
	start();
	begin();
	answer_resync_only("1");
	take(JOURNAL_ACTION_KEYS, "half of the list");
	delivery_reset(fixture.delivery);
	fixture.is_busy = false;
	fixture.asked[0] = '\0';
	delivery_start(fixture.delivery, "0", false, "");
	answer_fetch("1", 1, false);
	expect("fetch 0;apply;fetch 1;");
	ck_assert_uint_eq(fixture.key_count, 1);
	stop();
}

END_TEST

START_TEST(delivery_lists_for_a_row_while_redis_is_away)
{
	start();
	begin();
	fixture.is_ready = false;
	answer_resync_only("1");
	expect("fetch 0;list;");
	answer_resync_list(true, false);
	expect("apply;");
	set_ready(true);
	expect("fetch 1;");
	stop();
}

END_TEST

START_TEST(delivery_ignores_a_resync_within_a_list)
{
	start();
	begin();
	answer_resync_only("1");
	take(JOURNAL_ACTION_RESYNC, "");
	answer_resync_list(true, false);
	expect("fetch 0;list;apply;fetch 1;");
	stop();
}

END_TEST

START_TEST(delivery_lists_for_a_row_beside_the_resync_of_an_attachment)
{
	start();
	delivery_start(fixture.delivery, "0", true, "because");
	answer_resync_list(true, true);
	answer_resync_only("1");
	expect("list;apply;fetch 0;list;");
	redis_finishes(REDIS_LANE_QUICK);
	expect("scan;");
	answer_resync_list(true, true);
	expect("apply;fetch 1;");
	redis_finishes(REDIS_LANE_QUICK);
	redis_finishes_pass();
	expect("scan;");
	answer_empty("1");
	expect("resynced;");
	fixture.is_busy = false;
	journal_ends_resync();
	redis_finishes_pass();
	answer_empty("1");
	expect("sleep 1;ack 1;");
	stop();
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("delivery_resync");
	TCase	   *tests = tcase_create("delivery_resync");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, delivery_resyncs_names_and_patterns_of_every_kind);
	tcase_add_test(tests, delivery_lists_what_a_row_asks_for_before_it_applies_the_batch);
	tcase_add_test(tests, delivery_lists_once_for_many_rows_of_a_batch);
	tcase_add_test(tests, delivery_lists_again_for_the_next_batch_only_if_that_asks);
	tcase_add_test(tests, delivery_does_not_acknowledge_a_resync_row_before_its_patterns);
	tcase_add_test(tests, delivery_does_a_batch_of_a_resync_row_alone);
	tcase_add_test(tests, delivery_scans_for_a_resync_row_of_patterns_alone);
	tcase_add_test(tests, delivery_acknowledges_a_resync_row_that_lists_nothing);
	tcase_add_test(tests, delivery_lists_while_the_batch_before_is_applied);
	tcase_add_test(tests, delivery_acknowledges_the_batch_before_rather_than_lists);
	tcase_add_test(tests, delivery_does_not_acknowledge_a_batch_that_waits_for_its_list);
	tcase_add_test(tests, delivery_is_not_drained_while_it_lists);
	tcase_add_test(tests, delivery_finishes_at_once_while_it_lists_for_the_only_batch);
	tcase_add_test(tests, delivery_finishes_the_batch_in_hand_while_it_lists_for_the_next);
	tcase_add_test(tests, delivery_does_not_begin_to_list_while_it_finishes);
	tcase_add_test(tests, delivery_forgets_a_list_whose_session_was_lost);
	tcase_add_test(tests, delivery_lists_for_a_row_while_redis_is_away);
	tcase_add_test(tests, delivery_ignores_a_resync_within_a_list);
	tcase_add_test(tests, delivery_lists_for_a_row_beside_the_resync_of_an_attachment);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
