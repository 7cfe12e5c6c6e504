/*-------------------------------------------------------------------------
 *
 * test_redis_socket.c
 *	  Unit tests of listener/src/redis_socket.c.
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
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "redis_socket.h"

static int	listen_fd;
static RedisUrl url;
static char host[] = "127.0.0.1";

static void
set_up(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t	bytes = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listen_fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_ge(listen_fd, 0);
	ck_assert_int_eq(bind(listen_fd, (const struct sockaddr *) &address, bytes), 0);
	ck_assert_int_eq(listen(listen_fd, 4), 0);
	ck_assert_int_eq(getsockname(listen_fd, (struct sockaddr *) &address, &bytes), 0);
	memset(&url, 0, sizeof(url));
	url.host = host;
	url.port = ntohs(address.sin_port);
}

static void
tear_down(void)
{
	(void) close(listen_fd);
}

static int
open_socket(RedisAddresses *addresses)
{
	struct pollfd wanted = {.events = POLLOUT};

	ck_assert_ptr_null(redis_socket_resolve(&url, addresses));
	wanted.fd = redis_socket_open_next(addresses);
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
	RedisAddresses addresses;
	int			fd = open_socket(&addresses);
	int			silent_s = option(fd, IPPROTO_TCP, TCP_KEEPIDLE) +
	option(fd, IPPROTO_TCP, TCP_KEEPINTVL) * option(fd, IPPROTO_TCP, TCP_KEEPCNT);

	ck_assert_int_eq(redis_socket_error(fd), 0);
	ck_assert_int_eq(option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
	ck_assert_int_lt(silent_s, 10);
	/* with both, the kernel goes by the later of them */
	ck_assert_int_gt(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
	ck_assert_int_lt(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 10000);
	(void) close(fd);
	redis_socket_reset(&addresses);
}

END_TEST

START_TEST(redis_socket_sends_without_delay)
{
	RedisAddresses addresses;
	int			fd = open_socket(&addresses);

	ck_assert_int_ne(option(fd, IPPROTO_TCP, TCP_NODELAY), 0);
	(void) close(fd);
	redis_socket_reset(&addresses);
}

END_TEST

START_TEST(redis_socket_has_no_address_after_the_last)
{
	RedisAddresses addresses;
	int			fd = open_socket(&addresses);

	ck_assert_int_eq(redis_socket_open_next(&addresses), -1);
	(void) close(fd);
	redis_socket_reset(&addresses);
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
	tcase_add_test(tests, redis_socket_has_no_address_after_the_last);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
