/*-------------------------------------------------------------------------
 *
 * test_delivery_actions.c
 *	  Unit tests of listener/src/delivery/delivery.c: what becomes of each of the journal's
 *	  actions.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>

#include "delivery/delivery_fixture.h"

static void
take(JournalAction action, const char *key)
{
	ck_assert(journal_gives(action, 1, key, strlen(key)));
}

START_TEST(delivery_applies_names_of_every_kind_at_once)
{
	start();
	begin();
	take(JOURNAL_ACTION_TAGS, "t1");
	take(JOURNAL_ACTION_TAGS, "t2");
	take(JOURNAL_ACTION_VERSIONS, "v");
	answer_fetch("1", 3, false);
	expect("fetch 0;apply;take;fetch 1;");
	ck_assert_uint_eq(fixture.key_count, 3);
	ck_assert_uint_eq(fixture.tag_count, 2);
	ck_assert_uint_eq(fixture.version_count, 1);
	stop();
}

END_TEST

START_TEST(delivery_applies_a_batch_of_tags_or_versions_alone)
{
	static const JournalAction actions[] = {JOURNAL_ACTION_TAGS, JOURNAL_ACTION_VERSIONS};
	static const RedisLane lanes[] = {REDIS_LANE_STEPS, REDIS_LANE_QUICK};

	for (size_t i = 0; i < 2; i++)
	{
		JournalFetch fetch = {.cursor = "1",.row_count = 1};

		start();
		begin();
		take(actions[i], "a");
		fixture.is_busy = false;
		journal_ends_fetch(&fetch);
		expect(i == 0 ? "fetch 0;take;fetch 1;" : "fetch 0;apply;fetch 1;");
		answer_empty("1");
		if (lanes[i] == REDIS_LANE_STEPS)
		{
			/* which may take long: it need not wait for that to sleep */
			expect("sleep 1;");
			answer_empty("1");
		}
		redis_finishes(lanes[i]);
		expect("ack 1;");
		stop();
	}
}

END_TEST

START_TEST(delivery_scans_once_for_patterns_of_every_kind)
{
	start();
	begin();
	take(JOURNAL_ACTION_PATTERNS, "a*");
	take(JOURNAL_ACTION_TAG_PATTERNS, "a*");
	take(JOURNAL_ACTION_VERSION_PATTERNS, "a*");
	answer_fetch("1", 1, false);
	redis_finishes(REDIS_LANE_QUICK);
	expect("fetch 0;apply;fetch 1;scan;");
	ck_assert_uint_eq(fixture.pattern_count, 3);
	answer_empty("1");
	expect("sleep 1;");
	answer_empty("1");
	redis_finishes_pass();
	expect("ack 1;");
	stop();
}

END_TEST

START_TEST(delivery_does_not_acknowledge_patterns_of_other_kinds_before_their_pass)
{
	static const JournalAction actions[] = {JOURNAL_ACTION_TAG_PATTERNS, JOURNAL_ACTION_VERSION_PATTERNS,
	JOURNAL_ACTION_CACHEOPS_TABLES};

	/* a table's pass may begin as soon as its key is given to the target */
	static const char *const expected[] = {
		"fetch 0;apply;fetch 1;scan;sleep 1;", "fetch 0;apply;fetch 1;scan;sleep 1;",
		"fetch 0;apply;scan;fetch 1;sleep 1;"
	};

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
	{
		start();
		begin();
		take(actions[i], "a*");
		answer_fetch("1", 1, false);
		redis_finishes(REDIS_LANE_QUICK);
		answer_empty("1");
		answer_empty("1");
		expect(expected[i]);
		stop();
	}
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("delivery_actions");
	TCase	   *tests = tcase_create("delivery_actions");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, delivery_applies_names_of_every_kind_at_once);
	tcase_add_test(tests, delivery_applies_a_batch_of_tags_or_versions_alone);
	tcase_add_test(tests, delivery_scans_once_for_patterns_of_every_kind);
	tcase_add_test(tests, delivery_does_not_acknowledge_patterns_of_other_kinds_before_their_pass);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
