/*-------------------------------------------------------------------------
 *
 * test_relay_end.c
 *	  Unit tests of listener/src/relay/relay.c: how targets fail, stop and end.
 *
 *-------------------------------------------------------------------------
 */
#include "relay/relay_fixture.h"

START_TEST(relay_stops_all_at_the_end)
{
	start(A B);
	relay_stop(relay);
	ck_assert(pipelines[0].is_asked_to_stop && pipelines[1].is_asked_to_stop);
	ck_assert_int_eq(end_pipeline(0), RELAY_RUNNING);
	ck_assert_int_eq(end_pipeline(1), RELAY_STOPPED);
	assert_not_said("no longer configured");
}

END_TEST

START_TEST(relay_gives_up_what_does_not_stop_at_the_end)
{
	start(A B);
	relay_stop(relay);
	(void) end_pipeline(0);
	ck_assert_int_eq(pass(RELAY_SLOT_STOP_WAIT_MS), RELAY_STOPPED);
	assert_said("will be repeated\" target=b ");
	assert_not_said("will be repeated\" target=a ");
}

END_TEST

START_TEST(relay_starts_nothing_once_it_stops)
{
	start(A);
	reload(CHANGED_A);
	load_text(CHANGED_A B);
	ck_assert(relay_reload(relay, config, &changes));
	relay_stop(relay);
	ck_assert_int_eq(end_pipeline(0), RELAY_STOPPED);
	ck_assert_uint_eq(pipeline_count, 1);
}

END_TEST

START_TEST(relay_stop_gives_what_stops_for_a_reload_no_more_time)
{
	start(A);
	reload(CHANGED_A);
	(void) pass(RELAY_SLOT_STOP_WAIT_MS - 10);
	relay_stop(relay);
	ck_assert_int_eq(pass(10), RELAY_STOPPED);
}

END_TEST

START_TEST(relay_still_says_at_the_end_what_a_reload_removed)
{
	start(A B);
	reload(B);
	relay_stop(relay);
	(void) end_pipeline(0);
	assert_said("no longer configured");
}

END_TEST

START_TEST(relay_starts_a_failed_target_anew_at_a_reload)
{
	start(A B);
	pipelines[0].state = PIPELINE_FAILED;
	ck_assert_int_eq(relay_advance(relay), RELAY_RUNNING);
	reload(A B);
	assert_changes(1, 1, 0, 0);
	ck_assert_uint_eq(pipeline_count, 3);
}

END_TEST

START_TEST(relay_has_failed_when_the_last_one_has)
{
	start(A B);
	pipelines[0].state = PIPELINE_FAILED;
	pipelines[1].state = PIPELINE_FAILED;
	ck_assert_int_eq(relay_advance(relay), RELAY_FAILED);
}

END_TEST

START_TEST(relay_tries_again_to_start_where_memory_is_short)
{
	failing_creation_count = 2;
	start(A);
	ck_assert_uint_eq(pipeline_count, 0);
	assert_said("level=error msg=\"cannot start to serve the target: out of memory\" target=a advice=");
	ck_assert_int_eq(pass(4999), RELAY_RUNNING);
	ck_assert_int_eq(failing_creation_count, 1);
	ck_assert_int_eq(pass(1), RELAY_RUNNING);
	ck_assert_int_eq(failing_creation_count, 0);
	ck_assert_int_eq(pass(5000), RELAY_RUNNING);
	ck_assert_uint_eq(pipeline_count, 1);
}

END_TEST

START_TEST(relay_stops_although_a_start_is_to_be_tried_again)
{
	failing_creation_count = 1;
	start(A);
	relay_stop(relay);
	ck_assert_int_eq(relay_advance(relay), RELAY_STOPPED);
}

END_TEST

static void
start_once(const char *text)
{
	memset(arguments + 1, 0, sizeof(arguments) - sizeof(arguments[0]));
	with_argument("--once");
	with_file(text);
	accept_config();
	relay = relay_create(loop, &test_log, config, 1);
	ck_assert_ptr_nonnull(relay);
}

START_TEST(relay_of_once_has_stopped_when_all_are_done)
{
	start_once(A B);
	ck_assert_int_eq(relay_advance(relay), RELAY_RUNNING);
	ck_assert_int_eq(end_pipeline(1), RELAY_RUNNING);
	ck_assert_int_eq(end_pipeline(0), RELAY_STOPPED);
}

END_TEST

START_TEST(relay_of_once_has_failed_when_one_has)
{
	start_once(A B);
	ck_assert_int_eq(relay_advance(relay), RELAY_RUNNING);
	pipelines[1].state = PIPELINE_FAILED;
	ck_assert_int_eq(end_pipeline(0), RELAY_FAILED);
}

END_TEST

START_TEST(relay_of_once_has_failed_when_one_could_not_be_started)
{
	start_once(A B);
	failing_creation_count = 1;
	ck_assert_int_eq(relay_advance(relay), RELAY_RUNNING);
	ck_assert_int_eq(end_pipeline(0), RELAY_FAILED);
	ck_assert_uint_eq(pipeline_count, 1);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("relay_end");
	TCase	   *tests = tcase_create("relay_end");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up_relay, tear_down_relay);
	tcase_add_test(tests, relay_stops_all_at_the_end);
	tcase_add_test(tests, relay_gives_up_what_does_not_stop_at_the_end);
	tcase_add_test(tests, relay_starts_nothing_once_it_stops);
	tcase_add_test(tests, relay_stop_gives_what_stops_for_a_reload_no_more_time);
	tcase_add_test(tests, relay_still_says_at_the_end_what_a_reload_removed);
	tcase_add_test(tests, relay_starts_a_failed_target_anew_at_a_reload);
	tcase_add_test(tests, relay_has_failed_when_the_last_one_has);
	tcase_add_test(tests, relay_tries_again_to_start_where_memory_is_short);
	tcase_add_test(tests, relay_stops_although_a_start_is_to_be_tried_again);
	tcase_add_test(tests, relay_of_once_has_stopped_when_all_are_done);
	tcase_add_test(tests, relay_of_once_has_failed_when_one_has);
	tcase_add_test(tests, relay_of_once_has_failed_when_one_could_not_be_started);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
