/*-------------------------------------------------------------------------
 *
 * redis_io.h
 *	  The seam between a connection and what carries its bytes.
 *
 * Above it nobody knows whether bytes go over the socket as they are
 * (redis_plain.h) or in TLS (redis_tls.h).  A way of carrying them is one RedisIoType; it never
 * blocks, and says for which direction of the socket each of its functions waits:
 * a read may have to write first, and the other way round.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_IO_H
#define UNCACHED_REDIS_IO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/url.h"

typedef enum RedisIoResult
{
	REDIS_IO_DONE,				/* connected, or at least one byte was moved */
	REDIS_IO_WANTS_READ,		/* nothing yet: again once the socket is
								 * readable */
	REDIS_IO_WANTS_WRITE,		/* nothing yet: again once it is writable */
	REDIS_IO_FAILED				/* "problem" says why; only close may follow */
} RedisIoResult;

typedef struct RedisIoType
{
	/*
	 * Returns what the other functions get as "state".  The socket is
	 * borrowed: it is connecting and non-blocking.  So is the URL.  NULL if
	 * memory is exhausted.
	 */
	void	   *(*open) (const RedisUrl *url, int fd);

	/*
	 * Is connected, all handshakes included?  Called first when the socket is
	 * writable.
	 */
	RedisIoResult (*connect) (void *state);

	/*
	 * Sets *moved_count if done.  The end of what the peer sends is a
	 * failure.
	 */
	RedisIoResult (*read) (void *state, char *bytes, size_t room, size_t *moved_count);

	/*
	 * Likewise, of at least one byte.  What was not moved comes again, at the
	 * front of what is written next, which may be longer and lie elsewhere.
	 */
	RedisIoResult (*write) (void *state, const char *bytes, size_t byte_count,
							size_t *moved_count);

	/*
	 * Has it bytes that a read would give although the socket is not
	 * readable?
	 */
	bool		(*has_buffered) (const void *state);

	/* Why it failed, valid until close. */
	const char *(*problem) (const void *state);

	/*
	 * What is to be said if it takes too long to connect, valid until close.
	 * NULL: that the socket does.
	 */
	const char *(*stalled) (const void *state);

	/* Frees the state; the socket is closed afterwards. */
	void		(*close) (void *state);
} RedisIoType;

typedef struct RedisIo
{
	const RedisIoType *type;	/* borrowed */
	void	   *state;			/* owned; NULL while closed */
	int			fd;				/* owned; -1 while closed */
	bool		is_connected;
	short		connect_events; /* of poll(2): what each waits for */
	short		read_events;
	short		write_events;
} RedisIo;

/* Prepares caller's storage; it is closed. */
extern void redis_io_init(RedisIo *io, const RedisIoType *type);

/*
 * Takes over a socket that is connecting.  Only while closed.  False if memory is
 * exhausted: then the socket is closed.
 */
extern bool redis_io_open(RedisIo *io, const RedisUrl *url, int fd)
			__attribute__((warn_unused_result));

/* Closes the socket as well; may be called again. */
extern void redis_io_close(RedisIo *io);

/* As in RedisIoType; reads and writes only once it is connected. */
extern RedisIoResult redis_io_connect(RedisIo *io) __attribute__((warn_unused_result));
extern RedisIoResult redis_io_read(RedisIo *io, char *bytes, size_t room, size_t *moved_count)
			__attribute__((warn_unused_result));
extern RedisIoResult redis_io_write(RedisIo *io, const char *bytes, size_t byte_count,
									size_t *moved_count) __attribute__((warn_unused_result));
extern bool redis_io_has_buffered(const RedisIo *io);
extern const char *redis_io_problem(const RedisIo *io);
extern const char *redis_io_stalled(const RedisIo *io);

/* What to poll the socket for: to connect, then to read and, with output, to write. */
extern short redis_io_events(const RedisIo *io, bool has_output);

/* After poll(2) has answered "revents": has come what a read, or a write, waits for? */
extern bool redis_io_may_read(const RedisIo *io, short revents);
extern bool redis_io_may_write(const RedisIo *io, short revents);

#endif
