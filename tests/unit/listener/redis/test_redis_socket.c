/*-------------------------------------------------------------------------
 *
 * test_redis_socket.c
 *	  Unit tests of listener/src/redis/redis_socket.c.
 *
 * What connecting looks like from outside is in test_redis_conn.c.
 *
 *-------------------------------------------------------------------------
 */
#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "redis/redis_socket.h"

static int	listen_fd;
static struct sockaddr_in address;

static void
set_up(void)
{
	socklen_t	bytes = sizeof(address);

	address = (struct sockaddr_in)
	{
		.sin_family = AF_INET
	};
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listen_fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_ge(listen_fd, 0);
	ck_assert_int_eq(bind(listen_fd, (const struct sockaddr *) &address, bytes), 0);
	ck_assert_int_eq(listen(listen_fd, 4), 0);
	ck_assert_int_eq(getsockname(listen_fd, (struct sockaddr *) &address, &bytes), 0);
}

static void
tear_down(void)
{
	(void) close(listen_fd);
}

static int
open_socket(void)
{
	struct pollfd wanted = {.events = POLLOUT};
	struct addrinfo where = {.ai_family = AF_INET,.ai_addrlen = sizeof(address)};

	where.ai_addr = (struct sockaddr *) &address;
	wanted.fd = redis_socket_open(&where);
	ck_assert_int_ge(wanted.fd, 0);
	ck_assert_int_eq(poll(&wanted, 1, 5000), 1);
	return wanted.fd;
}

static int
option(int fd, int level, int name)
{
	int			value;
	socklen_t	bytes = sizeof(value);

	ck_assert_int_eq(getsockopt(fd, level, name, &value, &bytes), 0);
	return value;
}

START_TEST(redis_socket_notices_a_peer_that_vanished_within_10_s)
{
	int			fd = open_socket();
	int			silent_s = option(fd, IPPROTO_TCP, TCP_KEEPIDLE) +
	option(fd, IPPROTO_TCP, TCP_KEEPINTVL) * option(fd, IPPROTO_TCP, TCP_KEEPCNT);

	ck_assert_int_eq(redis_socket_error(fd), 0);
	ck_assert_int_eq(option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
	ck_assert_int_lt(silent_s, 10);
	/* with both, the kernel goes by the later of them */
	ck_assert_int_gt(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
	ck_assert_int_lt(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 10000);
	(void) close(fd);
}

END_TEST

START_TEST(redis_socket_sends_without_delay)
{
	int			fd = open_socket();

	ck_assert_int_ne(option(fd, IPPROTO_TCP, TCP_NODELAY), 0);
	(void) close(fd);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_socket");
	TCase	   *tests = tcase_create("redis_socket");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, redis_socket_notices_a_peer_that_vanished_within_10_s);
	tcase_add_test(tests, redis_socket_sends_without_delay);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
