/*-------------------------------------------------------------------------
 *
 * redis_cluster_set.h
 *	  How a set and its members are deleted in a cluster: one set, step by step.
 *
 * The members lie in other slots than the set, so that no script can delete both.  The set is taken away
 * first, by RENAME to a name of its own in the same slot: whoever registers a key after that makes a new set,
 * which is not touched.  Then members are read, deleted where they are, and removed from the set,
 * again and again until none is left.  The name is the same each time: what is left of an attempt that
 * ended early is finished by the next one.
 *
 * Sends nothing itself: it says which command comes next and reads its answer.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_CLUSTER_SET_H
#define UNCACHED_REDIS_CLUSTER_SET_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>

#include "batch/keyset.h"
#include "redis/redis_output.h"

typedef struct RedisClusterSet
{
	KeySet		names;			/* the set's, and the one it is taken away to;
								 * none while there is no set */
	bool		is_taken;		/* it has been renamed since it was begun */
	KeySet		members;		/* that were read last */
} RedisClusterSet;

extern void redis_cluster_set_init(RedisClusterSet *set, uint64_t seed);
extern void redis_cluster_set_free(RedisClusterSet *set);

/* False if memory is exhausted: there is no set then. */
extern bool redis_cluster_set_begin(RedisClusterSet *set, const char *name, size_t name_bytes)
			__attribute__((warn_unused_result));
extern void redis_cluster_set_end(RedisClusterSet *set);
extern bool redis_cluster_set_is_active(const RedisClusterSet *set);

/*
 * The next command: the members that were read last have been deleted.  Its arguments are borrowed from the set,
 * and valid until it is changed; there are at most REDIS_CLUSTER_SET_ARGUMENTS.
 */
#define REDIS_CLUSTER_SET_MEMBERS ((size_t) 250)
#define REDIS_CLUSTER_SET_ARGUMENTS (REDIS_CLUSTER_SET_MEMBERS + 7)

extern size_t redis_cluster_set_ask(const RedisClusterSet *set, RedisArgument *arguments);

/*
 * Reads the answer.  If there are no members then, the set is finished, and there is none any more.  On failure
 * returns a static text that says why, else NULL.
 */
extern const char *redis_cluster_set_take(RedisClusterSet *set, const redisReply *reply)
			__attribute__((warn_unused_result));

#endif
