/*-------------------------------------------------------------------------
 *
 * test_main.c
 *	  Unit tests of listener/src/main.c: how it starts, and how it exits.
 *
 *-------------------------------------------------------------------------
 */
#include "main_fixture.h"

static const int only_term[] = {SIGTERM, 0};

/* ---- without a relay ---- */

START_TEST(main_exits_2_if_the_configuration_is_refused)
{
	with_argument("--redis=redis://:" SECRET "@h:0");
	assert_exit(STATUS_REFUSED);
	ck_assert_str_eq(output, "uncached: --redis: expected a port from 1 to 65535 after the host\n");
}

END_TEST

START_TEST(main_exits_0_after_the_version)
{
	with_argument("--version");
	assert_exit(STATUS_OK);
	ck_assert_str_eq(output, "uncached " UNCACHED_VERSION "\n");
}

END_TEST

START_TEST(main_shows_targets_and_starts_nothing_for_check_config)
{
	with_argument("--redis=redis://:" SECRET "@h/3");
	with_argument("--check-config");
	assert_exit(STATUS_OK);
	ck_assert_str_eq(output, "target default: redis h:6379/3 prefix \"\"\n");
}

END_TEST

START_TEST(main_exits_1_if_no_daemon_answers_at_the_health_socket)
{
	with_argument("--check-health");
	with_argument("--health-socket=/nonexistent/health");
	assert_exit(STATUS_FAILED);
	ck_assert_str_eq(output, "uncached: cannot connect to the health socket: No such file or directory\n");
}

END_TEST

START_TEST(main_exits_1_if_a_connection_lacks_something)
{
	with_argument("--check-connections");
	with_argument("--dsn=host=/nonexistent");
	with_argument("--redis=unix:///nonexistent/redis.sock");
	assert_exit(STATUS_FAILED);
	assert_said("missing postgres: cannot be reached: ");
	assert_said("missing target default: /nonexistent/redis.sock db=0 cannot be reached: ");
	assert_not_said("relay");
}

END_TEST

START_TEST(main_exits_1_if_it_cannot_ask_which_permissions_are_needed)
{
	with_argument("--print-acl");
	with_argument("--dsn=host=/nonexistent");
	with_argument("--redis=unix:///nonexistent/redis.sock");
	assert_exit(STATUS_FAILED);
	assert_said("missing postgres: cannot be reached: ");
	assert_not_said("ACL SETUSER");
}

END_TEST

START_TEST(main_exits_1_if_standard_output_is_full)
{
	static const char *const options[] = {"--version", "--help", "--check-config"};

	stdout_path = "/dev/full";
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
	{
		argument_count = 1;
		with_argument(options[i]);
		assert_exit(STATUS_FAILED);
		ck_assert_str_eq(output, "uncached: cannot write to standard output:"
						 " No space left on device\n");
	}
}

END_TEST

START_TEST(main_exits_2_if_the_log_file_cannot_be_opened)
{
	char		expected[160];

	snprintf(expected, sizeof(expected), "uncached: cannot open the log file %s: Is a directory\n",
			 directory);
	with_argument("--log-file");
	with_argument(directory);
	assert_exit(STATUS_REFUSED);
	ck_assert_str_eq(output, expected);
}

END_TEST

START_TEST(main_does_not_make_the_log_file_for_check_config)
{
	with_argument("--check-config");
	with_argument("--log-file");
	with_argument(log_path);
	assert_exit(STATUS_OK);
	ck_assert_int_ne(access(log_path, F_OK), 0);
}

END_TEST

/* ---- one relay ---- */

START_TEST(main_logs_to_a_file)
{
	script.signals = only_term;
	with_argument("--log-file");
	with_argument(log_path);
	assert_exit(STATUS_OK);
	ck_assert_str_eq(output, "relay destroyed\n");
	take_file(log_path);
	assert_said("msg=started");
	assert_said("msg=stopped");
}

END_TEST

START_TEST(main_opens_the_log_file_again_for_sigusr1)
{
	static const int signals[] = {SIGUSR1, SIGTERM, 0};

	script.signals = signals;
	script.renames_log = old_log_path;
	with_argument("--log-file");
	with_argument(log_path);
	assert_exit(STATUS_OK);
	take_file(old_log_path);
	assert_said("msg=started");
	assert_not_said("msg=stopping");
	take_file(log_path);
	assert_said("level=info msg=\"log file opened\" file=/tmp/");
	assert_said("msg=stopping");
	assert_not_said("msg=started");
}

END_TEST

START_TEST(main_goes_on_for_sigusr1_without_a_log_file)
{
	static const int signals[] = {SIGUSR1, SIGUSR1, SIGTERM, 0};

	script.signals = signals;
	assert_exit(STATUS_OK);
	assert_not_said("log file");
	assert_said("msg=stopping signal=15");
}

END_TEST

START_TEST(main_exits_0_when_once_is_done)
{
	script.first_state = RELAY_STOPPED;
	with_argument("--once");
	assert_exit(STATUS_OK);
	assert_said("relay destroyed");
}

END_TEST

START_TEST(main_exits_1_when_once_failed)
{
	script.first_state = RELAY_FAILED;
	with_argument("--once");
	assert_exit(STATUS_FAILED);
	assert_said("relay destroyed");
}

END_TEST

START_TEST(main_exits_0_after_sigterm)
{
	script.signals = only_term;
	assert_exit(STATUS_OK);
	assert_said("msg=stopping signal=15");
	assert_said("relay destroyed");
	assert_said("msg=stopped exit_status=0");
}

END_TEST

START_TEST(main_exits_0_after_sigint)
{
	static const int signals[] = {SIGINT, 0};

	script.signals = signals;
	assert_exit(STATUS_OK);
	assert_said("relay destroyed");
}

END_TEST

START_TEST(main_exits_1_if_once_was_interrupted)
{
	script.signals = only_term;
	with_argument("--once");
	assert_exit(STATUS_FAILED);
}

END_TEST

START_TEST(main_exits_1_at_once_at_the_second_signal)
{
	script.signals = only_term;
	script.ignores_stop = true;
	script.second_signal_at_stop = true;
	assert_exit(STATUS_FAILED);
	assert_not_said("relay destroyed");
}

END_TEST

START_TEST(main_survives_sigpipe)
{
	static const int signals[] = {SIGPIPE, SIGTERM, 0};

	script.signals = signals;
	assert_exit(STATUS_OK);
}

END_TEST

START_TEST(main_exits_1_if_the_relay_cannot_be_created)
{
	script.fails_creation = true;
	assert_exit(STATUS_FAILED);
	assert_said("cannot start the relay");
}

END_TEST

START_TEST(main_exits_1_if_the_loop_fails)
{
	script.breaks_poll = true;
	assert_exit(STATUS_FAILED);
	assert_said("msg=\"cannot wait for events\" error=\"Invalid argument\"");
	assert_said("relay destroyed");
}

END_TEST

START_TEST(main_says_what_it_starts_with)
{
	script.signals = only_term;
	with_argument("--redis=redis://app:" SECRET "@h/3");
	assert_exit(STATUS_OK);
	assert_said("level=info msg=started version=" UNCACHED_VERSION " targets=1\n");
	assert_not_said(SECRET);
}

END_TEST

START_TEST(main_logs_as_it_is_told)
{
	script.signals = only_term;
	with_argument("--log-format=json");
	assert_exit(STATUS_OK);
	assert_said("\"msg\":\"started\"");
}

END_TEST

START_TEST(main_hides_passwords_in_its_arguments)
{
	script.signals = only_term;
	with_argument("--redis=redis://:" SECRET "@h");
	assert_exit(STATUS_OK);
	assert_said("password_bytes=7");
	assert_said("\"--redis=xxxxxxxxxxxxxxxxxx\"");
	assert_not_said(SECRET);
}

END_TEST

START_TEST(main_runs_with_standard_descriptors_closed)
{
	int			status;

	script.signals = only_term;
	status = run_child(true);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), STATUS_OK);
	ck_assert_str_eq(output, "");
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("main");
	TCase	   *tests = tcase_create("main");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, clean_up);
	tcase_add_test(tests, main_exits_2_if_the_configuration_is_refused);
	tcase_add_test(tests, main_exits_0_after_the_version);
	tcase_add_test(tests, main_shows_targets_and_starts_nothing_for_check_config);
	tcase_add_test(tests, main_exits_1_if_no_daemon_answers_at_the_health_socket);
	tcase_add_test(tests, main_exits_1_if_a_connection_lacks_something);
	tcase_add_test(tests, main_exits_1_if_it_cannot_ask_which_permissions_are_needed);
	tcase_add_test(tests, main_exits_1_if_standard_output_is_full);
	tcase_add_test(tests, main_exits_2_if_the_log_file_cannot_be_opened);
	tcase_add_test(tests, main_does_not_make_the_log_file_for_check_config);
	tcase_add_test(tests, main_logs_to_a_file);
	tcase_add_test(tests, main_opens_the_log_file_again_for_sigusr1);
	tcase_add_test(tests, main_goes_on_for_sigusr1_without_a_log_file);
	tcase_add_test(tests, main_exits_0_when_once_is_done);
	tcase_add_test(tests, main_exits_1_when_once_failed);
	tcase_add_test(tests, main_exits_0_after_sigterm);
	tcase_add_test(tests, main_exits_0_after_sigint);
	tcase_add_test(tests, main_exits_1_if_once_was_interrupted);
	tcase_add_test(tests, main_exits_1_at_once_at_the_second_signal);
	tcase_add_test(tests, main_survives_sigpipe);
	tcase_add_test(tests, main_exits_1_if_the_relay_cannot_be_created);
	tcase_add_test(tests, main_exits_1_if_the_loop_fails);
	tcase_add_test(tests, main_says_what_it_starts_with);
	tcase_add_test(tests, main_logs_as_it_is_told);
	tcase_add_test(tests, main_hides_passwords_in_its_arguments);
	tcase_add_test(tests, main_runs_with_standard_descriptors_closed);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
