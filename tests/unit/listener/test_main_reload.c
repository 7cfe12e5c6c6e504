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
	script.new_config = "[target default]\nurl = redis://h\nprefix = new\n";
	script.signal_of_reload = SIGTERM;
	assert_exit(STATUS_OK);
	assert_said("msg=\"relay created\" prefix=old");
	assert_said("msg=\"relay reloaded\" prefix=new");
	assert_said("msg=\"configuration reloaded\" version=" UNCACHED_VERSION
				" targets=1 unchanged=1 changed=2 added=3 removed=4\n");
	ck_assert(strstr(output, "relay reloaded") < strstr(output, "relay destroyed"));
}

END_TEST

START_TEST(main_logs_from_a_reload_on_as_the_new_configuration_says)
{
	with_config("[target default]\nurl = redis://h\n");
	script.signals = only_hangup;
	script.signal_of_reload = SIGTERM;
	script.new_config = "[log]\nformat = json\n[target default]\nurl = redis://h\n";
	assert_exit(STATUS_OK);
	assert_said("msg=started ");
	assert_said("\"msg\":\"configuration reloaded\"");
	assert_said("\"msg\":\"stopped\"");
}

END_TEST

START_TEST(main_logs_from_a_reload_on_at_the_new_level)
{
	with_config("[target default]\nurl = redis://h\n");
	script.signals = only_hangup;
	script.signal_of_reload = SIGTERM;
	script.new_config = "[log]\nlevel = error\n[target default]\nurl = redis://h\n";
	assert_exit(STATUS_OK);
	assert_said("msg=started ");
	assert_not_said("configuration reloaded");
	assert_not_said("msg=stopped");
}

END_TEST

START_TEST(main_keeps_the_old_configuration_if_the_new_one_is_refused)
{
	static const int signals[] = {SIGHUP, SIGTERM, 0};

	with_config("[target default]\nurl = redis://h\nprefix = old\n");
	script.signals = signals;
	script.new_config = "[target default]\nurl = " SECRET "\n";
	assert_exit(STATUS_OK);
	assert_said("level=error msg=\"configuration refused: the old one stays in effect\" error=\"");
	assert_said("uncached.conf:2: expected a URL");
	assert_not_said(SECRET);
	assert_said("advice=");
	assert_not_said("relay reloaded");
}

END_TEST

START_TEST(main_reloads_with_the_password_of_its_arguments)
{
	with_argument("--redis=redis://:" SECRET "@h");
	script.signals = only_hangup;
	script.signal_of_reload = SIGTERM;
	assert_exit(STATUS_OK);
	assert_said("msg=\"relay reloaded\" prefix=\"\" password_bytes=7");
}

END_TEST

START_TEST(main_reloads_for_each_of_two_hangups_in_a_row)
{
	static const int signals[] = {SIGHUP, SIGHUP, SIGTERM, 0};

	script.signals = signals;
	assert_exit(STATUS_OK);
	assert_said("msg=\"relay reloaded\"");
	assert_said("msg=\"relay reloaded again\"");
}

END_TEST

START_TEST(main_exits_if_sigterm_follows_a_reload)
{
	static const int signals[] = {SIGHUP, SIGTERM, 0};

	script.signals = signals;
	assert_exit(STATUS_OK);
	assert_said("msg=\"relay reloaded\"");
	assert_said("msg=stopping signal=15");
}

END_TEST

START_TEST(main_ignores_a_hangup_while_it_stops)
{
	static const int signals[] = {SIGTERM, SIGHUP, 0};

	script.signals = signals;
	assert_exit(STATUS_OK);
	assert_not_said("relay reloaded");
	assert_not_said("configuration");
}

END_TEST

START_TEST(main_keeps_the_old_configuration_if_there_is_no_memory_for_the_new_one)
{
	with_config("[log]\nlevel = info\n[target default]\nurl = redis://h\n");
	script.new_config = "[log]\nlevel = error\n[target default]\nurl = redis://h\n";
	script.signals = only_hangup;
	script.fails_reload = true;
	script.signal_of_reload = SIGTERM;
	assert_exit(STATUS_OK);
	assert_said("msg=\"configuration refused: the old one stays in effect\" error=\"out of memory\"");
	assert_said("msg=stopped");
}

END_TEST

/* --- the log file --- */

START_TEST(main_moves_the_log_to_the_file_of_the_new_configuration)
{
	char		text[256];

	snprintf(text, sizeof(text), "[log]\nlog_file = %s\n", log_path);
	with_config("[log]\nlevel = info\n");
	script.signals = only_hangup;
	script.new_config = text;
	script.signal_of_reload = SIGTERM;
	assert_exit(STATUS_OK);
	assert_said("msg=started");
	assert_not_said("reloaded");
	take_file(log_path);
	assert_said("configuration reloaded");
	assert_said("msg=stopped");
}

END_TEST

START_TEST(main_moves_the_log_back_to_standard_error)
{
	char		text[256];

	snprintf(text, sizeof(text), "[log]\nlog_file = %s\n", log_path);
	with_config(text);
	script.signals = only_hangup;
	script.new_config = "[log]\nlevel = info\n";
	script.signal_of_reload = SIGTERM;
	assert_exit(STATUS_OK);
	assert_not_said("msg=started");
	assert_said("configuration reloaded");
}

END_TEST

START_TEST(main_opens_the_log_file_again_although_the_configuration_is_refused)
{
	static const int signals[] = {SIGHUP, SIGTERM, 0};
	char		text[256];

	snprintf(text, sizeof(text), "[log]\nlog_file = %s\n", log_path);
	with_config(text);
	script.signals = signals;
	script.renames_log = old_log_path;
	script.new_config = "nonsense";
	assert_exit(STATUS_OK);
	take_file(log_path);
	assert_said("log file opened");
	assert_said("configuration refused");
	assert_said("advice=");
}

END_TEST

START_TEST(main_keeps_the_log_where_it_is_if_it_cannot_open_another_file)
{
	char		text[256];
	char		new_text[256];

	snprintf(text, sizeof(text), "[log]\nlog_file = %s\n", log_path);
	snprintf(new_text, sizeof(new_text), "[log]\nlog_file = %s/absent/log\n", directory);
	with_config(text);
	script.signals = only_hangup;
	script.new_config = new_text;
	script.signal_of_reload = SIGTERM;
	assert_exit(STATUS_OK);
	take_file(log_path);
	assert_said("level=error msg=\"cannot open the log file: the log stays where it is\" file=");
	assert_said("error=\"No such file or directory\" advice=");
	assert_said("configuration reloaded");
}

END_TEST

START_TEST(main_moves_the_log_back_if_there_is_no_memory_for_the_new_configuration)
{
	char		text[256];

	snprintf(text, sizeof(text), "[log]\nlog_file = %s\n", log_path);
	with_config("[log]\nlevel = info\n");
	script.signals = only_hangup;
	script.new_config = text;
	script.fails_reload = true;
	script.signal_of_reload = SIGTERM;
	assert_exit(STATUS_OK);
	assert_said("configuration refused");
	assert_said("msg=stopped");
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
	tcase_add_test(tests, main_logs_from_a_reload_on_as_the_new_configuration_says);
	tcase_add_test(tests, main_logs_from_a_reload_on_at_the_new_level);
	tcase_add_test(tests, main_keeps_the_old_configuration_if_the_new_one_is_refused);
	tcase_add_test(tests, main_reloads_with_the_password_of_its_arguments);
	tcase_add_test(tests, main_reloads_for_each_of_two_hangups_in_a_row);
	tcase_add_test(tests, main_exits_if_sigterm_follows_a_reload);
	tcase_add_test(tests, main_ignores_a_hangup_while_it_stops);
	tcase_add_test(tests, main_keeps_the_old_configuration_if_there_is_no_memory_for_the_new_one);
	tcase_add_test(tests, main_moves_the_log_to_the_file_of_the_new_configuration);
	tcase_add_test(tests, main_moves_the_log_back_to_standard_error);
	tcase_add_test(tests, main_opens_the_log_file_again_although_the_configuration_is_refused);
	tcase_add_test(tests, main_keeps_the_log_where_it_is_if_it_cannot_open_another_file);
	tcase_add_test(tests, main_moves_the_log_back_if_there_is_no_memory_for_the_new_configuration);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
