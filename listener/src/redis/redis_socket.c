/*-------------------------------------------------------------------------
 *
 * redis_socket.c
 *	  Non-blocking sockets to a Redis server.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A peer that vanished is noticed after about 9 s even without a command. */
#define KEEPALIVE_IDLE_S 3
#define KEEPALIVE_INTERVAL_S 2
#define KEEPALIVE_COUNT 3
#define USER_TIMEOUT_MS 9000

static void
set_option(int fd, int level, int option, int value)
{
	/* none of them is needed for being correct, only for being quick */
	(void) setsockopt(fd, level, option, &value, sizeof(value));
}

static int
start_connect(int family, const struct sockaddr *address, socklen_t address_bytes)
{
	int			fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int			saved_errno;

	if (fd < 0)
		return -1;
	if (family != AF_UNIX)
	{
		set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
		set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
		set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
		set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
		set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT);
		set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS);
	}
	if (connect(fd, address, address_bytes) == 0 || errno == EINPROGRESS)
		return fd;
	saved_errno = errno;
	(void) close(fd);
	errno = saved_errno;
	return -1;
}

int
redis_socket_open_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t		path_bytes = strlen(path);

	if (path_bytes >= sizeof(address.sun_path))
	{
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, path_bytes);
	return start_connect(AF_UNIX, (const struct sockaddr *) &address, sizeof(address));
}

int
redis_socket_open(const struct addrinfo *address)
{
	return start_connect(address->ai_family, address->ai_addr, address->ai_addrlen);
}

int
redis_socket_error(int fd)
{
	int			error = 0;
	socklen_t	error_bytes = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_bytes) != 0)
		return errno;
	return error;
}
