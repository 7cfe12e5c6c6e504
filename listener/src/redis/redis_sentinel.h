/*-------------------------------------------------------------------------
 *
 * redis_sentinel.h
 *	  Asks sentinels where the master is, one after the other.
 *
 * An attempt begins with the sentinel that named the server in use last.  Each that cannot be
 * asked, does not know the name, answers anything else, or names a server that is then refused
 * is passed over, with a reason, until one is left over or none.  So an attempt ends: each is
 * asked once, and each question has the deadlines of a connection.  While the server is used,
 * it is asked once a second whether it still is the master.  Callbacks run from the
 * loop, never from inside a function of this header, and may call any of them
 * but redis_sentinel_destroy.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_SENTINEL_H
#define UNCACHED_REDIS_SENTINEL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/loop.h"
#include "base/url.h"
#include "redis/redis_conn.h"
#include "redis/redis_error.h"

typedef struct RedisSentinel RedisSentinel;

/* What redis_sentinel_tell says at most: more than a connection's reason. */
#define REDIS_SENTINEL_TEXT_BYTES 800

typedef struct RedisSentinelEvents
{
	/* redis_sentinel_server says where it is. */
	void		(*found) (void *context);

	/*
	 * While the server is used: a sentinel names another one.  It is to be
	 * left, and another attempt begun.
	 */
	void		(*moved) (void *context);

	/*
	 * While the server is used: no sentinel says any more whether it still is
	 * the master, for reasons that redis_sentinel_tell has; or one does
	 * again.
	 */
	void		(*watched) (void *context, bool is_answered);

	/*
	 * None is left; "reason" is what redis_sentinel_tell says, valid during
	 * the callback.
	 */
	void		(*failed) (void *context, RedisFailure failure, const char *reason);
} RedisSentinelEvents;

/* "url", which has sentinels, and "events" are borrowed.  NULL if memory is exhausted. */
extern RedisSentinel *redis_sentinel_create(Loop *loop, const RedisUrl *url,
											const RedisConnTimeouts *timeouts,
											const RedisSentinelEvents *events, void *context);

/* NULL is allowed. */
extern void redis_sentinel_destroy(RedisSentinel *sentinel);

/*
 * Begins an attempt.  Answered by "found" or "failed", unless it is ended.  Only while none is
 * under way.
 */
extern void redis_sentinel_begin(RedisSentinel *sentinel);

/* The server that was found is of no use.  Answered as begin is. */
extern void redis_sentinel_refuse(RedisSentinel *sentinel, RedisFailure failure,
								  const char *reason);

/* It is used, until "moved", begin or end: whoever named it comes first from now on. */
extern void redis_sentinel_keep(RedisSentinel *sentinel);

/* No callback runs any more; it is not used.  May be called at any time. */
extern void redis_sentinel_end(RedisSentinel *sentinel);

/*
 * The server that was named last, valid as long as the sentinel: the same URL with that host
 * and port, each found anew; before any the host is "".
 */
extern const RedisUrl *redis_sentinel_server(const RedisSentinel *sentinel);

/*
 * Who was passed over in this attempt, and why, most urgent first.  False if there was
 * nobody: then the text is empty.
 */
extern bool redis_sentinel_tell(const RedisSentinel *sentinel, RedisFailure *failure,
								char *text, size_t text_bytes);

#endif
