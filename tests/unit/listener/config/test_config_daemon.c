/*-------------------------------------------------------------------------
 *
 * test_config_daemon.c
 *	  Unit tests of listener/src/config/config.c: settings of the daemon itself,
 *	  max_sessions and health_socket, and what it is asked to check.
 *
 *-------------------------------------------------------------------------
 */
#include "config/config_fixture.h"

#define TARGETS_MAX 210

/* A file with so many targets behind "head". */
static void
with_targets(const char *head, int count)
{
	static char text[TARGETS_MAX * 64];
	int			used = snprintf(text, sizeof(text), "%s", head);

	for (int i = 0; i < count; i++)
		used += snprintf(text + used, sizeof(text) - (size_t) used,
						 "[target t%d]\nurl = redis://h/%d\n", i, i);
	memset(arguments + 1, 0, sizeof(arguments) - sizeof(arguments[0]));
	with_file(text);
}

START_TEST(config_accepts_fifty_targets_unless_told)
{
	with_targets("", 50);
	accept_config();
	ck_assert_uint_eq(config->target_count, 50);
}

END_TEST

START_TEST(config_refuses_more_targets_than_sessions)
{
	with_targets("", 201);
	refuse_config("uncached.conf: 201 targets need 201 sessions of PostgreSQL, and max_sessions is 50: ");
	with_targets("[daemon]\nmax_sessions = 2\n", 3);
	refuse_config("uncached.conf:2: 3 targets need 3 sessions of PostgreSQL, and max_sessions is 2: ");
}

END_TEST

START_TEST(config_counts_the_target_of_the_command_line)
{
	with_targets("[daemon]\nmax_sessions = 2\n", 2);
	accept_config();
	with_argument("--redis=redis://h");
	refuse_config("3 targets need 3 sessions");
}

END_TEST

START_TEST(config_takes_max_sessions_from_the_highest_place)
{
	with_targets("[daemon]\nmax_sessions = x\n", 201);
	with_variable("UNCACHED_MAX_SESSIONS=200");
	refuse_config("UNCACHED_MAX_SESSIONS: 201 targets need 201 sessions");
	with_argument("--max-sessions=201");
	accept_config();
}

END_TEST

START_TEST(config_refuses_max_sessions_that_are_no_number)
{
	static const char *const values[] = {"0", "-1", "1k", "1.5", " ", "100001", "99999999999999999999"};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
	{
		char		argument[64];

		memset(arguments + 1, 0, sizeof(arguments) - sizeof(arguments[0]));
		snprintf(argument, sizeof(argument), "--max-sessions=%s", values[i]);
		with_argument(argument);
		refuse_config("--max-sessions: expected a number from 1 to 100000 for max_sessions");
	}
	refuse_file("[daemon]\nmax_sessions =\n", ":2: expected a value for \"max_sessions\"");
	refuse_file("[daemon]\nmax_session = 1\n", ":2: unknown key; expected max_sessions, health_socket, http or ready_max_lag");
}

END_TEST

static void
accept_config_for_health(const char *path)
{
	with_argument("--check-health");
	accept_config();
	ck_assert_str_eq(config->health_socket, path);
	ck_assert_uint_eq(config->target_count, 0);
}

START_TEST(config_serves_http_nowhere_unless_told)
{
	accept_config();
	ck_assert_ptr_null(config->http);
	ck_assert_int_eq(config->ready_max_lag_ms, 60000);
	with_file("[daemon]\nhttp = 9180\nready_max_lag = 5s\n");
	accept_config();
	ck_assert_str_eq(config->http, "9180");
	ck_assert_int_eq(config->ready_max_lag_ms, 5000);
	with_argument("--http=[::1]:9180");
	accept_config();
	ck_assert_str_eq(config->http, "[::1]:9180");
}

END_TEST

START_TEST(config_refuses_an_http_address_that_cannot_be_one)
{
	with_argument("--http=example.com:80");
	refuse_config("--http: expected PORT, ADDRESS:PORT or [IPV6-ADDRESS]:PORT for http");
	with_argument("--http=0");
	refuse_config("--http: expected PORT, ADDRESS:PORT or [IPV6-ADDRESS]:PORT for http");
}

END_TEST

START_TEST(config_has_no_health_socket_unless_told)
{
	accept_config();
	ck_assert_ptr_null(config->health_socket);
	ck_assert(!config->check_health && !config->check_connections);
}

END_TEST

START_TEST(config_takes_the_health_socket_from_the_highest_place)
{
	with_file("[daemon]\nhealth_socket = /run/file\n");
	accept_config();
	ck_assert_str_eq(config->health_socket, "/run/file");
	with_variable("UNCACHED_HEALTH_SOCKET=/run/variable");
	accept_config();
	ck_assert_str_eq(config->health_socket, "/run/variable");
	with_argument("--health-socket=/run/line");
	accept_config();
	ck_assert_str_eq(config->health_socket, "/run/line");
}

END_TEST

START_TEST(config_refuses_a_health_socket_that_cannot_be_one)
{
	char		longest[160];

	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "--health-socket=/", 17);
	longest[16 + 107] = '\0';
	with_argument(longest);
	accept_config();
	memset(arguments + 1, 0, sizeof(arguments) - sizeof(arguments[0]));
	longest[16 + 107] = 'x';
	longest[16 + 108] = '\0';
	with_argument(longest);
	refuse_config("--health-socket: expected an absolute path of at most 107 bytes for health_socket");
	memset(arguments + 1, 0, sizeof(arguments) - sizeof(arguments[0]));
	with_argument("--health-socket=health");
	refuse_config("--health-socket: expected an absolute path");
	memset(arguments + 1, 0, sizeof(arguments) - sizeof(arguments[0]));
	with_argument("--health-socket=");
	refuse_config("--health-socket: expected an absolute path");
}

END_TEST

START_TEST(config_cannot_check_the_health_without_a_socket)
{
	with_argument("--check-health");
	refuse_config("--check-health: expected a health_socket in the configuration, or --health-socket");
	with_variable("UNCACHED_HEALTH_SOCKET=/run/health");
	accept_config();
	ck_assert(config->check_health);
}

END_TEST

START_TEST(config_is_not_needed_to_check_the_health)
{
	with_file("[daemon]\nhealth_socket = /run/file\n[target x]\nurl = redis://h:0\n");
	accept_config_for_health("/run/file");
	with_file("nonsense\n");
	with_variable("UNCACHED_HEALTH_SOCKET=/run/variable");
	accept_config_for_health("/run/variable");
}

END_TEST

START_TEST(config_can_be_told_to_check_connections)
{
	with_argument("--check-connections");
	accept_config();
	ck_assert(config->check_connections && !config->check_only);
}

END_TEST

START_TEST(config_can_be_told_to_print_the_acl)
{
	with_argument("--print-acl");
	accept_config();
	ck_assert(config->print_acl && !config->check_connections);
}

END_TEST

START_TEST(config_can_be_told_to_show_the_status)
{
	with_argument("--status");
	accept_config();
	ck_assert(config->status && !config->json && !config->tail);
	with_argument("--json");
	accept_config();
	ck_assert(config->status && config->json);
}

END_TEST

START_TEST(config_can_be_told_to_tail)
{
	with_argument("--tail");
	accept_config();
	ck_assert(config->tail && !config->json && config->filter == NULL);
	with_argument("--filter=item:*");
	accept_config();
	ck_assert_str_eq(config->filter, "item:*");
}

END_TEST

START_TEST(config_refuses_options_of_commands_that_are_not_given)
{
	with_argument("--json");
	refuse_config("command line: expected --status or --tail with --json");
	with_argument("--filter=x");
	refuse_config("command line: expected --tail with --filter");
}

END_TEST

static void
add(TCase *tests)
{
	tcase_add_test(tests, config_accepts_fifty_targets_unless_told);
	tcase_add_test(tests, config_refuses_more_targets_than_sessions);
	tcase_add_test(tests, config_counts_the_target_of_the_command_line);
	tcase_add_test(tests, config_takes_max_sessions_from_the_highest_place);
	tcase_add_test(tests, config_refuses_max_sessions_that_are_no_number);
	tcase_add_test(tests, config_serves_http_nowhere_unless_told);
	tcase_add_test(tests, config_refuses_an_http_address_that_cannot_be_one);
	tcase_add_test(tests, config_has_no_health_socket_unless_told);
	tcase_add_test(tests, config_takes_the_health_socket_from_the_highest_place);
	tcase_add_test(tests, config_refuses_a_health_socket_that_cannot_be_one);
	tcase_add_test(tests, config_cannot_check_the_health_without_a_socket);
	tcase_add_test(tests, config_is_not_needed_to_check_the_health);
	tcase_add_test(tests, config_can_be_told_to_check_connections);
	tcase_add_test(tests, config_can_be_told_to_print_the_acl);
	tcase_add_test(tests, config_can_be_told_to_show_the_status);
	tcase_add_test(tests, config_can_be_told_to_tail);
	tcase_add_test(tests, config_refuses_options_of_commands_that_are_not_given);
}

int
main(void)
{
	return run_config_tests("config_daemon", add);
}
