/*-------------------------------------------------------------------------
 *
 * redis_target.h
 *	  One Redis destination: deletes keys and what matches patterns, and
 *	  proves it.
 *
 * Two pieces of work may be in hand at a time, one of each kind; they share
 * the connection, and keys go first.  Work is done when every command that
 * belongs to it was answered as Redis answers success, all over one
 * connection.  On anything else the connection is dropped and, after a
 * backoff, all unfinished work is sent again from its start; that goes on
 * until it succeeds or is abandoned.  Callbacks run from the loop, never
 * from inside a function of this header; a callback may call any of them but
 * redis_target_destroy.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_TARGET_H
#define UNCACHED_REDIS_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "keyset.h"
#include "log.h"
#include "loop.h"
#include "redis_conn.h"
#include "url.h"

typedef struct RedisTarget RedisTarget;

typedef struct RedisTargetSettings
{
	const char *alias;			/* borrowed; for the log */
	const RedisUrl *url;		/* borrowed */
	RedisConnTimeouts timeouts;
	int64_t		backoff_first_ms;
	int64_t		backoff_cap_ms;
	uint64_t	seed;
} RedisTargetSettings;

typedef struct RedisTargetEvents
{
	/* Connected and greeted. */
	void		(*ready) (void *context);

	/*
	 * A connection could not be made or was dropped; it was logged.  The
	 * target tries again by itself.
	 */
	void		(*lost) (void *context);

	/* The keys are proven to be deleted; they are no longer borrowed. */
	void		(*keys_done) (void *context);

	/* A whole pass with the patterns is proven. */
	void		(*scan_done) (void *context);
} RedisTargetEvents;

/*
 * "settings" is copied, "events" borrowed.  Nothing is connected yet.  NULL
 * if memory is exhausted.
 */
extern RedisTarget *redis_target_create(Loop *loop, const Log *log,
										const RedisTargetSettings *settings,
										const RedisTargetEvents *events, void *context);

/* NULL is allowed. */
extern void redis_target_destroy(RedisTarget *target);

/* Connects, and stays connected as far as possible. */
extern void redis_target_start(RedisTarget *target);

/* Disconnects and abandons all work; no callback runs any more. */
extern void redis_target_stop(RedisTarget *target);

extern bool redis_target_is_ready(const RedisTarget *target);

/*
 * Which Redis process it is: one that was started again has another name.  ""
 * if that is not told.  Only while ready; valid until it is lost.
 */
extern const char *redis_target_server_id(const RedisTarget *target);

/*
 * UNLINKs the keys, at least one, which are borrowed and must not change
 * until keys_done or redis_target_abandon.  Only while no other keys are in
 * hand.
 */
extern void redis_target_apply(RedisTarget *target, const KeySet *keys);

/*
 * UNLINKs every key that matches one of the patterns, which are copied.  Only
 * while no other pass is in hand.  False if memory is exhausted.
 */
extern bool redis_target_scan(RedisTarget *target, const KeySet *patterns)
			__attribute__((warn_unused_result));

/* Forgets all work in hand; its callbacks are not called any more. */
extern void redis_target_abandon(RedisTarget *target);

#endif
