/*-------------------------------------------------------------------------
 *
 * test_config_file.c
 *	  Unit tests of listener/src/config*.c: the configuration file.
 *
 *-------------------------------------------------------------------------
 */
#include "config/config_fixture.h"

START_TEST(config_reads_every_section_of_the_file)
{
	with_file("[postgres]\ndsn = host=/run dbname=a\n"
			  "[log]\nlevel = warning\nformat = json\n"
			  "[target default]\nurl = redis://a/1\nprefix = \"shop: \"\n"
			  "[target api.v2_x-y]\nurl = redis://b/2\n");
	accept_config();
	ck_assert_str_eq(config->dsn, "host=/run dbname=a");
	ck_assert_int_eq(config->log_level, LOG_LEVEL_WARNING);
	ck_assert_int_eq(config->log_format, LOG_FORMAT_JSON);
	assert_targets("target default: redis a:6379/1 prefix \"shop: \"\n"
				   "target api.v2_x-y: redis b:6379/2 prefix \"\"\n");
}

END_TEST

START_TEST(config_finds_the_file_by_a_variable)
{
	char		variable[96];

	with_file("[log]\nlevel = debug\n");
	arguments[1] = NULL;
	snprintf(variable, sizeof(variable), "UNCACHED_CONFIG=%s", config_path);
	with_variable(variable);
	accept_config();
	ck_assert_int_eq(config->log_level, LOG_LEVEL_DEBUG);
}

END_TEST

START_TEST(config_refuses_a_file_that_says_nothing)
{
	refuse_file("", "uncached.conf: expected at least one section: the file is empty");
	refuse_file("\n; nothing\n# nothing\n", "expected at least one section: the file is empty");
}

END_TEST

START_TEST(config_takes_a_file_without_targets)
{
	with_file("[postgres]\ndsn =\n");
	with_variable("REDIS_HOST=h");
	accept_config();
	assert_targets("target default: redis h:6379/0 prefix \"\"\n");
}

END_TEST

START_TEST(config_prefers_line_to_environment_to_file)
{
	with_file("[log]\nlevel = error\nformat = json\n[postgres]\ndsn = dbname=file\n");
	with_variable("UNCACHED_LOG_LEVEL=warning");
	with_variable("UNCACHED_DSN=dbname=environment");
	with_argument("--log-level=debug");
	accept_config();
	ck_assert_int_eq(config->log_level, LOG_LEVEL_DEBUG);
	ck_assert_str_eq(config->dsn, "dbname=environment");
	ck_assert_int_eq(config->log_format, LOG_FORMAT_JSON);
}

END_TEST

START_TEST(config_does_not_look_at_what_is_overridden)
{
	with_argument("--redis=redis://h");
	with_variable("REDIS_URL=http://managed");
	with_variable("REDIS_DB=x");
	accept_config();
	assert_targets("target default: redis h:6379/0 prefix \"\"\n");
}

END_TEST

START_TEST(config_overrides_parts_of_the_default_target_of_the_file)
{
	with_file("[target default]\nurl = redis://app:" SECRET "@a:7000/1\nprefix = file:\n"
			  "[target api]\nurl = redis://b/2\n");
	with_variable("REDIS_HOST=c");
	with_variable("REDIS_DB=5");
	with_variable("REDIS_KEY_PREFIX=env:");
	accept_config();
	assert_credentials("app", SECRET);
	assert_targets("target default: redis c:7000/5 prefix \"env:\"\n"
				   "target api: redis b:6379/2 prefix \"\"\n");
}

END_TEST

START_TEST(config_replaces_the_password_of_the_file_from_the_environment)
{
	with_file("[target default]\nurl = redis://app:old@a\n");
	with_variable("REDIS_PASSWORD=" SECRET);
	accept_config();
	assert_credentials("app", SECRET);
}

END_TEST

START_TEST(config_keeps_prefix_and_user_of_the_file_next_to_the_redis_option)
{
	with_file("[target default]\nurl = redis://a\nusername = app\nprefix = x:\n");
	with_argument("--redis=redis://:" SECRET "@b");
	accept_config();
	assert_credentials("app", SECRET);
	assert_targets("target default: redis b:6379/0 prefix \"x:\"\n");
}

END_TEST

START_TEST(config_takes_a_default_target_without_a_url)
{
	with_file("[target default]\nprefix = x:\n");
	with_variable("REDIS_PORT=7000");
	accept_config();
	assert_targets("target default: redis localhost:7000/0 prefix \"x:\"\n");
}

END_TEST

START_TEST(config_ignores_redis_variables_if_the_file_has_no_default_target)
{
	with_file("[target api]\nurl = redis://b\n");
	with_variable("REDIS_HOST=c");
	with_variable("REDIS_PASSWORD=" SECRET);
	accept_config();
	assert_credentials(NULL, NULL);
	assert_targets("target api: redis b:6379/0 prefix \"\"\n");
}

END_TEST

START_TEST(config_adds_a_default_target_for_the_redis_option)
{
	with_file("[target api]\nurl = redis://b\n");
	with_argument("--redis=redis://c");
	with_variable("REDIS_KEY_PREFIX=x:");
	accept_config();
	assert_targets("target api: redis b:6379/0 prefix \"\"\n"
				   "target default: redis c:6379/0 prefix \"x:\"\n");
}

END_TEST

START_TEST(config_refuses_a_port_variable_for_a_socket_of_the_file)
{
	with_file("[target default]\nurl = unix:///run/redis.sock\n");
	with_variable("REDIS_PORT=7000");
	refuse_config("REDIS_PORT: expected no port next to the path of a socket");
}

END_TEST

START_TEST(config_reads_a_password_file_of_a_target)
{
	char		text[256];

	write_file(password_path, SECRET "\n", strlen(SECRET) + 1, 0600);
	snprintf(text, sizeof(text), "[target api]\nurl = redis://b\nusername = app\n"
			 "password_file = %s\n", password_path);
	with_file(text);
	accept_config();
	assert_credentials("app", NULL);
	ck_assert_str_eq(config->targets[0].url.password_file, password_path);
}

END_TEST

START_TEST(config_refuses_a_file_that_is_not_there)
{
	with_argument("--config");
	with_argument(absent_path);
	refuse_config("absent: expected a readable file (from --config): No such file");
}

END_TEST

START_TEST(config_refuses_a_directory_as_file)
{
	with_argument("--config");
	with_argument(directory);
	refuse_config("Is a directory");
}

END_TEST

START_TEST(config_refuses_a_file_over_a_megabyte)
{
	static char text[1024 * 1024 + 2];

	memset(text, '#', sizeof(text) - 1);
	refuse_file(text, "at most 1 MB");
	text[1024 * 1024] = '\0';
	memcpy(text, "[log]\n#", 7);
	memset(arguments + 1, 0, sizeof(arguments) - sizeof(arguments[0]));
	with_file(text);
	accept_config();
}

END_TEST

START_TEST(config_refuses_broken_syntax_by_file_and_line)
{
	refuse_file("[postgres]\ndsn " SECRET "\n", "uncached.conf:2: expected key = value");
}

END_TEST

START_TEST(config_refuses_a_prefix_with_a_comment_behind_it)
{
	refuse_file("[target default]\nprefix = shop: ; my shop\n",
				"uncached.conf:2: expected no \";\" or \"#\" next to a blank");
	memset(arguments + 1, 0, sizeof(arguments) - sizeof(arguments[0]));
	with_file("[target default]\nprefix = \"shop: ; my shop\"\n");
	accept_config();
	ck_assert_str_eq(config->targets[0].prefix, "shop: ; my shop");
}

END_TEST

START_TEST(config_refuses_unknown_sections)
{
	refuse_file("\n[redis]\n", "uncached.conf:2: unknown section; expected [daemon], [postgres], [log] or [target NAME]");
	refuse_file("[postgres x]\n", ":1: unknown section");
	refuse_file("[log x]\n", ":1: unknown section");
	refuse_file("[daemon x]\n", ":1: unknown section");
}

END_TEST

START_TEST(config_refuses_unknown_keys_without_showing_them)
{
	refuse_file("[postgres]\n" SECRET " = x\n", ":2: unknown key; expected dsn in section [postgres]");
	refuse_file("[log]\nfile = x\n", ":2: unknown key; expected level, format or log_file in section [log]");
	refuse_file("[target a]\npassword = " SECRET "\n",
				":2: unknown key; expected url, username, password_file, "
				"tls_ca_file, tls_cert_file, tls_key_file, tls_server_name, tls_verify, sentinel_username, sentinel_password_file, prefix, scan_rate, stagger, stagger_from, sweep, standbys or standby_timeout in section [target]");
}

END_TEST

START_TEST(config_refuses_targets_that_are_no_alias)
{
	refuse_file("[target]\n", ":1: expected [target NAME]");
	refuse_file("[target 1a]\n", ":1: expected [target NAME]");
	refuse_file("[target a:b]\n", ":1: expected [target NAME]");
	refuse_file("[target aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeee]\n",
				":1: expected [target NAME], NAME being a letter, then up to 47 letters");
}

END_TEST

START_TEST(config_takes_an_alias_of_48_bytes)
{
	with_file("[target aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeee]\nurl = redis://b\n");
	accept_config();
	ck_assert_uint_eq(strlen(config->targets[0].alias), CONFIG_ALIAS_MAX);
}

END_TEST

START_TEST(config_refuses_a_target_without_a_url)
{
	refuse_file("\n[target api]\nprefix = x\n", ":2: expected a url");
}

END_TEST

START_TEST(config_refuses_empty_values)
{
	refuse_file("[target api]\nurl =\n", ":2: expected a value for \"url\"");
	refuse_file("[log]\nlevel = \"\"\n", ":2: expected a value for \"level\"");
}

END_TEST

START_TEST(config_refuses_bad_values_by_file_and_line)
{
	refuse_file("[target api]\nurl = redis://:" SECRET "@h:0\n", ":2: expected a port");
	refuse_file("[log]\nlevel = loud\n", ":2: expected the log level");
	refuse_file("[log]\nformat = xml\n", ":2: expected the log format");
	refuse_file("[postgres]\ndsn = " SECRET "\n", ":2: expected libpq's");
	refuse_file("[target api]\nurl = redis://h\npassword_file = " SECRET "\n",
				":3: expected a readable password file");
}

END_TEST

START_TEST(config_refuses_a_user_or_password_given_twice_in_the_file)
{
	refuse_file("[target api]\nurl = redis://a:" SECRET "@h\nusername = b\n",
				":3: expected only one user name");
	refuse_file("[target api]\nurl = redis://:" SECRET "@h\npassword_file = /a\n",
				":3: expected only one password");
}

END_TEST

START_TEST(config_escapes_the_prefix_that_it_prints)
{
	with_variable("REDIS_KEY_PREFIX=a\"b\\c\nd\x7f\xc3\xbc");
	accept_config();
	assert_targets("target default: redis localhost:6379/0 prefix"
				   " \"a\\\"b\\\\c\\x0ad\\x7f\xc3\xbc\"\n");
}

END_TEST

START_TEST(config_reads_the_scan_rate_of_each_target)
{
	with_file("[target default]\nscan_rate = 5000\n"
			  "[target api]\nurl = redis://b\nscan_rate = 1\n"
			  "[target most]\nurl = redis://c\nscan_rate = 1000000000\n"
			  "[target free]\nurl = redis://d\n");
	accept_config();
	ck_assert_int_eq(config->targets[0].scan_rate, 5000);
	ck_assert_int_eq(config->targets[1].scan_rate, 1);
	ck_assert_int_eq(config->targets[2].scan_rate, 1000000000);
	ck_assert_int_eq(config->targets[3].scan_rate, 0);
	assert_targets("target default: redis localhost:6379/0 prefix \"\" scan_rate 5000\n"
				   "target api: redis b:6379/0 prefix \"\" scan_rate 1\n"
				   "target most: redis c:6379/0 prefix \"\" scan_rate 1000000000\n"
				   "target free: redis d:6379/0 prefix \"\"\n");
}

END_TEST

START_TEST(config_takes_the_scan_rate_from_the_environment)
{
	with_variable("REDIS_SCAN_RATE=250");
	accept_config();
	ck_assert_int_eq(config->targets[0].scan_rate, 250);
}

END_TEST

START_TEST(config_overrides_the_scan_rate_of_the_default_target_only)
{
	with_file("[target default]\nscan_rate = x\n"
			  "[target api]\nurl = redis://b\nscan_rate = 7\n");
	with_variable("REDIS_SCAN_RATE=250");
	accept_config();
	ck_assert_int_eq(config->targets[0].scan_rate, 250);
	ck_assert_int_eq(config->targets[1].scan_rate, 7);
}

END_TEST

START_TEST(config_refuses_a_scan_rate_that_is_no_number_of_keys)
{
	static const char *const values[] = {
		"0", "00", "-1", "+1", "1.5", "1e6", "1k", "0x10", "1 000", "1000000001",
		"99999999999999999999999999", "unlimited"
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
	{
		char		text[128];

		(void) snprintf(text, sizeof(text), "[target default]\nscan_rate = %s\n", values[i]);
		refuse_file(text, ":2: expected a number from 1 to 1000000000 for scan_rate");
	}
	refuse_file("[target default]\nscan_rate =\n", ":2: expected a value for \"scan_rate\"");
}

END_TEST

START_TEST(config_refuses_a_scan_rate_of_the_environment)
{
	with_variable("REDIS_SCAN_RATE=" SECRET);
	refuse_config("REDIS_SCAN_RATE: expected a number from 1 to 1000000000 for scan_rate");
}

END_TEST

static void
add_tests(TCase *tests)
{
	tcase_add_test(tests, config_reads_the_scan_rate_of_each_target);
	tcase_add_test(tests, config_takes_the_scan_rate_from_the_environment);
	tcase_add_test(tests, config_overrides_the_scan_rate_of_the_default_target_only);
	tcase_add_test(tests, config_refuses_a_scan_rate_that_is_no_number_of_keys);
	tcase_add_test(tests, config_refuses_a_scan_rate_of_the_environment);
	tcase_add_test(tests, config_reads_every_section_of_the_file);
	tcase_add_test(tests, config_finds_the_file_by_a_variable);
	tcase_add_test(tests, config_refuses_a_file_that_says_nothing);
	tcase_add_test(tests, config_takes_a_file_without_targets);
	tcase_add_test(tests, config_prefers_line_to_environment_to_file);
	tcase_add_test(tests, config_does_not_look_at_what_is_overridden);
	tcase_add_test(tests, config_overrides_parts_of_the_default_target_of_the_file);
	tcase_add_test(tests, config_replaces_the_password_of_the_file_from_the_environment);
	tcase_add_test(tests, config_keeps_prefix_and_user_of_the_file_next_to_the_redis_option);
	tcase_add_test(tests, config_takes_a_default_target_without_a_url);
	tcase_add_test(tests, config_ignores_redis_variables_if_the_file_has_no_default_target);
	tcase_add_test(tests, config_adds_a_default_target_for_the_redis_option);
	tcase_add_test(tests, config_refuses_a_port_variable_for_a_socket_of_the_file);
	tcase_add_test(tests, config_reads_a_password_file_of_a_target);
	tcase_add_test(tests, config_refuses_a_file_that_is_not_there);
	tcase_add_test(tests, config_refuses_a_directory_as_file);
	tcase_add_test(tests, config_refuses_a_file_over_a_megabyte);
	tcase_add_test(tests, config_refuses_broken_syntax_by_file_and_line);
	tcase_add_test(tests, config_refuses_a_prefix_with_a_comment_behind_it);
	tcase_add_test(tests, config_refuses_unknown_sections);
	tcase_add_test(tests, config_refuses_unknown_keys_without_showing_them);
	tcase_add_test(tests, config_refuses_targets_that_are_no_alias);
	tcase_add_test(tests, config_takes_an_alias_of_48_bytes);
	tcase_add_test(tests, config_refuses_a_target_without_a_url);
	tcase_add_test(tests, config_refuses_empty_values);
	tcase_add_test(tests, config_refuses_bad_values_by_file_and_line);
	tcase_add_test(tests, config_refuses_a_user_or_password_given_twice_in_the_file);
	tcase_add_test(tests, config_escapes_the_prefix_that_it_prints);
}

int
main(void)
{
	return run_config_tests("config_file", add_tests);
}
