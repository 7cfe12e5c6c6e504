/*-------------------------------------------------------------------------
 *
 * test_journal_deadline.c
 *	  Unit tests of listener/src/journal/journal_deadline.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>

#include "journal/journal_deadline.h"

#define FETCH JOURNAL_OPERATION_FETCH

static Loop *loop;
static JournalDeadline deadline;
static int64_t now_ms;
static int	passed_count;

static int64_t
read_clock(void *context)
{
	(void) context;
	return now_ms;
}

static void
note_passed(void *context)
{
	(void) context;
	passed_count++;
}

static void
set_up(void)
{
	loop = loop_create();
	ck_assert_ptr_nonnull(loop);
	now_ms = 1000;
	passed_count = 0;
	loop_set_clock(loop, read_clock, NULL);
	journal_deadline_init(&deadline, loop, note_passed, NULL);
}

static void
tear_down(void)
{
	loop_destroy(loop);
}

static void
begin(JournalOperation operation)
{
	ck_assert(journal_deadline_begin(&deadline, operation));
}

/* Lets so many seconds pass, one after the other. */
static void
pass_seconds(int count)
{
	for (int i = 0; i < count; i++)
	{
		now_ms += 1000;
		ck_assert(loop_turn(loop, 0));
	}
}

/* Until the deadline passes: the seconds that took. */
static int
seconds_until_passed(void)
{
	int			before = passed_count;
	int			seconds = 0;

	for (; passed_count == before; seconds++)
	{
		ck_assert_int_lt(seconds, 1000);
		pass_seconds(1);
	}
	return seconds;
}

START_TEST(journal_deadline_notices_silence_in_time_to_be_back_within_10_s)
{
	begin(FETCH);
	ck_assert_int_le(seconds_until_passed(), 8);
	begin(JOURNAL_OPERATION_CONNECTING);
	ck_assert_int_le(seconds_until_passed(), 8);
}

END_TEST

START_TEST(journal_deadline_passes_once)
{
	begin(FETCH);
	(void) seconds_until_passed();
	pass_seconds(100);
	ck_assert_int_eq(passed_count, 1);
}

END_TEST

START_TEST(journal_deadline_does_not_pass_while_bytes_come)
{
	begin(FETCH);
	for (int i = 0; i < 100; i++)
	{
		pass_seconds(3);
		journal_deadline_take_bytes(&deadline);
	}
	ck_assert_int_eq(passed_count, 0);
	ck_assert_int_gt(seconds_until_passed(), 3);
}

END_TEST

START_TEST(journal_deadline_does_not_pass_after_the_answer)
{
	begin(FETCH);
	pass_seconds(3);
	journal_deadline_end(&deadline);
	pass_seconds(100);
	begin(FETCH);
	journal_deadline_cancel(&deadline);
	pass_seconds(100);
	ck_assert_int_eq(passed_count, 0);
}

END_TEST

/* The server could not answer either: it gets its time afterwards. */
START_TEST(journal_deadline_does_not_count_while_the_machine_stands_still)
{
	begin(FETCH);
	pass_seconds(2);
	now_ms += 3600 * 1000;
	ck_assert(loop_turn(loop, 0));
	ck_assert_int_eq(passed_count, 0);
	ck_assert_int_ge(seconds_until_passed(), 4);
}

END_TEST

START_TEST(journal_deadline_gives_a_slow_server_more_time_at_each_try)
{
	int			before = 0;
	int			seconds = 0;

	for (int i = 0; i < 10; i++)
	{
		begin(FETCH);
		seconds = seconds_until_passed();
		ck_assert(seconds > before || (seconds == before && seconds == 35));
		before = seconds;
	}
	/* more than statement_timeout, which is 30 s */
	ck_assert_int_eq(seconds, 35);
}

END_TEST

START_TEST(journal_deadline_stays_long_while_the_server_is_slow)
{
	int			first;
	int			second;

	begin(FETCH);
	first = seconds_until_passed();
	begin(FETCH);
	pass_seconds(first + 1);
	journal_deadline_end(&deadline);
	begin(FETCH);
	second = seconds_until_passed();
	ck_assert_int_gt(second, first);

	/* a quick answer ends that, one to something else does not */
	begin(JOURNAL_OPERATION_ACK);
	journal_deadline_end(&deadline);
	begin(FETCH);
	ck_assert_int_gt(seconds_until_passed(), first);
	begin(FETCH);
	journal_deadline_end(&deadline);
	begin(FETCH);
	ck_assert_int_eq(seconds_until_passed(), first);
}

END_TEST

START_TEST(journal_deadline_of_connecting_stays_the_same)
{
	int			first;

	begin(JOURNAL_OPERATION_CONNECTING);
	first = seconds_until_passed();
	begin(JOURNAL_OPERATION_CONNECTING);
	ck_assert_int_eq(seconds_until_passed(), first);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("journal_deadline");
	TCase	   *tests = tcase_create("journal_deadline");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, journal_deadline_notices_silence_in_time_to_be_back_within_10_s);
	tcase_add_test(tests, journal_deadline_passes_once);
	tcase_add_test(tests, journal_deadline_does_not_pass_while_bytes_come);
	tcase_add_test(tests, journal_deadline_does_not_pass_after_the_answer);
	tcase_add_test(tests, journal_deadline_does_not_count_while_the_machine_stands_still);
	tcase_add_test(tests, journal_deadline_gives_a_slow_server_more_time_at_each_try);
	tcase_add_test(tests, journal_deadline_stays_long_while_the_server_is_slow);
	tcase_add_test(tests, journal_deadline_of_connecting_stays_the_same);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
