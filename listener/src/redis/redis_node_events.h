/*-------------------------------------------------------------------------
 *
 * redis_node_events.h
 *	  What a node reports to the cluster that it belongs to.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_NODE_EVENTS_H
#define UNCACHED_REDIS_NODE_EVENTS_H

#include <hiredis/hiredis.h>

#include "batch/name_sets.h"
#include "redis/redis_target_events.h"

typedef struct RedisNode RedisNode;

/* Of a node of a cluster only: for what a pass over the cluster has to do besides. */
#define REDIS_LANE_PASS REDIS_LANE_COUNT
#define REDIS_NODE_LANE_COUNT (REDIS_LANE_COUNT + 1)

/* For the cluster that a node belongs to. */
typedef struct RedisNodeEvents
{
	/*
	 * A name's command in the lane, for found names the one of the pass, was
	 * answered by an error that speaks of the name's slot (MOVED, ASK,
	 * TRYAGAIN): the node is done with it.  Both are valid during the
	 * callback.
	 */
	void		(*redirected) (void *context, RedisLane lane, NameKind kind, const KeySlice *name,
							   const char *error);

	/*
	 * Its pass has found names of kinds that go by steps, which it leaves to
	 * the cluster.
	 */
	void		(*found) (void *context, const NameSets *names);

	/*
	 * The next answer to a redis_node_call; none comes of what was asked
	 * before "lost".
	 */
	void		(*called) (void *context, const redisReply *reply);
} RedisNodeEvents;

#endif
