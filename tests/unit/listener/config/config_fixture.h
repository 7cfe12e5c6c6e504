/*-------------------------------------------------------------------------
 *
 * config_fixture.h
 *	  Loads configurations from arguments, variables and files of a test's
 *	  own.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CONFIG_FIXTURE_H
#define UNCACHED_CONFIG_FIXTURE_H

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config_cli.h"
#include "config/config_fields.h"
#include "config/config_load.h"

#define SECRET "hunter2"
#define ARGUMENTS_MAX 8

static char directory[] = "/tmp/uncached-test-XXXXXX";
static char config_path[64];
static char password_path[64];
static char absent_path[64];
static Config *config;
static char error[1024];

/* What the next load sees; lists end with NULL. */
static const char *arguments[ARGUMENTS_MAX];
static const char *environment[ARGUMENTS_MAX];

static inline void
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

static inline void
tear_down(void)
{
	config_release(config);
	config = NULL;
	(void) unlink(config_path);
	(void) unlink(password_path);
	(void) rmdir(directory);
}

static inline void
push(const char **list, const char *text)
{
	int			count = 0;

	while (list[count] != NULL)
		count++;
	ck_assert_int_lt(count + 1, ARGUMENTS_MAX);
	list[count] = text;
}

/* Adds to the command line and to the environment. */
static inline void
with_argument(const char *argument)
{
	push(arguments, argument);
}

static inline void
with_variable(const char *variable)
{
	push(environment, variable);
}

static inline void
write_file(const char *path, const char *bytes, size_t byte_count, mode_t mode)
{
	int			fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, byte_count), (ssize_t) byte_count);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

static inline void
with_file(const char *text)
{
	write_file(config_path, text, strlen(text), 0600);
	with_argument("--config");
	with_argument(config_path);
}

static inline ConfigOutcome
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
	config_release(config);
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

static inline void
accept_config(void)
{
	ConfigOutcome outcome = load();

	ck_assert_msg(outcome == CONFIG_LOADED, "%s", error);
	ck_assert_ptr_nonnull(config);
}

/* Refused with a message that holds "expected", and no secret. */
static inline void
refuse_config(const char *expected)
{
	ck_assert_int_eq(load(), CONFIG_REFUSED);
	ck_assert_msg(strstr(error, expected) != NULL, "no \"%s\" in: %s", expected, error);
	ck_assert_msg(strstr(error, SECRET) == NULL, "%s", error);
	ck_assert_ptr_null(config);
}

static inline void
refuse_file(const char *text, const char *expected)
{
	memset(arguments + 1, 0, sizeof(arguments) - sizeof(arguments[0]));
	with_file(text);
	refuse_config(expected);
	ck_assert_int_eq(strncmp(error, config_path, strlen(config_path)), 0);
}

/* As --check-config prints it. */
static inline void
assert_targets(const char *expected)
{
	char		text[1024] = "";
	FILE	   *stream = fmemopen(text, sizeof(text), "w");

	ck_assert_ptr_nonnull(stream);
	config_print_targets(config, stream);
	fclose(stream);
	ck_assert_str_eq(text, expected);
}

static inline void
assert_credentials(const char *username, const char *password)
{
	ck_assert_pstr_eq(config->targets[0].url.username, username);
	ck_assert_pstr_eq(config->targets[0].url.password, password);
}

/* Runs the tests that add() adds, each with a directory of its own. */
static inline int
run_config_tests(const char *name, void (*add) (TCase *tests))
{
	Suite	   *suite = suite_create(name);
	TCase	   *tests = tcase_create(name);
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	add(tests);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
