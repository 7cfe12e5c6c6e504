/*-------------------------------------------------------------------------
 *
 * test_main_reload.c
 *	  Unit tests of listener/src/main.c: what SIGHUP does.
 *
 *-------------------------------------------------------------------------
 */
#include "main_fixture.h"

static const int only_hangup[] = {SIGHUP, 0};

static void
with_config(const char *text)
{
	write_config(text);
	with_argument("--config");
	with_argument(config_path);
}

START_TEST(main_reloads_after_sighup)
{
	with_config("[target default]\nurl = redis://h\nprefix = old\n");
	script.signals = only_hangup;
	script.new_config = "[log]\nlevel = info\n[target default]\nurl = redis://h\nprefix = new\n";
	script.signal_of_second = SIGTERM;
	assert_exit(STATUS_OK);
	assert_said("number=1 prefix=old");
	assert_said("msg=\"configuration reloaded\" version=" UNCACHED_VERSION " targets=1");
	assert_said("number=2 prefix=new");
	ck_assert(strstr(output, "relay destroyed") < strstr(output, "number=2"));
}

END_TEST

START_TEST(main_reloads_the_scan_rate)
{
	with_config("[target default]\nurl = redis://h\n");
	script.signals = only_hangup;
	script.signal_of_second = SIGTERM;
	script.new_config = "[target default]\nurl = redis://h\nscan_rate = 300\n";
	assert_exit(STATUS_OK);
	assert_said("msg=\"target configured\" target=default redis=h:6379/0\n");
	assert_said("msg=\"target configured\" target=default redis=h:6379/0 scan_rate=300\n");
}

END_TEST

START_TEST(main_keeps_the_old_configuration_if_the_new_one_is_refused)
{
	static const int signals[] = {SIGHUP, SIGTERM, 0};

	with_config("[target default]\nurl = redis://h\nprefix = old\n");
	script.signals = signals;
	script.new_config = "[target default]\nurl = " SECRET "\n";
	assert_exit(STATUS_OK);
	assert_said("level=error msg=\"configuration refused: the old one stays\" error=\"");
	assert_said("uncached.conf:2: expected a URL");
	assert_not_said(SECRET);
	assert_not_said("number=2");
}

END_TEST

START_TEST(main_reloads_with_the_password_of_its_arguments)
{
	with_argument("--redis=redis://:" SECRET "@h");
	script.signals = only_hangup;
	script.signal_of_second = SIGTERM;
	assert_exit(STATUS_OK);
	assert_said("number=2 prefix=\"\" password_bytes=7");
}

END_TEST

START_TEST(main_reloads_once_for_two_hangups_in_a_row)
{
	static const int signals[] = {SIGHUP, SIGHUP, 0};

	script.signals = signals;
	script.signal_of_second = SIGTERM;
	assert_exit(STATUS_OK);
	assert_said("number=2");
	assert_not_said("number=3");
}

END_TEST

START_TEST(main_exits_if_sigterm_overtakes_a_reload)
{
	static const int signals[] = {SIGHUP, SIGTERM, 0};

	script.signals = signals;
	assert_exit(STATUS_OK);
	assert_not_said("number=2");
}

END_TEST

START_TEST(main_ignores_a_hangup_while_it_stops)
{
	static const int signals[] = {SIGTERM, SIGHUP, 0};

	script.signals = signals;
	assert_exit(STATUS_OK);
	assert_not_said("number=2");
	assert_not_said("configuration");
}

END_TEST

START_TEST(main_reloads_although_the_batch_in_hand_does_not_end)
{
	script.signals = only_hangup;
	script.ignores_stop = true;
	script.clock_jumps_at_stop = true;
	script.signal_of_second = SIGTERM;
	assert_exit(STATUS_OK);
	assert_said("is given up");
	assert_said("number=2");
}

END_TEST

START_TEST(main_exits_1_if_the_new_relay_cannot_be_created)
{
	script.signals = only_hangup;
	script.failing_creation = 2;
	assert_exit(STATUS_FAILED);
	assert_said("cannot start the relay");
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("main_reload");
	TCase	   *tests = tcase_create("main_reload");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, clean_up);
	tcase_add_test(tests, main_reloads_after_sighup);
	tcase_add_test(tests, main_reloads_the_scan_rate);
	tcase_add_test(tests, main_keeps_the_old_configuration_if_the_new_one_is_refused);
	tcase_add_test(tests, main_reloads_with_the_password_of_its_arguments);
	tcase_add_test(tests, main_reloads_once_for_two_hangups_in_a_row);
	tcase_add_test(tests, main_exits_if_sigterm_overtakes_a_reload);
	tcase_add_test(tests, main_ignores_a_hangup_while_it_stops);
	tcase_add_test(tests, main_reloads_although_the_batch_in_hand_does_not_end);
	tcase_add_test(tests, main_exits_1_if_the_new_relay_cannot_be_created);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
