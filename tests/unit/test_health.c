/*-------------------------------------------------------------------------
 *
 * test_health.c
 *	  Unit tests of listener/src/health_server.c and health_client.c, over real
 *	  sockets.
 *
 *-------------------------------------------------------------------------
 */
#include "health_client.h"
#include "health_server.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log_fixture.h"

#define CLIENTS_MAX 100

static char directory[] = "/tmp/uncached-test-XXXXXX";
static char path[64];
static char other_path[64];
static Loop *loop;
static int64_t clock_ms;
static HealthServer *server;
static size_t long_bytes;

static int64_t
read_clock(void *context)
{
	(void) context;
	return clock_ms;
}

static void
tell(void *context, FILE *stream)
{
	ck_assert_ptr_eq(context, &clock_ms);
	(void) fputs("default state=ready redis=connected\n", stream);
	for (size_t i = 0; i < long_bytes; i++)
		(void) fputc('x', stream);
}

static void
set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/health", directory);
	snprintf(other_path, sizeof(other_path), "%s/other", directory);
	clock_ms = 0;
	long_bytes = 0;
	open_test_log(LOG_LEVEL_DEBUG);
	loop = loop_create();
	loop_set_clock(loop, read_clock, NULL);
	server = health_server_create(loop, &test_log, tell, &clock_ms);
	ck_assert_ptr_nonnull(server);
}

static void
tear_down(void)
{
	health_server_destroy(server);
	loop_destroy(loop);
	close_test_log();
	(void) unlink(path);
	(void) unlink(other_path);
	(void) rmdir(directory);
}

static void
assert_said(const char *text)
{
	read_test_log();
	ck_assert_msg(strstr(said, text) != NULL, "no \"%s\" in: %s", text, said);
}

static void
turn(void)
{
	ck_assert(loop_turn(loop, 0));
}

static int
new_socket(void)
{
	int			fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static struct sockaddr_un
address_of(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", name);
	return address;
}

static int
open_client(void)
{
	struct sockaddr_un address = address_of(path);
	int			fd = new_socket();

	ck_assert_int_eq(connect(fd, (const struct sockaddr *) &address, sizeof(address)), 0);
	return fd;
}

/* A socket at the path that somebody listens at. */
static int
open_listener(const char *name)
{
	struct sockaddr_un address = address_of(name);
	int			fd = new_socket();

	ck_assert_int_eq(bind(fd, (const struct sockaddr *) &address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 4), 0);
	return fd;
}

static void
assert_answered(int fd)
{
	char		text[128];
	ssize_t		count = read(fd, text, sizeof(text));

	ck_assert_int_eq(count, 36);
	ck_assert_int_eq(memcmp(text, "default state=ready redis=connected\n", 36), 0);
	ck_assert_int_eq(read(fd, text, sizeof(text)), 0);
	close(fd);
}

START_TEST(health_server_answers_and_closes)
{
	int			fd;

	health_server_listen(server, path);
	assert_said("level=info msg=\"health socket is open\" path=");
	fd = open_client();
	turn();
	assert_answered(fd);
}

END_TEST

START_TEST(health_server_answers_many_at_a_time)
{
	int			fds[CLIENTS_MAX];

	health_server_listen(server, path);
	for (int i = 0; i < CLIENTS_MAX; i++)
	{
		fds[i] = open_client();
		turn();
	}
	for (int i = 0; i < CLIENTS_MAX; i++)
		assert_answered(fds[i]);
}

END_TEST

START_TEST(health_server_is_not_held_up_by_who_reads_nothing_or_is_gone)
{
	int			silent;
	int			fd;

	health_server_listen(server, path);
	silent = open_client();
	close(open_client());
	fd = open_client();
	ck_assert_int_eq(send(fd, "hello", 5, MSG_NOSIGNAL), 5);
	close(fd);
	fd = open_client();
	turn();
	assert_answered(fd);
	close(silent);
}

END_TEST

START_TEST(health_server_cuts_a_long_answer)
{
	static char text[HEALTH_ANSWER_BYTES_MAX + 4096];
	size_t		total = 0;
	ssize_t		count;
	int			fd;

	long_bytes = sizeof(text) * 2;
	health_server_listen(server, path);
	fd = open_client();
	turn();
	while ((count = read(fd, text, sizeof(text))) > 0)
		total += (size_t) count;
	ck_assert_uint_eq(total, HEALTH_ANSWER_BYTES_MAX);
	close(fd);
}

END_TEST

START_TEST(health_socket_is_for_its_user_alone)
{
	struct stat status;
	mode_t		mask = umask(0);

	health_server_listen(server, path);
	(void) umask(mask);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert(S_ISSOCK(status.st_mode));
	ck_assert_int_eq(status.st_mode & 07777, 0600);
}

END_TEST

START_TEST(health_server_removes_its_socket)
{
	health_server_listen(server, path);
	health_server_destroy(server);
	server = NULL;
	ck_assert_int_eq(access(path, F_OK), -1);
}

END_TEST

START_TEST(health_server_leaves_what_has_taken_its_place)
{
	int			fd;

	health_server_listen(server, path);
	ck_assert_int_eq(unlink(path), 0);
	fd = open_listener(path);
	health_server_destroy(server);
	server = NULL;
	ck_assert_int_eq(access(path, F_OK), 0);
	close(fd);
}

END_TEST

START_TEST(health_server_comes_back_when_its_file_was_removed)
{
	int			fd;

	health_server_listen(server, path);
	ck_assert_int_eq(unlink(path), 0);
	clock_ms += 5000;
	turn();
	fd = open_client();
	turn();
	assert_answered(fd);
	/* and goes on looking, whatever has happened */
	ck_assert_int_eq(unlink(path), 0);
	clock_ms += 5000;
	turn();
	fd = open_client();
	turn();
	assert_answered(fd);
}

END_TEST

START_TEST(health_server_replaces_what_a_dead_process_left)
{
	int			fd;

	close(open_listener(path));
	ck_assert_int_eq(access(path, F_OK), 0);
	health_server_listen(server, path);
	fd = open_client();
	turn();
	assert_answered(fd);
}

END_TEST

START_TEST(health_server_takes_over_when_another_process_has_ended)
{
	int			fd = open_listener(path);

	health_server_listen(server, path);
	assert_said("level=error msg=\"cannot open the health socket, trying again\"");
	assert_said("reason=\"another process listens there\" error=\"\" advice=\"");
	close(fd);
	clock_ms += 5000;
	turn();
	fd = open_client();
	turn();
	assert_answered(fd);
}

END_TEST

START_TEST(health_server_says_once_what_is_wrong)
{
	int			fd = open_listener(path);

	health_server_listen(server, path);
	for (int i = 0; i < 3; i++)
	{
		clock_ms += 5000;
		turn();
	}
	assert_said("cannot open");
	ck_assert_ptr_null(strstr(strstr(said, "cannot open") + 1, "cannot open"));
	close(fd);
}

END_TEST

START_TEST(health_server_leaves_other_files_alone)
{
	int			fd = open(path, O_WRONLY | O_CREAT, 0600);

	ck_assert_int_eq(write(fd, "precious", 8), 8);
	close(fd);
	health_server_listen(server, path);
	assert_said("reason=\"another file has its path\"");
	health_server_destroy(server);
	server = NULL;
	ck_assert_int_eq(access(path, F_OK), 0);
}

END_TEST

START_TEST(health_server_does_not_follow_links)
{
	close(open_listener(other_path));
	ck_assert_int_eq(symlink(other_path, path), 0);
	health_server_listen(server, path);
	assert_said("reason=\"another file has its path\"");
	ck_assert_int_eq(access(other_path, F_OK), 0);
}

END_TEST

START_TEST(health_server_waits_for_its_directory)
{
	char		missing[80];

	snprintf(missing, sizeof(missing), "%s/later/health", directory);
	health_server_listen(server, missing);
	assert_said("reason=\"it cannot be made\" error=\"No such file or directory\"");
	*strrchr(missing, '/') = '\0';
	ck_assert_int_eq(mkdir(missing, 0700), 0);
	clock_ms += 5000;
	turn();
	assert_said("health socket is open");
	health_server_listen(server, NULL);
	ck_assert_int_eq(rmdir(missing), 0);
}

END_TEST

START_TEST(health_server_moves)
{
	int			fd;

	health_server_listen(server, other_path);
	health_server_listen(server, path);
	ck_assert_int_eq(access(other_path, F_OK), -1);
	/* the same again changes nothing */
	fd = open_client();
	health_server_listen(server, path);
	turn();
	assert_answered(fd);
	health_server_listen(server, NULL);
	ck_assert_int_eq(access(path, F_OK), -1);
}

END_TEST

START_TEST(health_server_rests_while_there_are_no_descriptors)
{
	struct rlimit usual;
	struct rlimit few;
	int			fd;
	int			copy;

	health_server_listen(server, path);
	fd = open_client();
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &usual), 0);
	few = usual;
	copy = dup(fd);
	close(copy);
	few.rlim_cur = (rlim_t) copy;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	turn();
	/* it is not ready again and again */
	ck_assert(loop_turn(loop, 20));
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &usual), 0);
	clock_ms += 1000;
	turn();
	turn();
	assert_answered(fd);
}

END_TEST

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
	ck_assert_str_eq(error, "cannot connect to the health socket: the daemon accepts nobody");
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
	Suite	   *suite = suite_create("health");
	TCase	   *tests = tcase_create("health");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, health_server_answers_and_closes);
	tcase_add_test(tests, health_server_answers_many_at_a_time);
	tcase_add_test(tests, health_server_is_not_held_up_by_who_reads_nothing_or_is_gone);
	tcase_add_test(tests, health_server_cuts_a_long_answer);
	tcase_add_test(tests, health_socket_is_for_its_user_alone);
	tcase_add_test(tests, health_server_removes_its_socket);
	tcase_add_test(tests, health_server_leaves_what_has_taken_its_place);
	tcase_add_test(tests, health_server_comes_back_when_its_file_was_removed);
	tcase_add_test(tests, health_server_replaces_what_a_dead_process_left);
	tcase_add_test(tests, health_server_takes_over_when_another_process_has_ended);
	tcase_add_test(tests, health_server_says_once_what_is_wrong);
	tcase_add_test(tests, health_server_leaves_other_files_alone);
	tcase_add_test(tests, health_server_does_not_follow_links);
	tcase_add_test(tests, health_server_waits_for_its_directory);
	tcase_add_test(tests, health_server_moves);
	tcase_add_test(tests, health_server_rests_while_there_are_no_descriptors);
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
