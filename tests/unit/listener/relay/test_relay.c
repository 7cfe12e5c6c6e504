/*-------------------------------------------------------------------------
 *
 * test_relay.c
 *	  Unit tests of listener/src/relay/relay.c and relay_slot.c: which pipelines work
 *	  when, over reloads and stops.
 *
 *-------------------------------------------------------------------------
 */
#include "relay/relay_fixture.h"

START_TEST(relay_starts_a_pipeline_for_each_target)
{
	start(A B "scan_rate = 300\n");
	ck_assert_uint_eq(pipeline_count, 2);
	ck_assert_str_eq(pipelines[0].alias, "a");
	ck_assert_str_eq(pipelines[1].alias, "b");
	assert_said("msg=\"target configured\" target=a redis=a:6379/0\n");
	assert_said("msg=\"target configured\" target=b redis=b:6379/0 scan_rate=300\n");
}

END_TEST

START_TEST(relay_warns_of_a_password_file_that_everybody_can_read)
{
	char		text[256];

	write_file(password_path, "hunter2\n", 8, 0644);
	snprintf(text, sizeof(text), A "password_file = %s\n", password_path);
	start(text);
	assert_said("level=warning msg=\"the password file is readable by everybody\" target=a file=/tmp/");
	assert_not_said("hunter2");
}

END_TEST

START_TEST(relay_describes_each_target_in_a_line)
{
	char		text[256] = "";
	FILE	   *stream = fmemopen(text, sizeof(text), "w");

	ck_assert_ptr_nonnull(stream);
	start(A B);
	load_text(CHANGED_A B "[target c]\nurl = redis://c\n");
	ck_assert(relay_reload(relay, config, &changes));
	relay_describe(relay, stream);
	fclose(stream);
	ck_assert_str_eq(text, "a state=stopping redis=connected\n"
					 "b state=ready redis=disconnected\n"
					 "c state=starting redis=disconnected\n");
}

END_TEST

START_TEST(relay_summarizes_all_targets)
{
	RelaySummary summary;

	start(A B "[target c]\nurl = redis://c\n");
	relay_summarize(relay, &summary);
	ck_assert_uint_eq(summary.target_count, 3);
	ck_assert_uint_eq(summary.ready_count, 2);
	ck_assert(summary.is_settled);
	ck_assert_str_eq(summary.alias, "b");
	ck_assert_str_eq(summary.state, "ready");
	ck_assert(!summary.has_redis);
}

END_TEST

START_TEST(relay_is_settled_when_nothing_ends_or_starts)
{
	RelaySummary summary;

	start(A);
	pipelines[0].is_unsettled = true;
	relay_summarize(relay, &summary);
	ck_assert(!summary.is_settled);
	pipelines[0].is_unsettled = false;
	relay_summarize(relay, &summary);
	ck_assert(summary.is_settled);
	ck_assert_ptr_null(summary.alias);
	reload(CHANGED_A);
	relay_summarize(relay, &summary);
	ck_assert(!summary.is_settled);
	ck_assert_str_eq(summary.state, "stopping");
	failing_creation_count = 1;
	ck_assert_int_eq(end_pipeline(0), RELAY_RUNNING);
	relay_summarize(relay, &summary);
	ck_assert(!summary.is_settled);
	ck_assert_str_eq(summary.state, "starting");
	ck_assert_int_eq(pass(5000), RELAY_RUNNING);
	relay_summarize(relay, &summary);
	ck_assert(summary.is_settled);
}

END_TEST

static uint64_t
count_of(const char *alias)
{
	for (size_t i = 0; i < relay_target_count(relay); i++)
	{
		TargetStatus status;

		relay_tell(relay, i, &status);
		if (strcmp(status.alias, alias) == 0)
			return status.counters->delivery.batches;
	}
	return 0;
}

/* Each pipeline counts one batch when it is created. */
START_TEST(relay_keeps_counters_as_long_as_the_target_is_configured)
{
	start(A B);
	ck_assert_uint_eq(count_of("a"), 1);
	reload(CHANGED_A B);
	(void) end_pipeline(0);
	ck_assert_uint_eq(count_of("a"), 2);
	ck_assert_uint_eq(count_of("b"), 1);
	reload(B);
	(void) end_pipeline(2);
	ck_assert_uint_eq(relay_target_count(relay), 1);
	reload(A B);
	ck_assert_uint_eq(count_of("a"), 1);
}

END_TEST

START_TEST(relay_does_not_touch_targets_that_did_not_change)
{
	start(A B);
	reload(A B);
	assert_changes(2, 0, 0, 0);
	ck_assert_uint_eq(pipeline_count, 2);
	ck_assert(!pipelines[0].is_asked_to_stop && !pipelines[1].is_asked_to_stop);
	/* they go on with their own config, which nobody else holds */
	ck_assert_str_eq(pipelines[0].config->targets[0].alias, "a");
}

END_TEST

START_TEST(relay_starts_a_changed_target_anew_when_it_has_ended)
{
	start(A B);
	reload(CHANGED_A B);
	assert_changes(1, 1, 0, 0);
	ck_assert(pipelines[0].is_asked_to_stop);
	ck_assert(!pipelines[1].is_asked_to_stop);
	ck_assert_uint_eq(pipeline_count, 2);
	ck_assert_int_eq(end_pipeline(0), RELAY_RUNNING);
	ck_assert(pipelines[0].is_destroyed);
	ck_assert_uint_eq(pipeline_count, 3);
	ck_assert_str_eq(pipelines[2].prefix, "new");
	ck_assert_int_eq(pipelines[2].predecessor_pid, 100);
	ck_assert(!pipelines[1].is_destroyed);
}

END_TEST

START_TEST(relay_gives_a_changed_target_a_limited_time_of_its_own)
{
	start(A B);
	reload(CHANGED_A B);
	ck_assert_int_eq(pass(RELAY_SLOT_STOP_WAIT_MS - 1), RELAY_RUNNING);
	ck_assert_uint_eq(pipeline_count, 2);
	ck_assert_int_eq(pass(1), RELAY_RUNNING);
	ck_assert(pipelines[0].is_destroyed);
	ck_assert_uint_eq(pipeline_count, 3);
	ck_assert_int_eq(pipelines[2].predecessor_pid, 100);
	assert_said("level=warning msg=\"the current batch is abandoned: it will be repeated\" target=a waited_ms=4500\n");
}

END_TEST

START_TEST(relay_does_not_let_a_changed_target_wait_for_another_one)
{
	start(A B);
	reload(CHANGED_A "[target b]\nurl = redis://c\n");
	assert_changes(0, 2, 0, 0);
	ck_assert_int_eq(end_pipeline(1), RELAY_RUNNING);
	ck_assert_uint_eq(pipeline_count, 3);
	ck_assert_str_eq(pipelines[2].alias, "b");
	ck_assert(!pipelines[0].is_destroyed);
}

END_TEST

START_TEST(relay_starts_an_added_target_at_once)
{
	start(A);
	reload(CHANGED_A B);
	assert_changes(0, 1, 1, 0);
	ck_assert_uint_eq(pipeline_count, 2);
	ck_assert_str_eq(pipelines[1].alias, "b");
}

END_TEST

START_TEST(relay_stops_a_removed_target_and_says_what_stays)
{
	start(A B);
	reload(B);
	assert_changes(1, 0, 0, 1);
	assert_not_said("no longer configured");
	ck_assert_int_eq(end_pipeline(0), RELAY_RUNNING);
	ck_assert(pipelines[0].is_destroyed);
	ck_assert_uint_eq(pipeline_count, 2);
	assert_said("level=warning msg=\"target is no longer configured: its consumer remains and holds back the journal\" target=a advice=\"");
	assert_said("SELECT uncache.drop_consumer('a')\"\n");
}

END_TEST

START_TEST(relay_says_once_that_a_consumer_stays)
{
	start(A B);
	reload(B);
	(void) end_pipeline(0);
	reload(B);
	read_test_log();
	ck_assert_ptr_null(strstr(strstr(said, "no longer configured") + 1, "no longer configured"));
	assert_changes(1, 0, 0, 0);
}

END_TEST

START_TEST(relay_starts_what_was_removed_and_added_again_after_its_end)
{
	start(A B);
	reload(B);
	reload(A B);
	assert_changes(1, 1, 0, 0);
	ck_assert_uint_eq(pipeline_count, 2);
	ck_assert_int_eq(end_pipeline(0), RELAY_RUNNING);
	ck_assert_uint_eq(pipeline_count, 3);
	ck_assert_str_eq(pipelines[2].alias, "a");
	assert_not_said("no longer configured");
}

END_TEST

START_TEST(relay_starts_with_the_last_of_two_reloads)
{
	start(A);
	reload(CHANGED_A);
	reload("[target a]\nurl = redis://a\nprefix = newer\n");
	ck_assert_uint_eq(pipeline_count, 1);
	(void) end_pipeline(0);
	ck_assert_uint_eq(pipeline_count, 2);
	ck_assert_str_eq(pipelines[1].prefix, "newer");
}

END_TEST

START_TEST(relay_starts_anew_what_stops_for_a_change_that_was_taken_back)
{
	start(A);
	reload(CHANGED_A);
	reload(A);
	(void) end_pipeline(0);
	ck_assert_uint_eq(pipeline_count, 2);
	ck_assert_str_eq(pipelines[1].prefix, "");
}

END_TEST

START_TEST(relay_does_not_stop_again_what_is_stopping)
{
	start(A);
	reload(CHANGED_A);
	(void) pass(RELAY_SLOT_STOP_WAIT_MS / 2);
	reload(A);
	ck_assert_int_eq(pass(RELAY_SLOT_STOP_WAIT_MS / 2), RELAY_RUNNING);
	ck_assert(pipelines[0].is_destroyed);
}

END_TEST

START_TEST(relay_starts_all_anew_for_another_dsn)
{
	start("[postgres]\ndsn = dbname=one\n" A B);
	reload("[postgres]\ndsn = dbname=two\n" A B);
	assert_changes(0, 2, 0, 0);
	(void) end_pipeline(1);
	ck_assert_uint_eq(pipeline_count, 3);
	ck_assert_str_eq(pipelines[2].alias, "b");
	/* the number is another server's */
	ck_assert_int_eq(pipelines[2].predecessor_pid, 0);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("relay");
	TCase	   *tests = tcase_create("relay");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up_relay, tear_down_relay);
	tcase_add_test(tests, relay_starts_a_pipeline_for_each_target);
	tcase_add_test(tests, relay_warns_of_a_password_file_that_everybody_can_read);
	tcase_add_test(tests, relay_describes_each_target_in_a_line);
	tcase_add_test(tests, relay_summarizes_all_targets);
	tcase_add_test(tests, relay_is_settled_when_nothing_ends_or_starts);
	tcase_add_test(tests, relay_keeps_counters_as_long_as_the_target_is_configured);
	tcase_add_test(tests, relay_does_not_touch_targets_that_did_not_change);
	tcase_add_test(tests, relay_starts_a_changed_target_anew_when_it_has_ended);
	tcase_add_test(tests, relay_gives_a_changed_target_a_limited_time_of_its_own);
	tcase_add_test(tests, relay_does_not_let_a_changed_target_wait_for_another_one);
	tcase_add_test(tests, relay_starts_an_added_target_at_once);
	tcase_add_test(tests, relay_stops_a_removed_target_and_says_what_stays);
	tcase_add_test(tests, relay_says_once_that_a_consumer_stays);
	tcase_add_test(tests, relay_starts_what_was_removed_and_added_again_after_its_end);
	tcase_add_test(tests, relay_starts_with_the_last_of_two_reloads);
	tcase_add_test(tests, relay_starts_anew_what_stops_for_a_change_that_was_taken_back);
	tcase_add_test(tests, relay_does_not_stop_again_what_is_stopping);
	tcase_add_test(tests, relay_starts_all_anew_for_another_dsn);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
