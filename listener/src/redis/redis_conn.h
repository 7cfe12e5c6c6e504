/*-------------------------------------------------------------------------
 *
 * redis_conn.h
 *	  One connection to Redis: bytes out, replies in, deadlines.
 *
 * Knows how to connect and to say hello (AUTH, SELECT, PING, HELLO, INFO, CLIENT
 * SETNAME), and nothing about what later commands mean.  Where the URL's host
 * has several addresses, they are tried until one greets.  A replica is not
 * connected to: it fails as if it had answered READONLY; nor are a node of a
 * cluster and a Sentinel.  Replies come in the
 * order of commands.  A connection may be opened again after it was closed.
 * Callbacks run from the loop, never from inside a function of this header; a
 * callback may call any of them but redis_conn_destroy.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_CONN_H
#define UNCACHED_REDIS_CONN_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "base/url.h"
#include "redis/redis_error.h"
#include "redis/redis_history.h"
#include "redis/redis_io.h"
#include "redis/redis_output.h"

/* Above this many unsent bytes, write no more until "progressed". */
#define REDIS_CONN_HIGH_WATER_BYTES ((size_t) 1024 * 1024)

typedef struct RedisConn RedisConn;

typedef struct RedisConnTimeouts
{
	int64_t		connect_ms;		/* for the name's look-up, and then for each
								 * address, greeting included */
	int64_t		reply_ms;		/* without a byte while replies are awaited */
} RedisConnTimeouts;

typedef struct RedisConnEvents
{
	/* Greeted: commands may be written. */
	void		(*connected) (void *context);

	/* The next reply, valid during the callback; may be an error reply. */
	void		(*replied) (void *context, const redisReply *reply);

	/* Replies were handed out or output was sent: a good time to write. */
	void		(*progressed) (void *context);

	/*
	 * Could not connect, or the connection broke; it is closed.  "reason" is
	 * valid during the callback; for an error reply it begins with Redis'
	 * text.
	 */
	void		(*failed) (void *context, RedisFailure failure, const char *reason);
} RedisConnEvents;

/*
 * "url" and "events" are borrowed.  Nothing is opened yet.  NULL if memory is
 * exhausted.
 */
extern RedisConn *redis_conn_create(Loop *loop, const RedisUrl *url,
									const RedisConnTimeouts *timeouts,
									const RedisConnEvents *events, void *context);

/* For tests, only while closed: what carries its bytes instead. */
extern void redis_conn_set_io(RedisConn *conn, const RedisIoType *type);

/* NULL is allowed. */
extern void redis_conn_destroy(RedisConn *conn);

/* Only while closed.  Answered by "connected" or "failed". */
extern void redis_conn_open(RedisConn *conn);

/* Forgets unsent output and awaited replies; no callback runs any more. */
extern void redis_conn_close(RedisConn *conn);

/*
 * Appends RESP bytes to the output; redis_conn_end_command says that they now
 * make a whole command, for which one reply is awaited.  Nothing is sent
 * before redis_conn_flush.  Only while connected.  If memory is exhausted,
 * the connection fails.
 */
extern void redis_conn_write(RedisConn *conn, const char *bytes, size_t byte_count);
extern void redis_conn_end_command(RedisConn *conn);

/* Both for one whole command. */
extern void redis_conn_write_command(RedisConn *conn, const RedisArgument *arguments,
									 size_t count);
extern void redis_conn_flush(RedisConn *conn);

/* Which address that is, valid until it is opened again; "" for a unix socket. */
extern const char *redis_conn_address(const RedisConn *conn);

/*
 * What the server at the other end told of its history in the greeting; valid
 * until the connection is opened again.  Only while connected.
 */
extern const RedisHistory *redis_conn_history(const RedisConn *conn);

/* Writes the commands that ask for it again, REDIS_GREETING_HISTORY_COMMANDS. */
extern void redis_conn_ask_history(RedisConn *conn);

/* Has the output room for another command? */
extern bool redis_conn_has_room(const RedisConn *conn);

#endif
