/*-------------------------------------------------------------------------
 *
 * test_delivery_lanes.c
 *	  Unit tests of listener/src/delivery/delivery_lanes.c: keys do not wait for tags and
 *	  patterns, of which too many are fetched again.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>

#include "delivery/delivery_fixture.h"
#include "delivery/delivery_internal.h"

/* More than wait in a lane. */
#define TOO_MANY 10001

static void
take(JournalAction action, const char *key)
{
	ck_assert(journal_gives(action, 1, key, strlen(key)));
}

/* That many tags or patterns, other ones for another "first". */
static void
take_many(JournalAction action, int first, int count)
{
	char		name[24];

	for (int i = first; i < first + count; i++)
	{
		(void) snprintf(name, sizeof(name), "n%d:*", i);
		take(action, name);
	}
}

static void
fetched(const char *cursor, size_t row_count)
{
	JournalFetch fetch = {.cursor = cursor,.row_count = row_count};

	fixture.is_busy = false;
	journal_ends_fetch(&fetch);
}

static void
applied(void)
{
	redis_finishes(REDIS_LANE_QUICK);
}

static void
taken(void)
{
	redis_finishes(REDIS_LANE_STEPS);
}

/* Answers whatever is acknowledged; what was asked for besides. */
static void
expect_besides_acks(const char *what)
{
	char	   *ack;

	while ((ack = strstr(fixture.asked, "ack ")) != NULL)
	{
		memmove(ack, strchr(ack, ';') + 1, strlen(strchr(ack, ';')));
		answer_ack();
	}
	expect(what);
}

static void
expect_clean(const char *cursor)
{
	ck_assert_str_eq(fixture.delivery->progress.clean.cursor, cursor);
}

START_TEST(delivery_deletes_keys_while_a_tag_is_taken)
{
	start();
	begin();
	take(JOURNAL_ACTION_TAGS, "t");
	fetched("1", 1);
	expect("fetch 0;take;fetch 1;");
	for (char cursor[] = "2"; cursor[0] < '9'; cursor[0]++)
	{
		answer_fetch(cursor, 1, false);
		applied();
	}
	expect_clean("0");
	taken();
	expect_clean("8");
	stop();
}

END_TEST

START_TEST(delivery_takes_what_came_meanwhile_in_one_run)
{
	start();
	begin();
	take(JOURNAL_ACTION_TAGS, "t");
	fetched("1", 1);
	take(JOURNAL_ACTION_TAGS, "t");
	take(JOURNAL_ACTION_TAGS, "u");
	fetched("2", 2);
	take(JOURNAL_ACTION_TAGS, "u");
	take(JOURNAL_ACTION_CACHEOPS, "[]");
	fetched("3", 2);
	expect("fetch 0;take;fetch 1;fetch 2;fetch 3;");
	taken();
	expect("take;");
	ck_assert_uint_eq(fixture.tag_count, 2);
	ck_assert_uint_eq(fixture.image_count, 1);
	answer_empty("3");
	expect_clean("1");
	taken();
	expect_clean("3");
	stop();
}

END_TEST

/* Tags are fetched again when the run with the others has made room. */
START_TEST(delivery_leaves_in_the_journal_what_is_too_much)
{
	start();
	begin();
	take(JOURNAL_ACTION_TAGS, "t");
	fetched("1", 1);
	take_many(JOURNAL_ACTION_TAGS, 0, TOO_MANY);
	fetched("2", TOO_MANY);
	take(JOURNAL_ACTION_TAGS, "skipped");
	answer_fetch("3", 1, false);
	expect("fetch 0;take;fetch 1;fetch 2;apply;fetch 3;");
	applied();
	expect_clean("0");
	taken();
	expect("take;");
	ck_assert_uint_eq(fixture.tag_count, TOO_MANY);
	expect_clean("1");
	answer_empty("3");
	expect_besides_acks("again 2-3;");
	take(JOURNAL_ACTION_KEYS, "not again");
	take(JOURNAL_ACTION_VERSIONS, "not again");
	take(JOURNAL_ACTION_TAGS, "skipped");
	fetched("3", 1);
	expect_clean("1");
	taken();
	expect_clean("2");
	ck_assert_ptr_nonnull(strstr(fixture.asked, "take;"));
	ck_assert_uint_eq(fixture.tag_count, 1);
	taken();
	expect_clean("3");
	ck_assert_ptr_null(strstr(fixture.asked, "apply;"));
	stop();
}

END_TEST

START_TEST(delivery_goes_on_skipping_until_it_has_fetched_all_again)
{
	start();
	begin();
	take(JOURNAL_ACTION_TAGS, "t");
	fetched("1", 1);
	take_many(JOURNAL_ACTION_TAGS, 0, TOO_MANY);
	fetched("2", TOO_MANY);
	take(JOURNAL_ACTION_TAGS, "skipped");
	fetched("3", 1);
	taken();
	fixture.asked[0] = '\0';
	answer_empty("3");
	expect_besides_acks("again 2-3;");
	/* only a part of it */
	take(JOURNAL_ACTION_TAGS, "skipped");
	fetched("2.5", 1);
	expect_besides_acks("sleep 3;");
	take(JOURNAL_ACTION_TAGS, "skipped, too");
	fetched("4", 1);
	expect_besides_acks("again 2.5-3;");
	fetched("3", 0);
	expect_besides_acks("fetch 4;");
	fetched("4", 0);
	expect_besides_acks("again 3-4;");
	take(JOURNAL_ACTION_TAGS, "skipped, too");
	fetched("4", 1);
	taken();
	ck_assert_uint_eq(fixture.tag_count, 2);
	expect_clean("2");
	taken();
	expect_clean("4");
	stop();
}

END_TEST

/*
 * The end of what was fetched stands inside a transaction: what a round could not reach is
 * fetched when the reader has come to the transaction's end, and not asked for before.
 */
START_TEST(delivery_fetches_again_what_a_round_could_not_reach)
{
	start();
	begin();
	take(JOURNAL_ACTION_TAGS, "t");
	fetched("1", 1);
	take_many(JOURNAL_ACTION_TAGS, 0, TOO_MANY);
	fetched("2", TOO_MANY);
	take(JOURNAL_ACTION_TAGS, "begin");
	fetched("3/part", 1);
	taken();
	taken();
	fixture.asked[0] = '\0';
	fixture.is_busy = true;
	fetched("3/part", 0);
	expect_besides_acks("again 2-3/part;");
	fetched("2", 0);
	expect_clean("2");
	expect_besides_acks("sleep 3/part;");
	fetched("3", 0);
	expect_besides_acks("again 2-3;");
	take(JOURNAL_ACTION_TAGS, "begin");
	fetched("3", 1);
	taken();
	expect_clean("3");
	stop();
}

END_TEST

START_TEST(delivery_leaves_patterns_in_the_journal_and_keys_go_on)
{
	start();
	begin();
	take_many(JOURNAL_ACTION_PATTERNS, 0, 1);
	fetched("1", 1);
	take_many(JOURNAL_ACTION_PATTERNS, 1, TOO_MANY);
	fetched("2", TOO_MANY);
	take_many(JOURNAL_ACTION_PATTERNS, 20000, 1);
	answer_fetch("3", 1, false);
	expect("fetch 0;scan;fetch 1;fetch 2;apply;fetch 3;");
	applied();
	redis_finishes_pass();
	expect("scan;");
	ck_assert_uint_eq(fixture.pattern_count, TOO_MANY);
	expect_clean("1");
	answer_empty("3");
	expect_besides_acks("again 2-3;");
	take_many(JOURNAL_ACTION_PATTERNS, 20000, 1);
	fetched("3", 1);
	redis_finishes_pass();
	ck_assert_uint_eq(fixture.pattern_count, 1);
	expect_clean("2");
	redis_finishes_pass();
	expect_clean("3");
	stop();
}

END_TEST

/*
 * A table of cacheops that goes takes along the names by which rows find their sets: rows that
 * were not taken before find nothing any more, and are done when the pass over the table is.
 */
START_TEST(delivery_does_not_acknowledge_rows_before_the_pass_over_their_table)
{
	start();
	begin();
	take(JOURNAL_ACTION_CACHEOPS, "[]");
	fetched("1", 1);
	take(JOURNAL_ACTION_CACHEOPS_TABLES, "t");
	fetched("2", 1);
	expect("fetch 0;take;fetch 1;apply;scan;fetch 2;");
	taken();
	expect_clean("0");
	applied();
	expect_clean("0");
	redis_finishes_pass();
	expect_clean("2");
	stop();
}

END_TEST

/* Neither where the rows, nor where other patterns, were too many. */
START_TEST(delivery_never_skips_a_table_of_cacheops)
{
	start();
	begin();
	take(JOURNAL_ACTION_TAGS, "t");
	take_many(JOURNAL_ACTION_PATTERNS, 0, 1);
	fetched("1", 1);
	take_many(JOURNAL_ACTION_TAGS, 0, TOO_MANY);
	take_many(JOURNAL_ACTION_PATTERNS, 1, TOO_MANY);
	fetched("2", TOO_MANY);
	take(JOURNAL_ACTION_CACHEOPS, "[]");
	take_many(JOURNAL_ACTION_PATTERNS, 20000, 1);
	fetched("3", 1);
	ck_assert(progress_has_skipped(&fixture.delivery->progress, LANE_STEPS));
	ck_assert(progress_has_skipped(&fixture.delivery->progress, LANE_PASS));
	take(JOURNAL_ACTION_CACHEOPS_TABLES, "t");
	fetched("4", 1);
	applied();
	fixture.asked[0] = '\0';
	redis_finishes_pass();
	expect("scan;");
	ck_assert_uint_eq(fixture.pattern_count, TOO_MANY + 1);
	stop();
}

END_TEST

/* Else one that has always something would keep the other from its turn. */
START_TEST(delivery_fetches_again_for_its_lanes_in_turns)
{
	start();
	begin();
	take(JOURNAL_ACTION_TAGS, "t");
	take_many(JOURNAL_ACTION_PATTERNS, 0, 1);
	fetched("1", 1);
	take_many(JOURNAL_ACTION_TAGS, 0, TOO_MANY);
	take_many(JOURNAL_ACTION_PATTERNS, 1, TOO_MANY);
	fetched("2", TOO_MANY);
	take(JOURNAL_ACTION_TAGS, "skipped");
	take_many(JOURNAL_ACTION_PATTERNS, 20000, 1);
	fetched("3", 1);
	taken();
	redis_finishes_pass();
	fixture.asked[0] = '\0';
	answer_empty("3");
	expect_besides_acks("again 2-3;");
	ck_assert_int_eq(fixture.delivery->slots.filling->lane, LANE_PASS);
	/* a part of it, with little for the lane: there is room for more */
	fetched("2.5", 1);
	expect_besides_acks("sleep 3;");
	fetched("3", 0);
	expect_besides_acks("again 2-3;");
	ck_assert_int_eq(fixture.delivery->slots.filling->lane, LANE_STEPS);
	stop();
}

END_TEST

START_TEST(delivery_takes_a_resync_in_however_much_waits)
{
	start();
	delivery_start(fixture.delivery, "0", true, "because");
	take_many(JOURNAL_ACTION_TAGS, 0, TOO_MANY);
	take_many(JOURNAL_ACTION_TAG_PATTERNS, 0, TOO_MANY);
	fixture.is_busy = false;
	journal_ends_list();
	expect("list;take;scan;fetch 0;");
	ck_assert_uint_eq(fixture.tag_count, TOO_MANY);
	ck_assert_uint_eq(fixture.pattern_count, TOO_MANY);
	answer_empty("0");
	fixture.asked[0] = '\0';
	answer_empty("0");
	taken();
	expect("");
	redis_finishes_pass();
	expect("resynced;");
	stop();
}

END_TEST

START_TEST(delivery_finishes_behind_the_tags_in_hand)
{
	start();
	begin();
	take(JOURNAL_ACTION_TAGS, "t");
	fetched("1", 1);
	answer_empty("1");
	answer_empty("1");
	delivery_finish(fixture.delivery);
	ck_assert_int_eq(fixture.finished_count, 0);
	taken();
	answer_ack();
	ck_assert_int_eq(fixture.finished_count, 1);
	stop();
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("delivery_lanes");
	TCase	   *tests = tcase_create("delivery_lanes");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, delivery_deletes_keys_while_a_tag_is_taken);
	tcase_add_test(tests, delivery_takes_what_came_meanwhile_in_one_run);
	tcase_add_test(tests, delivery_leaves_in_the_journal_what_is_too_much);
	tcase_add_test(tests, delivery_goes_on_skipping_until_it_has_fetched_all_again);
	tcase_add_test(tests, delivery_fetches_again_what_a_round_could_not_reach);
	tcase_add_test(tests, delivery_leaves_patterns_in_the_journal_and_keys_go_on);
	tcase_add_test(tests, delivery_does_not_acknowledge_rows_before_the_pass_over_their_table);
	tcase_add_test(tests, delivery_never_skips_a_table_of_cacheops);
	tcase_add_test(tests, delivery_fetches_again_for_its_lanes_in_turns);
	tcase_add_test(tests, delivery_takes_a_resync_in_however_much_waits);
	tcase_add_test(tests, delivery_finishes_behind_the_tags_in_hand);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
