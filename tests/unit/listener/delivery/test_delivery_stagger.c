/*-------------------------------------------------------------------------
 *
 * test_delivery_stagger.c
 *	  Unit tests of listener/src/delivery/delivery.c and delivery_lanes.c: which keys are
 *	  staggered, when they are unlinked and acknowledged.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>

#include "delivery/delivery_fixture.h"
#include "delivery/delivery_internal.h"

static int64_t clock_ms;

static int64_t
read_clock(void *context)
{
	(void) context;
	return clock_ms;
}

static void
start_staggering(int64_t stagger_ms, int64_t stagger_from)
{
	fixture.config.stagger_ms = stagger_ms;
	fixture.config.stagger_from = stagger_from;
	clock_ms = 1000;
	fixture.staggered_count = 0;
	start();
	loop_set_clock(fixture.loop, read_clock, NULL);
	begin();
}

/* Turns the loop after each millisecond. */
static void
pass_ms(int64_t ms)
{
	for (; ms > 0; ms--)
	{
		clock_ms++;
		ck_assert(loop_turn(fixture.loop, 0));
	}
}

static void
applied(void)
{
	redis_finishes(REDIS_LANE_QUICK);
}

/* How many keys were unlinked within the time, each portion at once. */
static size_t
unlinked_within(int64_t ms)
{
	size_t		unlinked = 0;

	for (; ms > 0; ms--)
	{
		pass_ms(1);
		if (strstr(fixture.asked, "stagger;") == NULL)
			continue;
		unlinked += fixture.staggered_count;
		fixture.asked[0] = '\0';
		redis_finishes(REDIS_LANE_STAGGERED);
	}
	return unlinked;
}

static void
take_many(int count)
{
	char		key[24];

	for (int i = 0; i < count; i++)
	{
		(void) snprintf(key, sizeof(key), "many:%d", i);
		ck_assert(journal_gives(JOURNAL_ACTION_KEYS, (size_t) count, key,
								strlen(key)));
	}
}

static void
take(JournalAction action, size_t sibling_count, const char *key)
{
	ck_assert(journal_gives(action, sibling_count, key, strlen(key)));
}

static void
fetched(void)
{
	JournalFetch fetch = {.cursor = "1",.row_count = 1};

	fixture.is_busy = false;
	journal_ends_fetch(&fetch);
}

START_TEST(delivery_staggers_keys_that_come_in_numbers)
{
	start_staggering(5000, 1000);
	take(JOURNAL_ACTION_KEYS, 1, "one");
	take(JOURNAL_ACTION_KEYS, 999, "few");
	take(JOURNAL_ACTION_KEYS, 1000, "many");
	take(JOURNAL_ACTION_KEYS, 1000000, "more");
	fetched();
	ck_assert_uint_eq(fixture.key_count, 2);
	ck_assert_uint_eq(unlinked_within(5000), 2);
	stop();
}

END_TEST

START_TEST(delivery_does_both_for_a_key_that_comes_alone_as_well)
{
	start_staggering(5000, 1000);
	take(JOURNAL_ACTION_KEYS, 1000, "key");
	take(JOURNAL_ACTION_KEYS, 1, "key");
	fetched();
	ck_assert_uint_eq(fixture.key_count, 1);
	ck_assert_uint_eq(unlinked_within(5000), 1);
	stop();
}

END_TEST

START_TEST(delivery_staggers_nothing_but_keys)
{
	start_staggering(5000, 1000);
	take(JOURNAL_ACTION_TAGS, 1000, "tag");
	take(JOURNAL_ACTION_VERSIONS, 1000, "version");
	take(JOURNAL_ACTION_PATTERNS, 1000, "no wildcard");
	take(JOURNAL_ACTION_CACHEOPS_TABLES, 1000, "table");
	fetched();
	ck_assert_uint_eq(fixture.tag_count, 1);
	ck_assert_uint_eq(fixture.version_count, 1);
	ck_assert_uint_eq(fixture.key_count, 2);
	ck_assert_uint_eq(fixture.staggered_count, 0);
	stop();
}

END_TEST

START_TEST(delivery_staggers_nothing_of_a_resync)
{
	start_staggering(5000, 1);
	take(JOURNAL_ACTION_KEYS, 0, "key");
	fetched();
	ck_assert_uint_eq(fixture.key_count, 1);
	ck_assert_uint_eq(fixture.staggered_count, 0);
	stop();
}

END_TEST

START_TEST(delivery_staggers_nothing_unless_told)
{
	start_staggering(0, 1000);
	take(JOURNAL_ACTION_KEYS, 1000000, "key");
	fetched();
	ck_assert_uint_eq(fixture.key_count, 1);
	ck_assert_uint_eq(fixture.staggered_count, 0);
	stop();
}

END_TEST

START_TEST(delivery_unlinks_staggered_keys_evenly_and_acknowledges_behind_the_last)
{
	start_staggering(5000, 1000);
	take_many(1000);
	fetched();
	for (int second = 0; second < 4; second++)
	{
		size_t		unlinked = unlinked_within(1000);

		ck_assert_uint_ge(unlinked, 190);
		ck_assert_uint_le(unlinked, 210);
		ck_assert_str_eq(fixture.delivery->progress.clean.cursor, "0");
	}
	ck_assert_uint_ge(unlinked_within(1001), 190);
	ck_assert_str_eq(fixture.delivery->progress.clean.cursor, "1");
	stop();
}

END_TEST

START_TEST(delivery_deletes_what_comes_later_meanwhile)
{
	start_staggering(5000, 1000);
	take_many(1000);
	fetched();
	expect("fetch 0;fetch 1;");
	answer_fetch("2", 1, false);
	expect("apply;fetch 2;");
	applied();
	answer_fetch("3", 1, true);
	applied();
	expect("apply;fetch 3;scan;");
	ck_assert_str_eq(fixture.delivery->progress.clean.cursor, "0");
	stop();
}

END_TEST

START_TEST(delivery_unlinks_the_same_portion_while_it_is_not_proven)
{
	start_staggering(1000, 10);
	take_many(10);
	fetched();
	fixture.asked[0] = '\0';
	pass_ms(101);
	expect("stagger;");
	ck_assert_uint_eq(fixture.staggered_count, 1);
	pass_ms(5000);
	expect("");
	redis_finishes(REDIS_LANE_STAGGERED);
	expect("stagger;");
	ck_assert_uint_eq(fixture.staggered_count, 9);
	stop();
}

END_TEST

START_TEST(delivery_is_not_drained_before_the_last_staggered_key)
{
	start_staggering(100, 10);
	take_many(10);
	fetched();
	answer_empty("1");
	answer_empty("1");
	ck_assert_int_eq(fixture.drained_count, 0);
	stop();
}

END_TEST

/* A restart begins with all of them: they are in the journal still. */
START_TEST(delivery_forgets_staggered_keys_of_a_lost_session)
{
	start_staggering(1000, 10);
	take_many(10);
	fetched();
	delivery_reset(fixture.delivery);
	fixture.asked[0] = '\0';
	pass_ms(2000);
	expect("");
	stop();
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("delivery_stagger");
	TCase	   *tests = tcase_create("delivery_stagger");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, delivery_staggers_keys_that_come_in_numbers);
	tcase_add_test(tests, delivery_does_both_for_a_key_that_comes_alone_as_well);
	tcase_add_test(tests, delivery_staggers_nothing_but_keys);
	tcase_add_test(tests, delivery_staggers_nothing_of_a_resync);
	tcase_add_test(tests, delivery_staggers_nothing_unless_told);
	tcase_add_test(tests, delivery_unlinks_staggered_keys_evenly_and_acknowledges_behind_the_last);
	tcase_add_test(tests, delivery_deletes_what_comes_later_meanwhile);
	tcase_add_test(tests, delivery_unlinks_the_same_portion_while_it_is_not_proven);
	tcase_add_test(tests, delivery_is_not_drained_before_the_last_staggered_key);
	tcase_add_test(tests, delivery_forgets_staggered_keys_of_a_lost_session);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
