/*-------------------------------------------------------------------------
 *
 * test_progress.c
 *	  Unit tests of listener/src/delivery/progress.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/progress.h"

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
	if (has_patterns)
		ck_assert(progress_collect(&progress, LANE_PASS));
	ck_assert(progress_apply(&progress, cursor));
}

static void
check_clean(const char *cursor, bool is_ack_due)
{
	ck_assert_str_eq(progress.clean.cursor, cursor);
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
	progress_begin_run(&progress, LANE_PASS);
	ck_assert(!progress_is_complete(&progress));
	progress_free(&progress);
}

END_TEST

START_TEST(progress_reaches_all_applied_when_a_pass_ends)
{
	start();
	apply("1", true);
	progress_begin_run(&progress, LANE_PASS);
	apply("2", false);
	check_clean("0", false);
	ck_assert(progress_end_run(&progress, LANE_PASS));
	check_clean("2", true);
	progress_free(&progress);
}

END_TEST

START_TEST(progress_stays_before_patterns_that_came_during_a_pass)
{
	start();
	apply("1", true);
	progress_begin_run(&progress, LANE_PASS);
	apply("2", false);
	apply("3", true);
	apply("4", false);
	ck_assert(progress_end_run(&progress, LANE_PASS));
	check_clean("2", true);
	progress_begin_run(&progress, LANE_PASS);
	ck_assert(progress_end_run(&progress, LANE_PASS));
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
	progress_begin_run(&progress, LANE_PASS);
	check_clean("1", true);
	ck_assert(progress_end_run(&progress, LANE_PASS));
	check_clean("3", true);
	progress_free(&progress);
}

END_TEST

START_TEST(progress_goes_on_during_a_resync_pass)
{
	start();
	progress_begin_run(&progress, LANE_PASS);
	apply("1", false);
	check_clean("1", true);
	ck_assert(progress_end_run(&progress, LANE_PASS));
	check_clean("1", true);
	progress_free(&progress);
}

END_TEST

START_TEST(progress_keeps_collected_patterns_back_after_a_resync_pass)
{
	start();
	progress_begin_run(&progress, LANE_PASS);
	apply("1", false);
	apply("2", true);
	ck_assert(progress_end_run(&progress, LANE_PASS));
	check_clean("1", true);
	progress_free(&progress);
}

END_TEST

START_TEST(progress_forgets_everything_when_started_again)
{
	start();
	apply("1", true);
	progress_begin_run(&progress, LANE_PASS);
	apply("2", true);
	ck_assert(progress_start(&progress, "9"));
	check_clean("9", false);
	ck_assert(progress_is_complete(&progress));
	progress_free(&progress);
}

END_TEST

START_TEST(progress_stays_before_what_is_left_in_any_lane)
{
	start();
	ck_assert(progress_collect(&progress, LANE_STEPS));
	apply("1", false);
	ck_assert(progress_collect(&progress, LANE_STAGGERED));
	apply("2", true);
	progress_begin_run(&progress, LANE_STEPS);
	progress_begin_run(&progress, LANE_STAGGERED);
	progress_begin_run(&progress, LANE_PASS);
	ck_assert(progress_end_run(&progress, LANE_STAGGERED));
	check_clean("0", false);
	ck_assert(progress_end_run(&progress, LANE_STEPS));
	check_clean("1", true);
	ck_assert(progress_end_run(&progress, LANE_PASS));
	check_clean("2", true);
	progress_free(&progress);
}

END_TEST

START_TEST(progress_stays_before_the_run_that_handed_something_on)
{
	start();
	ck_assert(progress_collect(&progress, LANE_STEPS));
	apply("1", false);
	progress_begin_run(&progress, LANE_STEPS);
	apply("2", true);
	ck_assert(progress_hand_on(&progress, LANE_STEPS, LANE_PASS));
	ck_assert(progress_end_run(&progress, LANE_STEPS));
	check_clean("0", false);
	progress_begin_run(&progress, LANE_PASS);
	ck_assert(progress_end_run(&progress, LANE_PASS));
	check_clean("2", true);
	progress_free(&progress);
}

END_TEST

START_TEST(progress_stays_before_what_was_skipped_until_it_was_fetched_again)
{
	start();
	apply("1", false);
	ck_assert(progress_skip(&progress, LANE_PASS));
	apply("2", false);
	apply("3", false);
	check_clean("1", true);
	ck_assert(progress_wants_round(&progress, LANE_PASS));
	ck_assert(progress_begin_round(&progress, LANE_PASS));
	ck_assert_str_eq(progress_round_begin(&progress, LANE_PASS), "1");
	ck_assert_str_eq(progress_round_end(&progress, LANE_PASS), "3");
	ck_assert(progress_collect(&progress, LANE_PASS));
	ck_assert(progress_end_round(&progress, LANE_PASS, true));
	ck_assert(!progress_has_skipped(&progress, LANE_PASS));
	check_clean("1", true);
	progress_begin_run(&progress, LANE_PASS);
	ck_assert(progress_end_run(&progress, LANE_PASS));
	check_clean("3", true);
	progress_free(&progress);
}

END_TEST

/* The batch in hand was skipped, and is applied after the round that does not reach it. */
START_TEST(progress_goes_on_skipping_while_the_batch_in_hand_was_skipped)
{
	start();
	ck_assert(progress_skip(&progress, LANE_STEPS));
	apply("1", false);
	ck_assert(progress_begin_round(&progress, LANE_STEPS));
	ck_assert(progress_skip(&progress, LANE_STEPS));
	ck_assert(progress_end_round(&progress, LANE_STEPS, true));
	ck_assert(progress_has_skipped(&progress, LANE_STEPS));
	ck_assert(!progress_wants_round(&progress, LANE_STEPS));
	apply("2", false);
	check_clean("1", true);
	ck_assert(progress_wants_round(&progress, LANE_STEPS));
	progress_free(&progress);
}

END_TEST

START_TEST(progress_does_not_move_by_a_round_that_does_not_reach_its_end)
{
	start();
	ck_assert(progress_skip(&progress, LANE_STEPS));
	apply("1", false);
	ck_assert(progress_begin_round(&progress, LANE_STEPS));
	ck_assert(progress_end_round(&progress, LANE_STEPS, false));
	check_clean("0", false);
	ck_assert(progress_has_skipped(&progress, LANE_STEPS));
	ck_assert(progress_has_tried(&progress));
	ck_assert(!progress_wants_round(&progress, LANE_STEPS));
	apply("2", false);
	ck_assert(!progress_has_tried(&progress));
	ck_assert(progress_wants_round(&progress, LANE_STEPS));
	ck_assert(progress_begin_round(&progress, LANE_STEPS));
	ck_assert(progress_end_round(&progress, LANE_STEPS, true));
	check_clean("2", true);
	progress_free(&progress);
}

END_TEST

/* --- whatever happens in whatever order --- */

#define MODEL_BATCHES 60
#define MODEL_STEPS 2000

/* Where a lane's names of a batch are; the batch's cursor is its number. */
typedef enum Whereabouts
{
	DONE,						/* or there are none */
	WAITING,
	RUNNING,
	SKIPPED
} Whereabouts;

static Whereabouts model[MODEL_BATCHES + 1][LANE_COUNT];
static int	applied_batch;
static int	in_hand;			/* 0 is none */
static int	round_at[LANE_COUNT];	/* fetched again up to here */
static bool runs[LANE_COUNT];

/* A cursor is the number of the batch before it. */
static int
batch_before(const char *cursor)
{
	return (int) strtol(cursor, NULL, 10);
}

static void
check_model(void)
{
	int			clean = batch_before(progress.clean.cursor);

	ck_assert_int_le(clean, applied_batch);
	for (int batch = 1; batch <= clean; batch++)
		for (LaneKind lane = 0; lane < LANE_COUNT; lane++)
			if (model[batch][lane] != DONE)
				ck_abort_msg("%d may be acknowledged, but lane %d of batch %d is not done",
							 clean, lane, batch);
}

static void
move_all(LaneKind lane, Whereabouts from, Whereabouts to)
{
	for (int batch = 1; batch <= MODEL_BATCHES; batch++)
		if (model[batch][lane] == from)
			model[batch][lane] = to;
}

static void
model_take_in_hand(void)
{
	in_hand = applied_batch + 1;
	for (LaneKind lane = 0; lane < LANE_COUNT; lane++)
	{
		if (rand() % 2 == 0)
			continue;
		if (progress_has_skipped(&progress, lane) || rand() % 4 == 0)
		{
			ck_assert(progress_skip(&progress, lane));
			model[in_hand][lane] = SKIPPED;
		}
		else
		{
			ck_assert(progress_collect(&progress, lane));
			model[in_hand][lane] = WAITING;
		}
	}
}

static void
model_apply(void)
{
	char		cursor[16];

	(void) snprintf(cursor, sizeof(cursor), "%d", in_hand);
	ck_assert(progress_apply(&progress, cursor));
	applied_batch = in_hand;
	in_hand = 0;
}

/* One batch of the round; sometimes the last one is left for another round. */
static void
model_fetch_again(LaneKind lane)
{
	int			end;

	if (!progress_is_in_round(&progress, lane))
		ck_assert(progress_begin_round(&progress, lane));
	if (round_at[lane] < batch_before(progress_round_begin(&progress, lane)))
		round_at[lane] = batch_before(progress_round_begin(&progress, lane));
	end = batch_before(progress_round_end(&progress, lane));
	if (round_at[lane] + 1 == end && applied_batch < MODEL_BATCHES && rand() % 4 == 0)
	{
		ck_assert(progress_end_round(&progress, lane, false));
		return;
	}
	round_at[lane]++;
	if (model[round_at[lane]][lane] == SKIPPED)
	{
		ck_assert(progress_collect(&progress, lane));
		model[round_at[lane]][lane] = WAITING;
	}
	if (round_at[lane] == end)
		ck_assert(progress_end_round(&progress, lane, true));
}

static void
model_run(LaneKind lane)
{
	if (!runs[lane])
	{
		progress_begin_run(&progress, lane);
		move_all(lane, WAITING, RUNNING);
	}
	else if (lane == LANE_STEPS && rand() % 2 == 0)
	{
		ck_assert(progress_hand_on(&progress, LANE_STEPS, LANE_PASS));
		for (int batch = 1; batch <= MODEL_BATCHES; batch++)
			if (model[batch][LANE_STEPS] == RUNNING && model[batch][LANE_PASS] == DONE)
				model[batch][LANE_PASS] = WAITING;
		return;
	}
	else
	{
		move_all(lane, RUNNING, DONE);
		ck_assert(progress_end_run(&progress, lane));
	}
	runs[lane] = !runs[lane];
}

static void
model_step(int choice, LaneKind lane)
{
	if (choice == 0 && in_hand == 0 && applied_batch < MODEL_BATCHES)
		model_take_in_hand();
	else if (choice == 1 && in_hand != 0)
		model_apply();
	else if (choice == 2 && progress_wants_round(&progress, lane))
		model_fetch_again(lane);
	else if (choice == 3)
		model_run(lane);
	check_model();
}

START_TEST(progress_never_passes_what_is_left_and_ends_complete)
{
	srand((unsigned int) _i);
	memset(model, 0, sizeof(model));
	memset(round_at, 0, sizeof(round_at));
	memset(runs, 0, sizeof(runs));
	applied_batch = in_hand = 0;
	start();
	for (int i = 0; i < MODEL_STEPS; i++)
		model_step(rand() % 4, (LaneKind) (rand() % LANE_COUNT));
	for (int i = 0; i < 100 * MODEL_STEPS && batch_before(progress.clean.cursor) < MODEL_BATCHES; i++)
		model_step(rand() % 4, (LaneKind) (rand() % LANE_COUNT));
	ck_assert_int_eq(batch_before(progress.clean.cursor), MODEL_BATCHES);
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
	tcase_add_test(tests, progress_stays_before_what_is_left_in_any_lane);
	tcase_add_test(tests, progress_stays_before_the_run_that_handed_something_on);
	tcase_add_test(tests, progress_stays_before_what_was_skipped_until_it_was_fetched_again);
	tcase_add_test(tests, progress_goes_on_skipping_while_the_batch_in_hand_was_skipped);
	tcase_add_test(tests, progress_does_not_move_by_a_round_that_does_not_reach_its_end);
	tcase_add_loop_test(tests, progress_never_passes_what_is_left_and_ends_complete, 0, 200);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
