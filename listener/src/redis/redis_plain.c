/*-------------------------------------------------------------------------
 *
 * redis_plain.c
 *	  Carries a connection's bytes over its socket as they are.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_plain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "redis/redis_socket.h"

/* How a server that speaks TLS refuses to go on without, whatever its version. */
#define ALERT_BYTES 2
static const char alert[ALERT_BYTES] = {0x15, 0x03};

typedef struct PlainIo
{
	int			fd;				/* borrowed */
	bool		has_read;		/* something came */
	const char *problem;		/* static, or of strerror; NULL while there is
								 * none */
} PlainIo;

static void *
plain_open(const RedisUrl *url, int fd)
{
	PlainIo    *plain = calloc(1, sizeof(*plain));

	(void) url;
	if (plain != NULL)
		plain->fd = fd;
	return plain;
}

static RedisIoResult
fail(PlainIo *plain, const char *problem)
{
	plain->problem = problem;
	return REDIS_IO_FAILED;
}

static RedisIoResult
plain_connect(void *state)
{
	PlainIo    *plain = state;
	int			error = redis_socket_error(plain->fd);

	return error == 0 ? REDIS_IO_DONE : fail(plain, strerror(error));
}

static RedisIoResult
plain_read(void *state, char *bytes, size_t room, size_t *moved_count)
{
	PlainIo    *plain = state;
	ssize_t		count = recv(plain->fd, bytes, room, 0);

	if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return REDIS_IO_WANTS_READ;
	if (!plain->has_read && (count == 0 || (count < 0 && errno == ECONNRESET)))
		return fail(plain, "Redis closed the connection before it sent anything");
	if (!plain->has_read && count >= ALERT_BYTES && memcmp(bytes, alert, ALERT_BYTES) == 0)
		return fail(plain, "Redis closed the connection before it sent anything but an alert of TLS");
	if (count == 0)
		return fail(plain, "Redis closed the connection");
	if (count < 0)
		return fail(plain, strerror(errno));
	plain->has_read = true;
	*moved_count = (size_t) count;
	return REDIS_IO_DONE;
}

static RedisIoResult
plain_write(void *state, const char *bytes, size_t byte_count, size_t *moved_count)
{
	PlainIo    *plain = state;
	ssize_t		count;

	do
		count = send(plain->fd, bytes, byte_count, MSG_NOSIGNAL);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ?
			REDIS_IO_WANTS_WRITE : fail(plain, strerror(errno));
	*moved_count = (size_t) count;
	return REDIS_IO_DONE;
}

static bool
plain_has_buffered(const void *state)
{
	(void) state;
	return false;
}

static const char *
plain_problem(const void *state)
{
	return ((const PlainIo *) state)->problem;
}

const RedisIoType redis_plain = {
	.open = plain_open,
	.connect = plain_connect,
	.read = plain_read,
	.write = plain_write,
	.has_buffered = plain_has_buffered,
	.problem = plain_problem,
	.close = free,
};
