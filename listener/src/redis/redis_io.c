/*-------------------------------------------------------------------------
 *
 * redis_io.c
 *	  The seam between a connection and what carries its bytes.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_io.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

void
redis_io_init(RedisIo *io, const RedisIoType *type)
{
	memset(io, 0, sizeof(*io));
	io->type = type;
	io->fd = -1;
}

bool
redis_io_open(RedisIo *io, const RedisUrl *url, int fd)
{
	io->fd = fd;
	io->connect_events = POLLOUT;
	io->read_events = POLLIN;
	io->write_events = POLLOUT;
	io->state = io->type->open(url, fd);
	if (io->state == NULL)
		redis_io_close(io);
	return io->state != NULL;
}

void
redis_io_close(RedisIo *io)
{
	if (io->state != NULL)
		io->type->close(io->state);
	if (io->fd >= 0)
		(void) close(io->fd);
	io->state = NULL;
	io->fd = -1;
	io->is_connected = false;
}

/* What to wait for before the next call. */
static short
events_of(RedisIoResult result, short usual)
{
	if (result == REDIS_IO_WANTS_READ)
		return POLLIN;
	if (result == REDIS_IO_WANTS_WRITE)
		return POLLOUT;
	return usual;
}

RedisIoResult
redis_io_connect(RedisIo *io)
{
	RedisIoResult result = io->type->connect(io->state);

	io->is_connected = result == REDIS_IO_DONE;
	io->connect_events = events_of(result, POLLOUT);
	return result;
}

RedisIoResult
redis_io_read(RedisIo *io, char *bytes, size_t room, size_t *moved_count)
{
	RedisIoResult result = io->type->read(io->state, bytes, room, moved_count);

	io->read_events = events_of(result, POLLIN);
	return result;
}

RedisIoResult
redis_io_write(RedisIo *io, const char *bytes, size_t byte_count, size_t *moved_count)
{
	RedisIoResult result = io->type->write(io->state, bytes, byte_count, moved_count);

	io->write_events = events_of(result, POLLOUT);
	return result;
}

bool
redis_io_has_buffered(const RedisIo *io)
{
	return io->is_connected && io->type->has_buffered(io->state);
}

const char *
redis_io_problem(const RedisIo *io)
{
	return io->type->problem(io->state);
}

const char *
redis_io_stalled(const RedisIo *io)
{
	return io->type->stalled != NULL ? io->type->stalled(io->state) : strerror(ETIMEDOUT);
}

short
redis_io_events(const RedisIo *io, bool has_output)
{
	if (!io->is_connected)
		return io->connect_events;
	return has_output ? io->read_events | io->write_events : io->read_events;
}

/* Errors and hang-ups, which poll(2) reports unasked, are found out by reading. */
bool
redis_io_may_read(const RedisIo *io, short revents)
{
	return (revents & (io->read_events | POLLERR | POLLHUP | POLLNVAL)) != 0 ||
		redis_io_has_buffered(io);
}

bool
redis_io_may_write(const RedisIo *io, short revents)
{
	return (revents & io->write_events) != 0;
}
