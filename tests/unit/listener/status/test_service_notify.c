/*-------------------------------------------------------------------------
 *
 * test_service_notify.c
 *	  Unit tests of listener/src/status/service_notify.c: what a service manager hears.
 *
 *-------------------------------------------------------------------------
 */
#include "status/service_notify.h"
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "base/log_fixture.h"

static char directory[] = "/tmp/uncached-test-XXXXXX";
static char path[64];
static Loop *loop;
static int64_t clock_ms;
static int	manager;
static char heard[1024];
static ServiceNotify *notify;

static const RelaySummary unsettled = {.target_count = 2,.ready_count = 1,.alias = "api",.state = "attaching"};
static const RelaySummary waiting = {.target_count = 2,.ready_count = 1,.is_settled = true,.alias = "api",
.state = "waiting",.has_redis = true};
static const RelaySummary settled = {.target_count = 2,.ready_count = 2,.is_settled = true};

static int64_t
read_clock(void *context)
{
	(void) context;
	return clock_ms;
}

/* A manager at that name; "@" begins an abstract one. */
static void
listen_at(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t	address_bytes = (socklen_t) (offsetof(struct sockaddr_un, sun_path) + strlen(name));

	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ck_assert_int_ge(manager, 0);
	memcpy(address.sun_path, name, strlen(name));
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	ck_assert_int_eq(bind(manager, (const struct sockaddr *) &address, address_bytes), 0);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
}

static void
create(void)
{
	notify = service_notify_create(loop, &test_log);
	ck_assert_ptr_nonnull(notify);
}

static void
set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/notify", directory);
	clock_ms = 0;
	open_test_log(LOG_LEVEL_DEBUG);
	loop = loop_create();
	loop_set_clock(loop, read_clock, NULL);
	manager = -1;
	notify = NULL;
	(void) unsetenv("NOTIFY_SOCKET");
	(void) unsetenv("WATCHDOG_USEC");
	(void) unsetenv("WATCHDOG_PID");
}

static void
tear_down(void)
{
	service_notify_destroy(notify);
	loop_destroy(loop);
	close_test_log();
	if (manager >= 0)
		close(manager);
	(void) unlink(path);
	(void) rmdir(directory);
}

/* The next datagram, or "" */
static const char *
hear(void)
{
	ssize_t		count = recv(manager, heard, sizeof(heard) - 1, 0);

	heard[count > 0 ? count : 0] = '\0';
	return heard;
}

static void
pass(int64_t ms)
{
	clock_ms += ms;
	ck_assert(loop_turn(loop, 0));
}

static void
assert_log(const char *text)
{
	read_test_log();
	ck_assert_str_eq(strstr(said, "level=") == NULL ? "" : strstr(said, "level="), text);
}

START_TEST(service_notify_says_nothing_without_a_socket)
{
	(void) setenv("WATCHDOG_USEC", "2000", 1);
	create();
	service_notify_tell(notify, &settled);
	service_notify_reload(notify);
	service_notify_stop(notify);
	pass(10);
	assert_log("");
}

END_TEST

START_TEST(service_notify_is_ready_once_the_targets_are_settled)
{
	listen_at(path);
	create();
	service_notify_tell(notify, &unsettled);
	ck_assert_str_eq(hear(), "STATUS=1 of 2 targets ready; api: attaching, no Redis");
	service_notify_tell(notify, &waiting);
	ck_assert_str_eq(hear(), "READY=1\nSTATUS=1 of 2 targets ready; api: waiting");
	service_notify_tell(notify, &waiting);
	ck_assert_str_eq(hear(), "");
}

END_TEST

START_TEST(service_notify_takes_an_abstract_name)
{
	char		name[80];

	snprintf(name, sizeof(name), "@%s", path);
	listen_at(name);
	create();
	service_notify_tell(notify, &settled);
	ck_assert_str_eq(hear(), "READY=1\nSTATUS=2 of 2 targets ready");
}

END_TEST

START_TEST(service_notify_tells_a_new_status_once_a_second)
{
	listen_at(path);
	create();
	service_notify_tell(notify, &waiting);
	(void) hear();
	service_notify_tell(notify, &settled);
	ck_assert_str_eq(hear(), "");
	pass(1000);
	service_notify_tell(notify, &settled);
	ck_assert_str_eq(hear(), "STATUS=2 of 2 targets ready");
}

END_TEST

START_TEST(service_notify_brackets_a_reload)
{
	struct timespec now;
	int64_t		then_us;
	int64_t		now_us;

	listen_at(path);
	create();
	service_notify_tell(notify, &settled);
	(void) hear();
	service_notify_reload(notify);
	ck_assert_int_eq(sscanf(hear(), "RELOADING=1\nMONOTONIC_USEC=%" SCNd64 "\nSTATUS=", &then_us), 1);
	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &now), 0);
	now_us = (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
	ck_assert(then_us <= now_us && then_us > now_us - 10000000);
	service_notify_tell(notify, &unsettled);
	ck_assert_str_eq(hear(), "");
	service_notify_tell(notify, &settled);
	ck_assert_str_eq(hear(), "READY=1\nSTATUS=2 of 2 targets ready");
}

END_TEST

START_TEST(service_notify_says_that_it_stops_and_then_no_more)
{
	listen_at(path);
	create();
	service_notify_stop(notify);
	ck_assert_str_eq(hear(), "STOPPING=1\nSTATUS=finishing the batches in hand");
	service_notify_stop(notify);
	service_notify_reload(notify);
	service_notify_tell(notify, &settled);
	ck_assert_str_eq(hear(), "");
}

END_TEST

START_TEST(service_notify_is_alive_twice_in_the_watchdogs_time)
{
	char		pid[24];

	snprintf(pid, sizeof(pid), "%d", (int) getpid());
	(void) setenv("WATCHDOG_USEC", "3000000", 1);
	(void) setenv("WATCHDOG_PID", pid, 1);
	listen_at(path);
	create();
	pass(1499);
	ck_assert_str_eq(hear(), "");
	pass(1);
	ck_assert_str_eq(hear(), "WATCHDOG=1");
	service_notify_stop(notify);
	(void) hear();
	pass(1500);
	ck_assert_str_eq(hear(), "WATCHDOG=1");
}

END_TEST

START_TEST(service_notify_leaves_another_process_its_watchdog)
{
	(void) setenv("WATCHDOG_USEC", "3000000", 1);
	(void) setenv("WATCHDOG_PID", "1", 1);
	listen_at(path);
	create();
	pass(10000);
	ck_assert_str_eq(hear(), "");
}

END_TEST

START_TEST(service_notify_has_no_watchdog_if_the_time_is_no_number)
{
	static const char *const times[] = {"", "-1", "3s", "0", "99999999999999999999"};

	listen_at(path);
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
	{
		(void) setenv("WATCHDOG_USEC", times[i], 1);
		create();
		pass(100000);
		ck_assert_str_eq(hear(), "");
		service_notify_destroy(notify);
	}
	notify = NULL;
}

END_TEST

/* In their order, and as many as are kept. */
START_TEST(service_notify_says_again_what_was_not_taken)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int			other = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	listen_at(path);
	create();
	memcpy(address.sun_path, path, strlen(path));
	while (sendto(other, "x", 1, MSG_DONTWAIT, (const struct sockaddr *) &address, sizeof(address)) == 1)
		;
	close(other);
	service_notify_tell(notify, &settled);
	service_notify_reload(notify);
	service_notify_tell(notify, &waiting);
	while (strcmp(hear(), "x") == 0)
		;
	ck_assert_str_eq(heard, "");
	pass(99);
	ck_assert_str_eq(hear(), "");
	pass(1);
	ck_assert_str_eq(hear(), "READY=1\nSTATUS=2 of 2 targets ready");
	ck_assert_ptr_nonnull(strstr(hear(), "RELOADING=1"));
	ck_assert_str_eq(hear(), "READY=1\nSTATUS=1 of 2 targets ready; api: waiting");
	ck_assert_str_eq(hear(), "");
	assert_log("");
}

END_TEST

START_TEST(service_notify_warns_once_of_a_manager_that_is_not_there)
{
	(void) setenv("NOTIFY_SOCKET", path, 1);
	create();
	service_notify_tell(notify, &settled);
	service_notify_stop(notify);
	assert_log("level=warning msg=\"cannot notify the service manager\" reason=\"No such file or directory\""
			   " advice=\"start uncached by its systemd unit, or without NOTIFY_SOCKET in its environment\"\n");
}

END_TEST

START_TEST(service_notify_warns_of_an_address_that_it_does_not_know)
{
	char		long_path[200] = "/";

	memset(long_path + 1, 'x', sizeof(long_path) - 2);
	(void) setenv("NOTIFY_SOCKET", "vsock:2:1234", 1);
	create();
	service_notify_tell(notify, &settled);
	assert_log("level=warning msg=\"cannot notify the service manager\""
			   " reason=\"NOTIFY_SOCKET is neither a path nor an abstract name\""
			   " advice=\"start uncached by its systemd unit, or without NOTIFY_SOCKET in its environment\"\n");
	service_notify_destroy(notify);
	(void) setenv("NOTIFY_SOCKET", long_path, 1);
	create();
	service_notify_tell(notify, &settled);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("service_notify");
	TCase	   *tests = tcase_create("service_notify");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, service_notify_says_nothing_without_a_socket);
	tcase_add_test(tests, service_notify_is_ready_once_the_targets_are_settled);
	tcase_add_test(tests, service_notify_takes_an_abstract_name);
	tcase_add_test(tests, service_notify_tells_a_new_status_once_a_second);
	tcase_add_test(tests, service_notify_brackets_a_reload);
	tcase_add_test(tests, service_notify_says_that_it_stops_and_then_no_more);
	tcase_add_test(tests, service_notify_is_alive_twice_in_the_watchdogs_time);
	tcase_add_test(tests, service_notify_leaves_another_process_its_watchdog);
	tcase_add_test(tests, service_notify_has_no_watchdog_if_the_time_is_no_number);
	tcase_add_test(tests, service_notify_says_again_what_was_not_taken);
	tcase_add_test(tests, service_notify_warns_once_of_a_manager_that_is_not_there);
	tcase_add_test(tests, service_notify_warns_of_an_address_that_it_does_not_know);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
