/*-------------------------------------------------------------------------
 *
 * test_config.c
 *	  Unit tests of listener/src/config*.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"

#define SECRET "hunter2"
#define ARGUMENTS_MAX 8

static char directory[] = "/tmp/uncached-test-XXXXXX";
static char config_path[64];
static char password_path[64];
static char absent_path[64];
static Config *config;
static char error[512];

/* What the next load sees; lists end with NULL. */
static const char *arguments[ARGUMENTS_MAX];
static const char *environment[ARGUMENTS_MAX];

static void
set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(config_path, sizeof(config_path), "%s/uncached.conf", directory);
	snprintf(password_path, sizeof(password_path), "%s/password", directory);
	snprintf(absent_path, sizeof(absent_path), "%s/absent", directory);
	memset(arguments, 0, sizeof(arguments));
	memset(environment, 0, sizeof(environment));
	arguments[0] = "uncached";
}

static void
tear_down(void)
{
	config_destroy(config);
	config = NULL;
	(void) unlink(config_path);
	(void) unlink(password_path);
	(void) rmdir(directory);
}

static void
push(const char **list, const char *text)
{
	int			count = 0;

	while (list[count] != NULL)
		count++;
	ck_assert_int_lt(count + 1, ARGUMENTS_MAX);
	list[count] = text;
}

/* Adds to the command line and to the environment. */
static void
with_argument(const char *argument)
{
	push(arguments, argument);
}

static void
with_variable(const char *variable)
{
	push(environment, variable);
}

static void
write_file(const char *path, const char *bytes, size_t byte_count, mode_t mode)
{
	int			fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, byte_count), (ssize_t) byte_count);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

static void
with_file(const char *text)
{
	write_file(config_path, text, strlen(text), 0600);
	with_argument("--config");
	with_argument(config_path);
}

static ConfigOutcome
load(void)
{
	int			count = 0;
	char	   *argv[ARGUMENTS_MAX + 1] = {NULL};
	char	   *variables[ARGUMENTS_MAX + 1] = {NULL};
	ConfigOutcome outcome;

	/* copies: a Config must not point into what it was loaded from */
	for (; arguments[count] != NULL; count++)
		argv[count] = strdup(arguments[count]);
	for (int i = 0; environment[i] != NULL; i++)
		variables[i] = strdup(environment[i]);
	config_destroy(config);
	config = NULL;
	error[0] = '\0';
	outcome = config_load(count, argv, variables, &config, error, sizeof(error));
	for (int i = 0; i < ARGUMENTS_MAX; i++)
	{
		free(argv[i]);
		free(variables[i]);
	}
	return outcome;
}

static void
accept_config(void)
{
	ConfigOutcome outcome = load();

	ck_assert_msg(outcome == CONFIG_LOADED, "%s", error);
	ck_assert_ptr_nonnull(config);
}

/* Refused with a message that holds "expected", and no secret. */
static void
refuse_config(const char *expected)
{
	ck_assert_int_eq(load(), CONFIG_REFUSED);
	ck_assert_msg(strstr(error, expected) != NULL, "no \"%s\" in: %s", expected, error);
	ck_assert_msg(strstr(error, SECRET) == NULL, "%s", error);
	ck_assert_ptr_null(config);
}

static void
refuse_file(const char *text, const char *expected)
{
	memset(arguments + 1, 0, sizeof(arguments) - sizeof(arguments[0]));
	with_file(text);
	refuse_config(expected);
	ck_assert_int_eq(strncmp(error, config_path, strlen(config_path)), 0);
}

/* As --check-config prints it. */
static void
assert_targets(const char *expected)
{
	char		text[1024] = "";
	FILE	   *stream = fmemopen(text, sizeof(text), "w");

	ck_assert_ptr_nonnull(stream);
	config_print_targets(config, stream);
	fclose(stream);
	ck_assert_str_eq(text, expected);
}

static void
assert_credentials(const char *username, const char *password)
{
	ck_assert_pstr_eq(config->targets[0].url.username, username);
	ck_assert_pstr_eq(config->targets[0].url.password, password);
}

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
	refuse_config("long options only");
}

END_TEST

START_TEST(config_refuses_an_option_without_its_value)
{
	with_argument("--dsn");
	refuse_config("a value after --dsn");
}

END_TEST

START_TEST(config_refuses_a_value_for_a_flag)
{
	with_argument("--once=" SECRET);
	refuse_config("no value for --once");
}

END_TEST

START_TEST(config_refuses_arguments_that_are_no_options)
{
	with_argument("--once");
	with_argument("redis://:" SECRET "@h");
	with_argument("--check-config");
	refuse_config("argument 2 is none");
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

START_TEST(config_refuses_tls)
{
	with_variable("REDIS_URL=rediss://:" SECRET "@h");
	refuse_config("REDIS_URL: TLS");
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
}

END_TEST

START_TEST(config_prints_help_that_tells_every_option_and_variable)
{
	static const char *const words[] = {
		"--config", "--dsn", "--redis", "--log-level", "--log-format", "--once",
		"--check-config", "--version", "--help", "UNCACHED_CONFIG", "UNCACHED_DSN",
		"UNCACHED_LOG_LEVEL", "UNCACHED_LOG_FORMAT", "REDIS_URL", "REDIS_HOST", "REDIS_PORT",
		"REDIS_DB", "REDIS_USERNAME", "REDIS_PASSWORD", "REDIS_PASSWORD_FILE",
		"REDIS_KEY_PREFIX", "Exit status"
	};
	char	   *text;

	with_argument("--help");
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

/* ---- password files ---- */

/* The password file with these bytes, in REDIS_PASSWORD_FILE. */
static void
with_password_file(const char *bytes, size_t byte_count, mode_t mode)
{
	static char variable[96];

	write_file(password_path, bytes, byte_count, mode);
	snprintf(variable, sizeof(variable), "REDIS_PASSWORD_FILE=%s", password_path);
	environment[0] = variable;
}

START_TEST(config_takes_the_first_line_of_a_password_file)
{
	with_password_file(SECRET "\nsecond\n", strlen(SECRET) + 8, 0640);
	accept_config();
	assert_credentials(NULL, SECRET);
}

END_TEST

START_TEST(config_takes_a_password_file_without_a_newline)
{
	with_password_file(SECRET, strlen(SECRET), 0600);
	accept_config();
	assert_credentials(NULL, SECRET);
}

END_TEST

START_TEST(config_takes_a_password_file_that_ends_in_crlf)
{
	with_password_file(SECRET "\r\n", strlen(SECRET) + 2, 0600);
	accept_config();
	assert_credentials(NULL, SECRET);
}

END_TEST

START_TEST(config_keeps_blanks_in_a_password_file)
{
	with_password_file(" a b \n", 6, 0600);
	accept_config();
	assert_credentials(NULL, " a b ");
}

END_TEST

START_TEST(config_takes_a_password_of_4096_bytes_and_no_more)
{
	char		bytes[4098];

	memset(bytes, 'p', sizeof(bytes));
	memcpy(bytes + 4096, "\r\n", 2);
	with_password_file(bytes, 4098, 0600);
	accept_config();
	ck_assert_uint_eq(strlen(config->targets[0].url.password), 4096);
	memset(bytes, 'p', sizeof(bytes));
	with_password_file(bytes, 4097, 0600);
	refuse_config("1 to 4096 bytes");
	with_password_file(bytes, 4098, 0600);
	refuse_config("1 to 4096 bytes");
}

END_TEST

START_TEST(config_refuses_a_password_file_that_everybody_can_read)
{
	with_password_file(SECRET "\n", strlen(SECRET) + 1, 0604);
	refuse_config("REDIS_PASSWORD_FILE: expected a password file that not everybody can read");
}

END_TEST

START_TEST(config_refuses_a_password_file_without_a_password)
{
	with_password_file("", 0, 0600);
	refuse_config("in the first line");
	with_password_file("\n" SECRET, strlen(SECRET) + 1, 0600);
	refuse_config("in the first line");
	with_password_file("\r\n", 2, 0600);
	refuse_config("in the first line");
	with_password_file("a\0b\n", 4, 0600);
	refuse_config("none of them zero");
}

END_TEST

START_TEST(config_refuses_a_password_file_that_is_not_there_without_its_path)
{
	with_variable("REDIS_PASSWORD_FILE=" SECRET);
	refuse_config("REDIS_PASSWORD_FILE: expected a readable password file: No such file");
}

END_TEST

START_TEST(config_refuses_a_password_file_that_is_a_directory)
{
	char		variable[96];

	/* mkdtemp made it for its owner alone */
	snprintf(variable, sizeof(variable), "REDIS_PASSWORD_FILE=%s", directory);
	with_variable(variable);
	refuse_config("Is a directory");
}

END_TEST

START_TEST(config_refuses_a_password_next_to_a_password_file)
{
	with_variable("REDIS_PASSWORD_FILE=/a");
	with_variable("REDIS_PASSWORD=" SECRET);
	refuse_config("REDIS_PASSWORD_FILE: expected the password once: REDIS_PASSWORD is set too");
}

END_TEST

/* ---- the file ---- */

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
	with_variable("REDIS_URL=rediss://managed");
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
	assert_credentials("app", SECRET);
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

START_TEST(config_refuses_unknown_sections)
{
	refuse_file("\n[redis]\n", "uncached.conf:2: unknown section; expected [postgres], [log] or [target NAME]");
	refuse_file("[postgres x]\n", ":1: unknown section");
	refuse_file("[log x]\n", ":1: unknown section");
}

END_TEST

START_TEST(config_refuses_unknown_keys_without_showing_them)
{
	refuse_file("[postgres]\n" SECRET " = x\n", ":2: unknown key; expected dsn in section [postgres]");
	refuse_file("[log]\nfile = x\n", ":2: unknown key; expected level or format in section [log]");
	refuse_file("[target a]\npassword = " SECRET "\n",
				":2: unknown key; expected url, username, password_file or prefix in section [target]");
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
				":3: expected the user name once");
	refuse_file("[target api]\nurl = redis://:" SECRET "@h\npassword_file = /a\n",
				":3: expected the password once");
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

/* ---- hiding ---- */

/* Hides secrets in a copy of the arguments; returns the one at "index". */
static const char *
hidden(int index)
{
	static char copies[ARGUMENTS_MAX][128];
	char	   *argv[ARGUMENTS_MAX + 1] = {NULL};
	int			count = 0;

	for (; arguments[count] != NULL; count++)
	{
		snprintf(copies[count], sizeof(copies[count]), "%s", arguments[count]);
		argv[count] = copies[count];
	}
	config_hide_secrets(count, argv);
	return copies[index];
}

START_TEST(config_hides_passwords_in_both_spellings)
{
	with_argument("--redis");
	with_argument("redis://:pw@h");
	with_argument("--dsn=password=pw");
	ck_assert_str_eq(hidden(1), "--redis");
	ck_assert_str_eq(hidden(2), "xxxxxxxxxxxxx");
	ck_assert_str_eq(hidden(3), "--dsn=xxxxxxxxxxx");
}

END_TEST

START_TEST(config_hides_the_value_of_an_abbreviated_option)
{
	with_argument("--red=redis://:pw@h");
	ck_assert_str_eq(hidden(1), "--red=xxxxxxxxxxxxx");
}

END_TEST

START_TEST(config_hides_every_value_of_an_option_given_twice)
{
	with_argument("--redis=redis://:pw@h");
	with_argument("--redis=redis://h");
	ck_assert_str_eq(hidden(1), "--redis=xxxxxxxxxxxxx");
	ck_assert_str_eq(hidden(2), "--redis=redis://h");
}

END_TEST

START_TEST(config_hides_passwords_in_uris_and_key_passwords)
{
	with_argument("--dsn=postgresql://u:pw@h");
	with_argument("--dsn=sslpassword=pw");
	ck_assert_str_eq(hidden(1), "--dsn=xxxxxxxxxxxxxxxxxxx");
	ck_assert_str_eq(hidden(2), "--dsn=xxxxxxxxxxxxxx");
}

END_TEST

START_TEST(config_hides_what_it_cannot_parse)
{
	with_argument("--dsn=pw");
	with_argument("--redis=pw");
	ck_assert_str_eq(hidden(1), "--dsn=xx");
	ck_assert_str_eq(hidden(2), "--redis=xx");
}

END_TEST

START_TEST(config_shows_values_without_a_password)
{
	with_argument("--dsn=host=h user=u");
	with_argument("--redis=redis://h/3");
	with_argument("--log-level=debug");
	ck_assert_str_eq(hidden(1), "--dsn=host=h user=u");
	ck_assert_str_eq(hidden(2), "--redis=redis://h/3");
	ck_assert_str_eq(hidden(3), "--log-level=debug");
}

END_TEST

START_TEST(config_destroy_takes_null)
{
	config_destroy(NULL);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("config");
	TCase	   *tests = tcase_create("config");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, tear_down);
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
	tcase_add_test(tests, config_refuses_an_unknown_log_level);
	tcase_add_test(tests, config_refuses_an_unknown_log_format);
	tcase_add_test(tests, config_refuses_a_redis_url_without_showing_it);
	tcase_add_test(tests, config_refuses_tls);
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
	tcase_add_test(tests, config_takes_the_first_line_of_a_password_file);
	tcase_add_test(tests, config_takes_a_password_file_without_a_newline);
	tcase_add_test(tests, config_takes_a_password_file_that_ends_in_crlf);
	tcase_add_test(tests, config_keeps_blanks_in_a_password_file);
	tcase_add_test(tests, config_takes_a_password_of_4096_bytes_and_no_more);
	tcase_add_test(tests, config_refuses_a_password_file_that_everybody_can_read);
	tcase_add_test(tests, config_refuses_a_password_file_without_a_password);
	tcase_add_test(tests, config_refuses_a_password_file_that_is_not_there_without_its_path);
	tcase_add_test(tests, config_refuses_a_password_file_that_is_a_directory);
	tcase_add_test(tests, config_refuses_a_password_next_to_a_password_file);
	tcase_add_test(tests, config_reads_every_section_of_the_file);
	tcase_add_test(tests, config_finds_the_file_by_a_variable);
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
	tcase_add_test(tests, config_refuses_unknown_sections);
	tcase_add_test(tests, config_refuses_unknown_keys_without_showing_them);
	tcase_add_test(tests, config_refuses_targets_that_are_no_alias);
	tcase_add_test(tests, config_takes_an_alias_of_48_bytes);
	tcase_add_test(tests, config_refuses_a_target_without_a_url);
	tcase_add_test(tests, config_refuses_empty_values);
	tcase_add_test(tests, config_refuses_bad_values_by_file_and_line);
	tcase_add_test(tests, config_refuses_a_user_or_password_given_twice_in_the_file);
	tcase_add_test(tests, config_escapes_the_prefix_that_it_prints);
	tcase_add_test(tests, config_hides_passwords_in_both_spellings);
	tcase_add_test(tests, config_hides_the_value_of_an_abbreviated_option);
	tcase_add_test(tests, config_hides_every_value_of_an_option_given_twice);
	tcase_add_test(tests, config_hides_passwords_in_uris_and_key_passwords);
	tcase_add_test(tests, config_hides_what_it_cannot_parse);
	tcase_add_test(tests, config_shows_values_without_a_password);
	tcase_add_test(tests, config_destroy_takes_null);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
