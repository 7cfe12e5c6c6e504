/*-------------------------------------------------------------------------
 *
 * test_health_client.c
 *	  Unit tests of listener/src/status/health_client.c.
 *
 *-------------------------------------------------------------------------
 */
#include "status/health_fixture.h"

/* ---- the client ---- */

static char answer[256];
static char error[256];

static bool
ask(int64_t timeout_ms)
{
	FILE	   *stream = fmemopen(answer, sizeof(answer), "w");
	bool		has_answer;

	memset(answer, 0, sizeof(answer));
	has_answer = health_client_ask(path, timeout_ms, stream, error, sizeof(error));
	fclose(stream);
	return has_answer;
}

START_TEST(health_client_prints_the_answer)
{
	pid_t		child;

	health_server_listen(server, path);
	child = fork();
	if (child == 0)
		_exit(ask(5000) && strcmp(answer, "default state=ready redis=connected\n") == 0 ? 0 : 1);
	for (int status = -1; waitpid(child, &status, WNOHANG) == 0 || status != 0;)
	{
		ck_assert_int_le(status, 0);
		ck_assert(loop_turn(loop, 10));
	}
}

END_TEST

START_TEST(health_client_fails_if_nobody_listens)
{
	ck_assert(!ask(1000));
	ck_assert_str_eq(error, "cannot connect to the health socket: No such file or directory");
	close(open_listener(path));
	ck_assert(!ask(1000));
	ck_assert_str_eq(error, "cannot connect to the health socket: Connection refused");
}

END_TEST

START_TEST(health_client_fails_if_the_daemon_stands_still)
{
	health_server_listen(server, path);
	ck_assert(!ask(50));
	ck_assert_str_eq(error, "the daemon does not answer");
}

END_TEST

START_TEST(health_client_fails_if_the_daemon_has_stood_still_for_long)
{
	struct sockaddr_un address = address_of(path);
	int			fd = -1;

	health_server_listen(server, path);
	/* until the backlog is full */
	do
	{
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	} while (connect(fd, (const struct sockaddr *) &address, sizeof(address)) == 0);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert(!ask(1000));
	ck_assert_str_eq(error, "cannot connect to the health socket: the daemon accepts no connection");
}

END_TEST

START_TEST(health_client_fails_if_the_answer_is_empty)
{
	int			listener = open_listener(path);
	pid_t		child = fork();

	if (child == 0)
	{
		(void) close(accept(listener, NULL, NULL));
		_exit(0);
	}
	ck_assert(!ask(5000));
	ck_assert_str_eq(error, "the daemon's answer is empty");
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	close(listener);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("health_client");
	TCase	   *tests = tcase_create("health_client");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, health_client_prints_the_answer);
	tcase_add_test(tests, health_client_fails_if_nobody_listens);
	tcase_add_test(tests, health_client_fails_if_the_daemon_stands_still);
	tcase_add_test(tests, health_client_fails_if_the_daemon_has_stood_still_for_long);
	tcase_add_test(tests, health_client_fails_if_the_answer_is_empty);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
