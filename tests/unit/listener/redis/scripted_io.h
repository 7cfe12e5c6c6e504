/*-------------------------------------------------------------------------
 *
 * scripted_io.h
 *	  What carries a connection's bytes as the test says: it asks for the
 *	  opposite direction, gives little at a time, or stops.
 *
 * A '~' from the server is its own: as bytes of TLS it is part of no reply, but
 * handshakes and writes may wait for it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_SCRIPTED_IO_H
#define UNCACHED_SCRIPTED_IO_H

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "redis/redis_io.h"

#define SCRIPTED_IO_FRONT_BYTES 8

typedef struct ScriptedIo
{
	/* the test's; all zero carries bytes as they are */
	RedisIoResult handshake[4]; /* of connect, before it is done */
	size_t		handshake_steps;
	bool		has_no_memory;
	const char *connect_problem;
	const char *read_problem;
	size_t		piece_bytes;	/* at a time; 0 without bound */
	bool		reads_by_writing;	/* each read waits for the other direction */
	bool		writes_by_reading;	/* the first write waits for a '~' */
	bool		is_told_by_read;	/* which only a read takes from the socket */

	/* what became of it */
	int			open_count;		/* not closed yet */
	int			connect_count;
	int			write_count;

	/* its own */
	int			fd;
	short		connect_wants;	/* of poll(2); 0 at first */
	short		read_wants;
	bool		has_detoured;	/* the other direction was waited for */
	bool		has_mark;		/* a '~' came */
	const char *problem;
	char		front[SCRIPTED_IO_FRONT_BYTES]; /* of what a write refused */
	size_t		front_bytes;
	char		buffer[65536];
	size_t		start;
	size_t		end;
} ScriptedIo;

static ScriptedIo script;

static inline void
scripted_io_reset(void)
{
	memset(&script, 0, sizeof(script));
}

/* Nobody comes before what was asked for is there. */
static inline void
scripted_io_expect(short wants)
{
	struct pollfd wanted = {.fd = script.fd,.events = wants};

	if (wants != 0)
		ck_assert_int_eq(poll(&wanted, 1, 0), 1);
}

static inline RedisIoResult
scripted_io_want(short *wants, RedisIoResult result)
{
	*wants = result == REDIS_IO_WANTS_READ ? POLLIN : POLLOUT;
	return result;
}

static inline RedisIoResult
scripted_io_fail(const char *problem)
{
	script.problem = problem;
	return REDIS_IO_FAILED;
}

/* Takes all from the socket; the marks go. */
static inline void
scripted_io_drain(void)
{
	char	   *bytes = script.buffer + script.end;
	ssize_t		count = recv(script.fd, bytes, sizeof(script.buffer) - script.end, 0);

	for (ssize_t i = 0; i < count; i++)
		if (bytes[i] == '~')
			script.has_mark = true;
		else
			script.buffer[script.end++] = bytes[i];
}

static inline size_t
scripted_io_piece(size_t byte_count)
{
	return script.piece_bytes > 0 && script.piece_bytes < byte_count ?
		script.piece_bytes : byte_count;
}

static inline void *
scripted_io_open(const RedisUrl *url, int fd)
{
	(void) url;
	if (script.has_no_memory)
		return NULL;
	script.open_count++;
	script.connect_count = 0;
	script.connect_wants = POLLOUT;
	script.read_wants = POLLIN;
	script.start = script.end = script.front_bytes = 0;
	script.has_mark = script.has_detoured = false;
	script.fd = fd;
	return &script;
}

static inline RedisIoResult
scripted_io_connect(void *state)
{
	size_t		step = (size_t) script.connect_count++;

	(void) state;
	scripted_io_expect(script.connect_wants);
	if (step > 0)
		scripted_io_drain();
	if (script.connect_problem != NULL)
		return scripted_io_fail(script.connect_problem);
	if (step < script.handshake_steps)
		return scripted_io_want(&script.connect_wants, script.handshake[step]);
	script.has_mark = false;
	return REDIS_IO_DONE;
}

static inline RedisIoResult
scripted_io_read(void *state, char *bytes, size_t room, size_t *moved_count)
{
	size_t		count;

	(void) state;
	/* a write may have taken what the socket was readable for */
	if (!script.writes_by_reading && (script.start == script.end || script.read_wants == POLLOUT))
		scripted_io_expect(script.read_wants);
	scripted_io_drain();
	if (script.read_problem != NULL)
		return scripted_io_fail(script.read_problem);
	if (script.start == script.end)
		return scripted_io_want(&script.read_wants, REDIS_IO_WANTS_READ);
	if (script.reads_by_writing && !script.has_detoured)
	{
		script.has_detoured = true;
		return scripted_io_want(&script.read_wants, REDIS_IO_WANTS_WRITE);
	}
	script.read_wants = POLLIN;
	count = scripted_io_piece(script.end - script.start);
	ck_assert_uint_le(count, room);
	memcpy(bytes, script.buffer + script.start, count);
	script.start += count;
	if (script.start == script.end)
		script.start = script.end = 0;
	script.has_detoured = script.start < script.end;
	*moved_count = count;
	return REDIS_IO_DONE;
}

static inline RedisIoResult
scripted_io_write(void *state, const char *bytes, size_t byte_count, size_t *moved_count)
{
	ssize_t		count;

	(void) state;
	script.write_count++;
	ck_assert_uint_gt(byte_count, 0);
	if (script.writes_by_reading && !script.is_told_by_read)
		scripted_io_drain();
	ck_assert_uint_ge(byte_count, script.front_bytes);
	ck_assert_mem_eq(bytes, script.front, script.front_bytes);
	script.front_bytes = 0;
	if (script.writes_by_reading && !script.has_mark)
	{
		script.front_bytes = byte_count < SCRIPTED_IO_FRONT_BYTES ? byte_count : SCRIPTED_IO_FRONT_BYTES;
		memcpy(script.front, bytes, script.front_bytes);
		return REDIS_IO_WANTS_READ;
	}
	count = send(script.fd, bytes, scripted_io_piece(byte_count), MSG_NOSIGNAL);
	ck_assert_int_gt(count, 0);
	*moved_count = (size_t) count;
	return REDIS_IO_DONE;
}

static inline bool
scripted_io_has_buffered(const void *state)
{
	(void) state;
	return script.start < script.end && script.read_wants == POLLIN;
}

static inline const char *
scripted_io_problem(const void *state)
{
	(void) state;
	return script.problem;
}

static inline void
scripted_io_close(void *state)
{
	(void) state;
	script.open_count--;
}

static const RedisIoType scripted_io = {
	.open = scripted_io_open,
	.connect = scripted_io_connect,
	.read = scripted_io_read,
	.write = scripted_io_write,
	.has_buffered = scripted_io_has_buffered,
	.problem = scripted_io_problem,
	.close = scripted_io_close,
};

#endif
