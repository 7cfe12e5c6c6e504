/*-------------------------------------------------------------------------
 *
 * test_config.c
 *	  Unit tests of listener/src/config*.c: command line and environment.
 *
 *-------------------------------------------------------------------------
 */
#include "config/config_fixture.h"

/* ---- defaults and command line ---- */

START_TEST(config_has_defaults_for_everything)
{
	accept_config();
	ck_assert_str_eq(config->dsn, "");
	ck_assert_int_eq(config->log_level, LOG_LEVEL_INFO);
	ck_assert_int_eq(config->log_format, LOG_FORMAT_LOGFMT);
	ck_assert(!config->once);
	ck_assert(!config->check_only);
	ck_assert_uint_eq(config->targets[0].prefix_bytes, 0);
	assert_credentials(NULL, NULL);
	assert_targets("target default: redis localhost:6379/0 prefix \"\"\n");
}

END_TEST

START_TEST(config_reads_every_option)
{
	with_argument("--dsn=dbname=billing");
	with_argument("--redis=unix:///run/redis.sock?db=2");
	with_argument("--log-level=debug");
	with_argument("--log-format=json");
	with_argument("--once");
	with_argument("--check-config");
	accept_config();
	ck_assert_str_eq(config->dsn, "dbname=billing");
	ck_assert_int_eq(config->log_level, LOG_LEVEL_DEBUG);
	ck_assert_int_eq(config->log_format, LOG_FORMAT_JSON);
	ck_assert(config->once);
	ck_assert(config->check_only);
	assert_targets("target default: redis /run/redis.sock db=2 prefix \"\"\n");
}

END_TEST

START_TEST(config_takes_option_values_as_the_next_argument)
{
	with_argument("--redis");
	with_argument("redis://h");
	with_argument("--log-level");
	with_argument("error");
	accept_config();
	ck_assert_int_eq(config->log_level, LOG_LEVEL_ERROR);
	assert_targets("target default: redis h:6379/0 prefix \"\"\n");
}

END_TEST

START_TEST(config_takes_the_last_of_an_option_given_twice)
{
	with_argument("--redis=redis://a");
	with_argument("--redis=redis://b");
	accept_config();
	assert_targets("target default: redis b:6379/0 prefix \"\"\n");
}

END_TEST

START_TEST(config_loads_the_same_arguments_again)
{
	with_argument("--redis=redis://a");
	with_argument("--once");
	accept_config();
	accept_config();
	ck_assert(config->once);
	assert_targets("target default: redis a:6379/0 prefix \"\"\n");
}

END_TEST

START_TEST(config_refuses_an_unknown_option_without_its_value)
{
	with_argument("--rediss=redis://:" SECRET "@h");
	refuse_config("unknown or ambiguous option --rediss;");
}

END_TEST

START_TEST(config_refuses_an_ambiguous_option)
{
	with_argument("--log=debug");
	refuse_config("ambiguous option --log;");
}

END_TEST

START_TEST(config_refuses_short_options_without_showing_what_is_before_them)
{
	with_argument("--redis");
	with_argument("redis://:" SECRET "@h");
	with_argument("-xyz");
	refuse_config("unknown short option");
}

END_TEST

START_TEST(config_refuses_an_option_without_its_value)
{
	with_argument("--dsn");
	refuse_config("a value after --dsn");
	arguments[1] = "-c";
	refuse_config("a value after -c");
	arguments[1] = "--log-file=";
	refuse_config("--log-file: expected a path for log_file");
}

END_TEST

START_TEST(config_refuses_a_value_for_a_flag)
{
	with_argument("--once=" SECRET);
	refuse_config("no value for --once");
	arguments[1] = "--help=" SECRET;
	refuse_config("no value for --help");
	arguments[1] = "--version=" SECRET;
	refuse_config("no value for --version");
}

END_TEST

START_TEST(config_refuses_arguments_that_are_no_options)
{
	with_argument("--once");
	with_argument("redis://:" SECRET "@h");
	with_argument("--check-config");
	refuse_config("argument 2 is not an option");
}

END_TEST

START_TEST(config_takes_the_log_file_from_line_environment_and_file)
{
	accept_config();
	ck_assert_ptr_null(config->log_file);
	with_file("[log]\nlog_file = /file.log\n");
	accept_config();
	ck_assert_str_eq(config->log_file, "/file.log");
	with_variable("UNCACHED_LOG_FILE=environment.log");
	accept_config();
	ck_assert_str_eq(config->log_file, "environment.log");
	with_argument("--log-file=/line.log");
	accept_config();
	ck_assert_str_eq(config->log_file, "/line.log");
}

END_TEST

START_TEST(config_takes_the_file_by_a_short_option)
{
	with_file("[log]\nlevel = debug\n");
	arguments[1] = "-c";
	accept_config();
	ck_assert_int_eq(config->log_level, LOG_LEVEL_DEBUG);
}

END_TEST

START_TEST(config_refuses_an_unknown_log_level)
{
	with_argument("--log-level=loud");
	refuse_config("--log-level: expected the log level error, warning, info or debug");
}

END_TEST

START_TEST(config_refuses_an_unknown_log_format)
{
	with_variable("UNCACHED_LOG_FORMAT=xml");
	refuse_config("UNCACHED_LOG_FORMAT: expected the log format logfmt or json");
}

END_TEST

START_TEST(config_refuses_a_redis_url_without_showing_it)
{
	with_argument("--redis=redis://:" SECRET "@h:99999");
	refuse_config("--redis: expected a port");
}

END_TEST

/* Runs load() with standard output in a file; returns what it printed. */
static char *
printed_help(void)
{
	static char text[8192];
	int			saved_fd = dup(STDOUT_FILENO);
	int			fd = open(password_path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	ConfigOutcome outcome;
	ssize_t		count;

	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	outcome = load();
	fflush(stdout);
	dup2(saved_fd, STDOUT_FILENO);
	close(saved_fd);
	count = pread(fd, text, sizeof(text) - 1, 0);
	close(fd);
	ck_assert_int_eq(outcome, CONFIG_HELP);
	ck_assert_int_ge(count, 0);
	text[count] = '\0';
	return text;
}

START_TEST(config_prints_the_version)
{
	with_argument("--version");
	ck_assert_str_eq(printed_help(), "uncached " UNCACHED_VERSION "\n");
	arguments[1] = "-V";
	ck_assert_str_eq(printed_help(), "uncached " UNCACHED_VERSION "\n");
}

END_TEST

START_TEST(config_prints_help_that_tells_every_option_and_variable)
{
	static const char *const words[] = {
		"--config", "--dsn", "--redis", "--log-level", "--log-format", "--once",
		"--check-config", "--version", "--help", "UNCACHED_CONFIG", "UNCACHED_DSN",
		"UNCACHED_LOG_LEVEL", "UNCACHED_LOG_FORMAT", "REDIS_URL", "REDIS_HOST", "REDIS_PORT",
		"REDIS_DB", "REDIS_USERNAME", "REDIS_PASSWORD", "REDIS_PASSWORD_FILE",
		"REDIS_KEY_PREFIX", "REDIS_SCAN_RATE", "Exit status", "-c, --config", "-h, --help",
		"-V, --version", "--log-file", "UNCACHED_LOG_FILE", "SIGUSR1"
	};
	char	   *text;

	with_argument("-h");
	text = printed_help();
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		ck_assert_msg(strstr(text, words[i]) != NULL, "no %s", words[i]);
}

END_TEST

/* ---- dsn ---- */

START_TEST(config_takes_a_dsn_as_a_uri)
{
	with_variable("UNCACHED_DSN=postgresql://u:" SECRET "@h/db");
	accept_config();
	ck_assert_str_eq(config->dsn, "postgresql://u:" SECRET "@h/db");
}

END_TEST

START_TEST(config_shows_an_unknown_dsn_keyword)
{
	with_argument("--dsn=hots=a dbname=b");
	refuse_config("--dsn: expected a keyword that libpq knows instead of \"hots\"");
}

END_TEST

START_TEST(config_shows_no_keyword_of_a_dsn_with_a_password)
{
	with_argument("--dsn=password=my " SECRET "=x");
	refuse_config("--dsn: expected libpq's keyword=value pairs");
	arguments[1] = "--dsn=passwd=" SECRET;
	refuse_config("--dsn: expected libpq's keyword=value pairs");
	arguments[1] = "--dsn=postgresql://u:" SECRET "@h/db?hots=a";
	refuse_config("--dsn: expected libpq's keyword=value pairs");
}

END_TEST

START_TEST(config_shows_nothing_of_a_broken_dsn)
{
	with_argument("--dsn=" SECRET);
	refuse_config("--dsn: expected libpq's keyword=value pairs");
	arguments[1] = "--dsn=host='" SECRET;
	refuse_config("--dsn: expected libpq's keyword=value pairs");
	arguments[1] = "--dsn=Hunter2 x=y";
	refuse_config("--dsn: expected libpq's keyword=value pairs");
	ck_assert_ptr_null(strstr(error, "Hunter2"));
}

END_TEST

START_TEST(config_takes_an_empty_dsn_option_over_a_variable)
{
	with_variable("UNCACHED_DSN=dbname=a");
	with_argument("--dsn=");
	accept_config();
	ck_assert_str_eq(config->dsn, "");
}

END_TEST

/* ---- environment ---- */

START_TEST(config_reads_the_parts_of_the_address)
{
	with_variable("REDIS_HOST=10.0.0.1");
	with_variable("REDIS_PORT=7000");
	with_variable("REDIS_DB=3");
	with_variable("REDIS_KEY_PREFIX=shop:1:");
	accept_config();
	ck_assert_uint_eq(config->targets[0].prefix_bytes, 7);
	assert_targets("target default: redis 10.0.0.1:7000/3 prefix \"shop:1:\"\n");
}

END_TEST

START_TEST(config_takes_empty_variables_as_not_set)
{
	with_variable("REDIS_URL=");
	with_variable("REDIS_HOST=");
	with_variable("UNCACHED_CONFIG=");
	with_variable("UNCACHED_LOG_LEVEL=");
	with_variable("UNCACHED_DSN=");
	accept_config();
	assert_targets("target default: redis localhost:6379/0 prefix \"\"\n");
}

END_TEST

START_TEST(config_is_not_misled_by_variables_whose_names_begin_alike)
{
	with_variable("REDIS_HOSTNAME=a");
	with_variable("REDIS_HOST");
	accept_config();
	assert_targets("target default: redis localhost:6379/0 prefix \"\"\n");
}

END_TEST

START_TEST(config_ignores_a_port_that_kubernetes_set)
{
	with_variable("REDIS_PORT=tcp://10.0.0.11:6379");
	accept_config();
	assert_targets("target default: redis localhost:6379/0 prefix \"\"\n");
}

END_TEST

START_TEST(config_prefers_the_url_variable_to_the_parts)
{
	with_variable("REDIS_URL=redis://a");
	with_variable("REDIS_HOST=b");
	with_variable("REDIS_PORT=7000");
	with_variable("REDIS_DB=3");
	accept_config();
	assert_targets("target default: redis a:6379/0 prefix \"\"\n");
}

END_TEST

START_TEST(config_refuses_bad_parts_by_their_variable)
{
	with_variable("REDIS_HOST=redis://:" SECRET "@h");
	refuse_config("REDIS_HOST: expected a host name or address alone");
	environment[0] = "REDIS_PORT=" SECRET;
	refuse_config("REDIS_PORT: expected a port");
	environment[0] = "REDIS_DB=" SECRET;
	refuse_config("REDIS_DB: expected a database number");
}

END_TEST

START_TEST(config_adds_user_and_password_to_a_url_without_them)
{
	with_argument("--redis=redis://h");
	with_variable("REDIS_USERNAME=app");
	with_variable("REDIS_PASSWORD=" SECRET);
	accept_config();
	assert_credentials("app", SECRET);
}

END_TEST

START_TEST(config_prefers_user_and_password_of_the_url)
{
	with_variable("REDIS_URL=redis://one:first@h");
	with_variable("REDIS_USERNAME=app");
	with_variable("REDIS_PASSWORD=" SECRET);
	accept_config();
	assert_credentials("one", "first");
}

END_TEST

START_TEST(config_refuses_a_user_without_a_password)
{
	with_variable("REDIS_USERNAME=app");
	refuse_config("expected a password next to the user name of \"default\"");
}

END_TEST

static void
add_tests(TCase *tests)
{
	tcase_add_test(tests, config_has_defaults_for_everything);
	tcase_add_test(tests, config_reads_every_option);
	tcase_add_test(tests, config_takes_option_values_as_the_next_argument);
	tcase_add_test(tests, config_takes_the_last_of_an_option_given_twice);
	tcase_add_test(tests, config_loads_the_same_arguments_again);
	tcase_add_test(tests, config_refuses_an_unknown_option_without_its_value);
	tcase_add_test(tests, config_refuses_an_ambiguous_option);
	tcase_add_test(tests, config_refuses_short_options_without_showing_what_is_before_them);
	tcase_add_test(tests, config_refuses_an_option_without_its_value);
	tcase_add_test(tests, config_refuses_a_value_for_a_flag);
	tcase_add_test(tests, config_refuses_arguments_that_are_no_options);
	tcase_add_test(tests, config_takes_the_log_file_from_line_environment_and_file);
	tcase_add_test(tests, config_takes_the_file_by_a_short_option);
	tcase_add_test(tests, config_refuses_an_unknown_log_level);
	tcase_add_test(tests, config_refuses_an_unknown_log_format);
	tcase_add_test(tests, config_refuses_a_redis_url_without_showing_it);
	tcase_add_test(tests, config_prints_the_version);
	tcase_add_test(tests, config_prints_help_that_tells_every_option_and_variable);
	tcase_add_test(tests, config_takes_a_dsn_as_a_uri);
	tcase_add_test(tests, config_shows_an_unknown_dsn_keyword);
	tcase_add_test(tests, config_shows_no_keyword_of_a_dsn_with_a_password);
	tcase_add_test(tests, config_shows_nothing_of_a_broken_dsn);
	tcase_add_test(tests, config_takes_an_empty_dsn_option_over_a_variable);
	tcase_add_test(tests, config_reads_the_parts_of_the_address);
	tcase_add_test(tests, config_takes_empty_variables_as_not_set);
	tcase_add_test(tests, config_is_not_misled_by_variables_whose_names_begin_alike);
	tcase_add_test(tests, config_ignores_a_port_that_kubernetes_set);
	tcase_add_test(tests, config_prefers_the_url_variable_to_the_parts);
	tcase_add_test(tests, config_refuses_bad_parts_by_their_variable);
	tcase_add_test(tests, config_adds_user_and_password_to_a_url_without_them);
	tcase_add_test(tests, config_prefers_user_and_password_of_the_url);
	tcase_add_test(tests, config_refuses_a_user_without_a_password);
}

int
main(void)
{
	return run_config_tests("config", add_tests);
}
