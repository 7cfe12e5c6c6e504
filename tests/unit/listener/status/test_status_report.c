/*-------------------------------------------------------------------------
 *
 * test_status_report.c
 *	  Unit tests of listener/src/status/status_report.c.
 *
 *-------------------------------------------------------------------------
 */
#include "status/status_fixture.h"

static char lost[] = "lost";
static char waiting[] = "waiting";
static char resync[] = "resync";
static char reason[] = "PostgreSQL has crashed";
static char alarm_text[] = "behind for longer than half of uncache.max_lag";
static char stranger[] = "search";

/* Of the target "api", in the second place of the configuration. */
static void
assert_api(StatusLevel level, const char *finding)
{
	make_report();
	ck_assert_int_eq(report.targets[1].level, level);
	ck_assert_int_eq(report.level, level);
	ck_assert_int_eq(report.targets[0].level, STATUS_LEVEL_OK);
	if (finding == NULL)
		ck_assert_uint_eq(report.targets[1].finding_count, 0);
	else
		ck_assert_str_eq(report.targets[1].findings[0].text, finding);
	forget_report();
}

START_TEST(status_is_ok_where_all_are_ready)
{
	assert_api(STATUS_LEVEL_OK, NULL);
	make_report();
	ck_assert_uint_eq(report.target_count, 2);
	ck_assert_str_eq(report.targets[0].name, "default");
	ck_assert(report.targets[0].is_configured && report.targets[1].is_configured);
	ck_assert_ptr_eq(report.targets[1].consumer, &rows[0]);
}

END_TEST

START_TEST(status_is_critical_without_a_worker)
{
	rows[0].worker_pid = 0;
	assert_api(STATUS_LEVEL_CRITICAL, "no daemon works for it");
}

END_TEST

START_TEST(status_is_critical_without_a_consumer)
{
	rows[0].has_consumer = false;
	assert_api(STATUS_LEVEL_CRITICAL, "it has no consumer: no daemon has worked for it yet");
	list.rows = &rows[1];
	list.row_count = 1;
	assert_api(STATUS_LEVEL_CRITICAL, "it has no consumer: no daemon has worked for it yet");
}

END_TEST

START_TEST(status_is_critical_where_a_consumer_is_lost)
{
	rows[0].state = lost;
	rows[0].worker_pid = 0;
	assert_api(STATUS_LEVEL_CRITICAL,
			   "declared lost, nothing is journalled for it: start its daemon, which resyncs");
}

END_TEST

START_TEST(status_is_critical_with_an_alarm)
{
	rows[0].alarm = alarm_text;
	assert_api(STATUS_LEVEL_CRITICAL, alarm_text);
}

END_TEST

START_TEST(status_warns_of_what_is_not_complete)
{
	rows[0].state = waiting;
	assert_api(STATUS_LEVEL_WARNING, "registered, and waits for transactions in flight to end");
	rows[0].state = resync;
	rows[0].resync_reason = reason;
	assert_api(STATUS_LEVEL_WARNING, "resync due: PostgreSQL has crashed");
}

END_TEST

START_TEST(status_warns_of_a_lag_beyond_ready_max_lag)
{
	rows[0].lag_ms = 60000;
	assert_api(STATUS_LEVEL_OK, NULL);
	rows[0].lag_ms = 60001;
	assert_api(STATUS_LEVEL_WARNING, "behind for 60 s");
}

END_TEST

START_TEST(status_takes_redis_from_the_daemon_that_runs)
{
	health = "default state=ready redis=connected\napi state=resync redis=disconnected\n";
	assert_api(STATUS_LEVEL_WARNING, "the daemon is not connected to Redis");
	make_report();
	ck_assert_str_eq(report.targets[0].redis, "connected");
	forget_report();
	health = "api2 state=ready redis=disconnected\nnonsense\n";
	assert_api(STATUS_LEVEL_OK, NULL);
}

END_TEST

/* Of one that is not configured, and ends up in the third place. */
static void
assert_stranger(StatusLevel level, const char *finding)
{
	make_report();
	ck_assert_uint_eq(report.target_count, 3);
	ck_assert(!report.targets[2].is_configured);
	ck_assert_int_eq(report.level, level);
	ck_assert_msg(strstr(report.targets[2].findings[0].text, finding) != NULL, "%s",
				  report.targets[2].findings[0].text);
	forget_report();
}

START_TEST(status_tells_of_targets_that_are_not_configured)
{
	ConsumerRow *row = add_row(stranger);

	row->alarm = alarm_text;
	assert_stranger(STATUS_LEVEL_OK, "another daemon works for it");
	row->worker_pid = 0;
	assert_stranger(STATUS_LEVEL_WARNING, "it holds back the journal");
	row->state = lost;
	assert_stranger(STATUS_LEVEL_OK, "SELECT uncache.drop_consumer('search')");
	row->has_consumer = false;
	assert_stranger(STATUS_LEVEL_WARNING, "rules name it");
}

END_TEST

START_TEST(status_durations_have_the_unit_that_suits)
{
	static const struct
	{
		int64_t		ms;
		const char *text;
	}			durations[] =
	{
		{0, "0 ms"}, {999, "999 ms"}, {1500, "1.5 s"}, {59999, "59 s"}, {119999, "119 s"}, {120000, "2 min"},
		{7199999, "119 min"}, {7200000, "2 h"}, {172800000, "2 d"}
	};

	for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++)
	{
		char		text[STATUS_DURATION_BYTES];

		status_duration_format(durations[i].ms, text);
		ck_assert_str_eq(text, durations[i].text);
	}
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("status_report");
	TCase	   *tests = tcase_create("status_report");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up_well, forget_report);
	tcase_add_test(tests, status_is_ok_where_all_are_ready);
	tcase_add_test(tests, status_is_critical_without_a_worker);
	tcase_add_test(tests, status_is_critical_without_a_consumer);
	tcase_add_test(tests, status_is_critical_where_a_consumer_is_lost);
	tcase_add_test(tests, status_is_critical_with_an_alarm);
	tcase_add_test(tests, status_warns_of_what_is_not_complete);
	tcase_add_test(tests, status_warns_of_a_lag_beyond_ready_max_lag);
	tcase_add_test(tests, status_takes_redis_from_the_daemon_that_runs);
	tcase_add_test(tests, status_tells_of_targets_that_are_not_configured);
	tcase_add_test(tests, status_durations_have_the_unit_that_suits);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
