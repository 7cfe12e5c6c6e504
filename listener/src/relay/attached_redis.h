/*-------------------------------------------------------------------------
 *
 * attached_redis.h
 *	  For which Redis a target's session is attached.
 *
 * What was acknowledged holds for that one alone: when another one is there, or the
 * same one with another history, attaching again tells what has to be deleted anew.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_ATTACHED_REDIS_H
#define UNCACHED_ATTACHED_REDIS_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "journal/journal_source.h"
#include "redis/redis_histories.h"
#include "redis/redis_target.h"

typedef struct AttachedRedis
{
	char	   *place;			/* owned; where in it keys are deleted */
	char	   *address;		/* owned */
	bool		is_known;		/* it was there when the session attached */
	bool		is_cluster;
	RedisHistories histories;	/* as they were told last; at least one where
								 * it is known */
} AttachedRedis;

/*
 * Prepares caller's storage, to be freed by attached_redis_free, with that of the
 * configuration.  False if memory is exhausted: free it all the same.
 */
extern bool attached_redis_init(AttachedRedis *attached, const TargetConfig *target_config)
			__attribute__((warn_unused_result));
extern void attached_redis_free(AttachedRedis *attached);

/* Attaches the idle session for the Redis that is there; if none is, for any. */
extern void attached_redis_attach(AttachedRedis *attached, const RedisTarget *redis,
								  JournalSource *source);

/* Is Redis the one that the session is attached for, or not there at all? */
extern bool attached_redis_holds(const AttachedRedis *attached, const RedisTarget *redis);

/*
 * Its history has gone on; where it stands now, 0 if that is not told.  Of a cluster that is the sum, and the
 * source is told what it consists of.
 */
extern int64_t attached_redis_go_on(AttachedRedis *attached, const RedisTarget *redis, JournalSource *source);

#endif
