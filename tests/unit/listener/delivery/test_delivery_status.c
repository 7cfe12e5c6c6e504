/*-------------------------------------------------------------------------
 *
 * test_delivery_status.c
 *	  Unit tests of listener/src/delivery/delivery.c and delivery_probe.c: what is counted, and how far behind it is.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/wall_clock.h"
#include "delivery/delivery_fixture.h"

static DeliveryStatus status;
static int64_t clock_ms;

static int64_t
read_clock(void *context)
{
	(void) context;
	return clock_ms;
}

static void
pass_ms(int64_t elapsed_ms)
{
	clock_ms += elapsed_ms;
	ck_assert(loop_turn(fixture.loop, 0));
}

static void
look(void)
{
	delivery_tell(fixture.delivery, &status);
}

static void
assert_lag(uint64_t row_count, int64_t oldest_at_us)
{
	look();
	ck_assert_uint_eq(status.lag_rows, row_count);
	ck_assert_int_eq(status.oldest_at_us, oldest_at_us);
}

/* Rows of one key each, committed then. */
static void
answer_rows(const char *cursor, size_t row_count, int64_t at_us)
{
	JournalFetch fetch = {.cursor = cursor,.row_count = row_count,.oldest_at_us = row_count > 0 ? at_us : 0};

	fixture.is_busy = false;
	for (size_t i = 0; i < row_count; i++)
	{
		fixture.journal->row(fixture.journal_context, JOURNAL_ACTION_KEYS, 1, at_us);
		ck_assert(journal_gives(JOURNAL_ACTION_KEYS, 1, (const char *) &i, sizeof(i)));
	}
	journal_ends_fetch(&fetch);
}

static void
set_up(void)
{
	memset(&counters, 0, sizeof(counters));
	memset(&redis_counters, 0, sizeof(redis_counters));
	start();
	clock_ms = 1000;
	loop_set_clock(fixture.loop, read_clock, NULL);
}

START_TEST(delivery_counts_what_redis_has_answered)
{
	begin();
	answer_rows("1", 3, wall_clock_us() - 2000);
	ck_assert_uint_eq(counters.rows, 0);
	redis_finishes(REDIS_LANE_QUICK);
	ck_assert_uint_eq(counters.batches, 1);
	ck_assert_uint_eq(counters.rows, 3);
	ck_assert_uint_eq(counters.invalidations[JOURNAL_ACTION_KEYS], 3);
	ck_assert_uint_eq(counters.latency.count, 3);
	ck_assert_uint_ge(counters.latency.sum_us, 3 * 2000);
	ck_assert_uint_lt(counters.latency.sum_us, 3 * 2000000);
}

END_TEST

START_TEST(delivery_counts_no_latency_of_what_waits_in_a_lane)
{
	JournalFetch fetch = {.cursor = "1",.row_count = 1,.oldest_at_us = 5};

	begin();
	fixture.is_busy = false;
	fixture.journal->row(fixture.journal_context, JOURNAL_ACTION_PATTERNS, 1, 5);
	ck_assert(journal_gives(JOURNAL_ACTION_PATTERNS, 1, "a*", 2));
	journal_ends_fetch(&fetch);
	ck_assert_uint_eq(counters.invalidations[JOURNAL_ACTION_PATTERNS], 1);
	ck_assert_uint_eq(counters.latency.count, 0);
	ck_assert_uint_eq(counters.passes, 1);
	look();
	ck_assert(status.is_scanning);
	assert_lag(1, 5);
	redis_finishes_pass();
	ck_assert_uint_eq(counters.passes_complete, 1);
	look();
	ck_assert(!status.is_scanning);
}

END_TEST

START_TEST(delivery_is_behind_until_it_is_acknowledged)
{
	begin();
	look();
	ck_assert(status.is_attached);
	assert_lag(0, 0);
	answer_rows("1", 2, 100);
	assert_lag(2, 100);
	redis_finishes(REDIS_LANE_QUICK);
	assert_lag(2, 100);
	pass_ms(1000);
	if (strstr(fixture.asked, "ack 1;") == NULL)
		answer_rows("1", 0, 0);
	pass_ms(1000);
	ck_assert_ptr_nonnull(strstr(fixture.asked, "ack 1;"));
	answer_ack();
	assert_lag(0, 0);
	ck_assert_uint_eq(counters.acks, 1);
}

END_TEST

START_TEST(delivery_that_is_not_attached_tells_nothing)
{
	begin();
	answer_rows("1", 2, 100);
	delivery_reset(fixture.delivery);
	look();
	ck_assert(!status.is_attached);
	assert_lag(0, 0);
}

END_TEST

/* Nothing of it is applied, and the next fetch starts where it would have. */
START_TEST(delivery_looks_what_waits_while_redis_is_away)
{
	fixture.is_ready = false;
	begin();
	expect("");
	pass_ms(999);
	expect("");
	pass_ms(1);
	expect("fetch 0;");
	answer_rows("9", 7, 300);
	assert_lag(7, 300);
	ck_assert_uint_eq(counters.rows, 0);
	pass_ms(4999);
	expect("");
	pass_ms(1);
	expect("fetch 0;");
	set_ready(true);
	expect("");
	answer_rows("9", 8, 300);
	assert_lag(8, 300);
	expect("fetch 0;");
	answer_rows("1", 8, 300);
	expect("apply;fetch 1;");
	assert_lag(8, 300);
}

END_TEST

START_TEST(delivery_counts_resyncs_by_their_reason)
{
	delivery_start(fixture.delivery, "0", true, "Redis is another process than before, which may have lost deletes");
	ck_assert_uint_eq(counters.resyncs[RESYNC_REASON_REDIS], 1);
	look();
	ck_assert(status.is_resyncing);
	answer_resync_list(false, false);
	fixture.is_busy = false;
	journal_ends_resync();
	ck_assert_uint_eq(counters.resyncs_complete, 1);
	look();
	ck_assert(!status.is_resyncing);
}

END_TEST


int
main(void)
{
	Suite	   *suite = suite_create("delivery_status");
	TCase	   *tests = tcase_create("delivery_status");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, stop);
	tcase_add_test(tests, delivery_counts_what_redis_has_answered);
	tcase_add_test(tests, delivery_counts_no_latency_of_what_waits_in_a_lane);
	tcase_add_test(tests, delivery_is_behind_until_it_is_acknowledged);
	tcase_add_test(tests, delivery_that_is_not_attached_tells_nothing);
	tcase_add_test(tests, delivery_looks_what_waits_while_redis_is_away);
	tcase_add_test(tests, delivery_counts_resyncs_by_their_reason);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
