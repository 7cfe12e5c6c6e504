/*-------------------------------------------------------------------------
 *
 * redis_counters.h
 *	  What was counted of a target's Redis since the process was started.
 *
 * Whoever makes a target owns the counters, which outlive it; servers of one target share
 * them.  Functions do nothing where they are NULL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_COUNTERS_H
#define UNCACHED_REDIS_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "redis/redis_error.h"
#include "redis/redis_info.h"
#include "redis/redis_queue.h"

/* What an answered command was. */
typedef enum RedisCounted
{
	REDIS_COUNTED_UNLINK,
	REDIS_COUNTED_SCRIPT,		/* of tags, versions, cacheops */
	REDIS_COUNTED_SCAN,
	REDIS_COUNTED_SWEEP,
	REDIS_COUNTED_INFO,
	REDIS_COUNTED_CLUSTER,		/* who serves which slot, and asking there */
	REDIS_COUNTED_COUNT
} RedisCounted;

/* Why a connection was of no use, for whoever counts that. */
typedef enum RedisErrorClass
{
	REDIS_CLASS_CONNECTION,		/* TLS included */
	REDIS_CLASS_SENTINEL,
	REDIS_CLASS_PASSWORD,		/* none, or a wrong one, or its file */
	REDIS_CLASS_PERMISSION,
	REDIS_CLASS_READONLY,		/* a replica */
	REDIS_CLASS_MEMORY,
	REDIS_CLASS_LOADING,
	REDIS_CLASS_CLUSTER,
	REDIS_CLASS_PROTOCOL,		/* an answer that Redis does not give */
	REDIS_CLASS_OTHER,			/* any other error reply */
	REDIS_CLASS_COUNT
} RedisErrorClass;

/* All zero is one where nothing has happened yet. */
typedef struct RedisCounters
{
	uint64_t	commands[REDIS_COUNTED_COUNT];	/* that were answered, errors
												 * included */
	uint64_t	keys_deleted;	/* by UNLINK */
	uint64_t	keys_missing;	/* named to UNLINK, and not there */
	uint64_t	connections;
	uint64_t	errors[REDIS_CLASS_COUNT];
	uint64_t	retries;		/* connections that broke with unfinished work */
	uint64_t	scanned_keys;	/* which SCAN was to look at */
	RedisInfo  *infos;			/* borrowed; of each server that is connected
								 * and tells of itself: a list */
} RedisCounters;

/* By the enums; static data. */
extern const char *const redis_counted_names[REDIS_COUNTED_COUNT];
extern const char *const redis_class_names[REDIS_CLASS_COUNT];

extern RedisErrorClass redis_counters_class(RedisFailure failure, const char *text);

extern void redis_counters_take_reply(RedisCounters *counters, const RedisCommand *command);
extern void redis_counters_take_keys(RedisCounters *counters, uint64_t named_count,
									 uint64_t deleted_count);
extern void redis_counters_take_connection(RedisCounters *counters);
extern void redis_counters_take_slice(RedisCounters *counters, size_t key_count);
extern void redis_counters_take_failure(RedisCounters *counters, RedisFailure failure,
										const char *text, bool had_work);

/* Puts an info into the list, which it is not in yet; takes it out, if it is there. */
extern void redis_counters_add_info(RedisCounters *counters, RedisInfo *info);
extern void redis_counters_remove_info(RedisCounters *counters, RedisInfo *info);

#endif
