/*-------------------------------------------------------------------------
 *
 * test_key_tally.c
 *	  Unit tests of listener/src/redis/key_tally.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "redis/key_tally.h"

static KeyTally tally;

static void
set_up(void)
{
	memset(&tally, 0, sizeof(tally));
}

START_TEST(key_tally_counts)
{
	ck_assert(!key_tally_take(&tally, 100, 40));
	ck_assert(!key_tally_take(&tally, 5, 0));
	ck_assert_uint_eq(tally.named_count, 105);
	ck_assert_uint_eq(tally.deleted_count, 40);
}

END_TEST

START_TEST(key_tally_suspects_once_when_no_key_is_ever_there)
{
	for (int i = 0; i < 99; i++)
		ck_assert(!key_tally_take(&tally, 100, 0));
	ck_assert(key_tally_take(&tally, 100, 0));
	for (int i = 0; i < 1000; i++)
		ck_assert(!key_tally_take(&tally, 100, 0));
}

END_TEST

START_TEST(key_tally_suspects_nothing_where_a_key_is_there_now_and_then)
{
	for (int i = 0; i < 1000; i++)
		ck_assert(!key_tally_take(&tally, 100, i % 50 == 0 ? 1 : 0));
}

END_TEST

START_TEST(key_tally_suspects_again_when_it_had_worked)
{
	ck_assert(key_tally_take(&tally, KEY_TALLY_SUSPICIOUS_KEYS, 0));
	ck_assert(!key_tally_take(&tally, 1, 1));
	ck_assert(!key_tally_take(&tally, KEY_TALLY_SUSPICIOUS_KEYS - 1, 0));
	ck_assert(key_tally_take(&tally, 1, 0));
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("key_tally");
	TCase	   *tests = tcase_create("key_tally");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, key_tally_counts);
	tcase_add_test(tests, key_tally_suspects_once_when_no_key_is_ever_there);
	tcase_add_test(tests, key_tally_suspects_nothing_where_a_key_is_there_now_and_then);
	tcase_add_test(tests, key_tally_suspects_again_when_it_had_worked);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
