/*-------------------------------------------------------------------------
 *
 * redis_cluster.h
 *	  A Redis Cluster as one destination: deletes names and what matches patterns, on the
 *	  nodes where they are, and proves it.
 *
 * Each primary is a redis_node of its own, with its own connection and pipeline.  A lane's
 * names are dealt out by their slots, one name a command; the lane is done when every node has
 * answered for its part.  A name that a node sends elsewhere is dealt out again, with a map of the slots
 * that was asked for after that; nothing else is repeated because of it.
 *
 * Functions and events are those of redis_target.h, where their contracts stand.  It is ready
 * while it knows who serves each slot and all of them are ready.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_CLUSTER_H
#define UNCACHED_REDIS_CLUSTER_H

#include <stdbool.h>

#include "base/log.h"
#include "base/loop.h"
#include "batch/name_sets.h"
#include "redis/key_tally.h"
#include "redis/redis_histories.h"
#include "redis/redis_target_events.h"

typedef struct RedisCluster RedisCluster;

/* settings->url leads to any node of the cluster. */
extern RedisCluster *redis_cluster_create(Loop *loop, const Log *log, const RedisTargetSettings *settings,
										  const RedisTargetEvents *events, void *context);
extern void redis_cluster_set_worker(RedisCluster *cluster, const RedisWorkEvents *events, void *context);
extern void redis_cluster_destroy(RedisCluster *cluster);
extern void redis_cluster_start(RedisCluster *cluster);
extern void redis_cluster_stop(RedisCluster *cluster);
extern bool redis_cluster_is_ready(const RedisCluster *cluster);

extern const RedisUrl *redis_cluster_url(const RedisCluster *cluster);
extern bool redis_cluster_get_histories(const RedisCluster *cluster, RedisHistories *histories)
			__attribute__((warn_unused_result));

extern const KeyTally *redis_cluster_keys(RedisCluster *cluster);
extern void redis_cluster_apply(RedisCluster *cluster, RedisLane lane, const NameSets *names);
extern bool redis_cluster_scan(RedisCluster *cluster, const NameSets *patterns)
			__attribute__((warn_unused_result));
extern void redis_cluster_restart_history(RedisCluster *cluster);
extern void redis_cluster_abandon(RedisCluster *cluster);

#endif
