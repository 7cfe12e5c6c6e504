/*-------------------------------------------------------------------------
 *
 * test_delivery_stagger.c
 *	  Unit tests of listener/src/delivery.c: which keys are staggered.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>

#include "delivery_fixture.h"

static void
start_staggering(int64_t stagger_ms, int64_t stagger_from)
{
	config.stagger_ms = stagger_ms;
	config.stagger_from = stagger_from;
	start();
	begin();
}

static void
take(JournalAction action, size_t sibling_count, const char *key)
{
	ck_assert(delivery_take_invalidation(delivery, action, sibling_count, key, strlen(key)));
}

static void
fetched(void)
{
	JournalFetch fetch = {.cursor = "1",.row_count = 1};

	is_busy = false;
	delivery_take_fetch(delivery, &fetch);
}

START_TEST(delivery_staggers_keys_that_come_in_numbers)
{
	start_staggering(5000, 1000);
	take(JOURNAL_KEYS, 1, "one");
	take(JOURNAL_KEYS, 999, "few");
	take(JOURNAL_KEYS, 1000, "many");
	take(JOURNAL_KEYS, 1000000, "more");
	fetched();
	ck_assert_uint_eq(key_count, 2);
	ck_assert_uint_eq(staggered_count, 2);
	stop();
}

END_TEST

START_TEST(delivery_does_both_for_a_key_that_comes_alone_as_well)
{
	start_staggering(5000, 1000);
	take(JOURNAL_KEYS, 1000, "key");
	take(JOURNAL_KEYS, 1, "key");
	fetched();
	ck_assert_uint_eq(key_count, 1);
	ck_assert_uint_eq(staggered_count, 1);
	stop();
}

END_TEST

START_TEST(delivery_staggers_nothing_but_keys)
{
	start_staggering(5000, 1000);
	take(JOURNAL_TAGS, 1000, "tag");
	take(JOURNAL_VERSIONS, 1000, "version");
	take(JOURNAL_PATTERNS, 1000, "no wildcard");
	take(JOURNAL_CACHEOPS_TABLES, 1000, "table");
	fetched();
	ck_assert_uint_eq(tag_count, 1);
	ck_assert_uint_eq(version_count, 1);
	ck_assert_uint_eq(key_count, 2);
	ck_assert_uint_eq(staggered_count, 0);
	stop();
}

END_TEST

START_TEST(delivery_staggers_nothing_of_a_resync)
{
	start_staggering(5000, 1);
	take(JOURNAL_KEYS, 0, "key");
	fetched();
	ck_assert_uint_eq(key_count, 1);
	ck_assert_uint_eq(staggered_count, 0);
	stop();
}

END_TEST

START_TEST(delivery_staggers_nothing_unless_told)
{
	start_staggering(0, 1000);
	take(JOURNAL_KEYS, 1000000, "key");
	fetched();
	ck_assert_uint_eq(key_count, 1);
	ck_assert_uint_eq(staggered_count, 0);
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
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
