/*-------------------------------------------------------------------------
 *
 * test_progress.c
 *	  Unit tests of listener/src/progress.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>

#include "progress.h"

static Progress progress;

static void
start(void)
{
	progress_init(&progress);
	ck_assert(progress_start(&progress, "0"));
}

static void
apply(const char *cursor, bool has_patterns)
{
	ck_assert(progress_apply(&progress, cursor, has_patterns));
}

static void
check_clean(const char *cursor, bool is_ack_due)
{
	ck_assert_str_eq(progress.clean, cursor);
	ck_assert_int_eq(progress.is_ack_due, is_ack_due);
}

START_TEST(progress_has_nothing_to_acknowledge_at_the_start)
{
	start();
	check_clean("0", false);
	ck_assert(progress_is_complete(&progress));
	progress_free(&progress);
}

END_TEST

START_TEST(progress_acknowledges_a_batch_of_keys_at_once)
{
	start();
	apply("1", false);
	check_clean("1", true);
	progress_free(&progress);
}

END_TEST

START_TEST(progress_is_complete_once_acknowledged)
{
	start();
	apply("1", false);
	ck_assert(!progress_is_complete(&progress));
	progress_acknowledge(&progress);
	ck_assert(progress_is_complete(&progress));
	progress_free(&progress);
}

END_TEST

START_TEST(progress_does_not_acknowledge_the_same_cursor_twice)
{
	start();
	apply("0", false);
	check_clean("0", false);
	progress_free(&progress);
}

END_TEST

START_TEST(progress_stays_before_a_batch_with_patterns)
{
	start();
	apply("1", false);
	apply("2", true);
	apply("3", false);
	check_clean("1", true);
	progress_free(&progress);
}

END_TEST

START_TEST(progress_is_not_complete_while_patterns_wait)
{
	start();
	apply("1", true);
	ck_assert(!progress_is_complete(&progress));
	progress_begin_pass(&progress);
	ck_assert(!progress_is_complete(&progress));
	progress_free(&progress);
}

END_TEST

START_TEST(progress_reaches_all_applied_when_a_pass_ends)
{
	start();
	apply("1", true);
	progress_begin_pass(&progress);
	apply("2", false);
	check_clean("0", false);
	ck_assert(progress_end_pass(&progress));
	check_clean("2", true);
	progress_free(&progress);
}

END_TEST

START_TEST(progress_stays_before_patterns_that_came_during_a_pass)
{
	start();
	apply("1", true);
	progress_begin_pass(&progress);
	apply("2", false);
	apply("3", true);
	apply("4", false);
	ck_assert(progress_end_pass(&progress));
	check_clean("2", true);
	progress_begin_pass(&progress);
	ck_assert(progress_end_pass(&progress));
	check_clean("4", true);
	progress_free(&progress);
}

END_TEST

START_TEST(progress_stays_before_the_first_of_many_batches_with_patterns)
{
	start();
	apply("1", false);
	apply("2", true);
	apply("3", true);
	progress_begin_pass(&progress);
	check_clean("1", true);
	ck_assert(progress_end_pass(&progress));
	check_clean("3", true);
	progress_free(&progress);
}

END_TEST

START_TEST(progress_goes_on_during_a_resync_pass)
{
	start();
	progress_begin_pass(&progress);
	apply("1", false);
	check_clean("1", true);
	ck_assert(progress_end_pass(&progress));
	check_clean("1", true);
	progress_free(&progress);
}

END_TEST

START_TEST(progress_keeps_collected_patterns_back_after_a_resync_pass)
{
	start();
	progress_begin_pass(&progress);
	apply("1", false);
	apply("2", true);
	ck_assert(progress_end_pass(&progress));
	check_clean("1", true);
	progress_free(&progress);
}

END_TEST

START_TEST(progress_forgets_everything_when_started_again)
{
	start();
	apply("1", true);
	progress_begin_pass(&progress);
	apply("2", true);
	ck_assert(progress_start(&progress, "9"));
	check_clean("9", false);
	ck_assert(progress_is_complete(&progress));
	progress_free(&progress);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("progress");
	TCase	   *tests = tcase_create("progress");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, progress_has_nothing_to_acknowledge_at_the_start);
	tcase_add_test(tests, progress_acknowledges_a_batch_of_keys_at_once);
	tcase_add_test(tests, progress_is_complete_once_acknowledged);
	tcase_add_test(tests, progress_does_not_acknowledge_the_same_cursor_twice);
	tcase_add_test(tests, progress_stays_before_a_batch_with_patterns);
	tcase_add_test(tests, progress_is_not_complete_while_patterns_wait);
	tcase_add_test(tests, progress_reaches_all_applied_when_a_pass_ends);
	tcase_add_test(tests, progress_stays_before_patterns_that_came_during_a_pass);
	tcase_add_test(tests, progress_stays_before_the_first_of_many_batches_with_patterns);
	tcase_add_test(tests, progress_goes_on_during_a_resync_pass);
	tcase_add_test(tests, progress_keeps_collected_patterns_back_after_a_resync_pass);
	tcase_add_test(tests, progress_forgets_everything_when_started_again);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
