/*-------------------------------------------------------------------------
 *
 * health_client.c
 *	  Asks a running daemon at its health socket.
 *
 *-------------------------------------------------------------------------
 */
#include "status/health_client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int64_t
now_ms(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Its connect(2) does not wait: where too many do, it fails with EAGAIN. */
static int
open_connection(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int			fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(address.sun_path, path, strnlen(path, sizeof(address.sun_path) - 1));
	if (fd >= 0 && connect(fd, (const struct sockaddr *) &address, sizeof(address)) != 0)
	{
		int			saved_errno = errno;

		(void) close(fd);
		errno = saved_errno;
		return -1;
	}
	return fd;
}

/* Until the end; a static text that says what went wrong, or NULL. */
static const char *
print_answer(int fd, int64_t deadline_ms, FILE *stream)
{
	bool		is_empty = true;

	for (;;)
	{
		struct pollfd entry = {.fd = fd,.events = POLLIN};
		char		bytes[4096];
		ssize_t		count = read(fd, bytes, sizeof(bytes));
		int64_t		left_ms = deadline_ms - now_ms();

		if (count == 0)
			return is_empty ? "the daemon's answer is empty" : NULL;
		if (count > 0)
		{
			(void) fwrite(bytes, 1, (size_t) count, stream);
			is_empty = false;
		}
		else if (errno != EAGAIN && errno != EINTR)
			return strerror(errno);
		else if (left_ms <= 0)
			return "the daemon does not answer";
		else
			(void) poll(&entry, 1, (int) left_ms);
	}
}

bool
health_client_ask(const char *path, int64_t timeout_ms, FILE *stream, char *error,
				  size_t error_bytes)
{
	int64_t		deadline_ms = now_ms() + timeout_ms;
	int			fd = open_connection(path);
	const char *problem;

	if (fd < 0)
	{
		(void) snprintf(error, error_bytes, "cannot connect to the health socket: %s",
						errno == EAGAIN ? "the daemon accepts no connection" : strerror(errno));
		return false;
	}
	problem = print_answer(fd, deadline_ms, stream);
	if (problem != NULL)
		(void) snprintf(error, error_bytes, "%s", problem);
	(void) close(fd);
	return problem == NULL;
}
