/*-------------------------------------------------------------------------
 *
 * redis_cluster.c
 *	  A Redis Cluster as one destination: deletes names and what matches patterns, on the
 *	  nodes where they are, and proves it.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_cluster.h"

#include <stdlib.h>
#include <string.h>

#include "redis/redis_cluster_internal.h"

/* --- have all primaries told of their histories? --- */

static void
forget_places(RedisCluster *cluster)
{
	for (size_t i = 0; i < cluster->node_count; i++)
		cluster->nodes[i]->is_placed = false;
}

void
cluster_look_placed(RedisCluster *cluster)
{
	if (!cluster->is_ready)
		return;
	for (size_t i = 0; i < cluster->map.node_count; i++)
		if (!cluster->owners[i]->is_placed)
			return;
	forget_places(cluster);
	cluster->events->placed(cluster->context);
}

/* Without memory for it, the next event of a node has to do. */
void
cluster_set_timer(RedisCluster *cluster, LoopTimer *timer, int64_t wait_ms)
{
	if (!loop_timer_set(cluster->loop, timer, wait_ms))
		log_event(cluster->log, LOG_LEVEL_ERROR, "cannot set a timer for the Redis Cluster",
				  LOG_TEXT("target", cluster->settings.alias),
				  LOG_TEXT("error", "out of memory"),
				  LOG_TEXT("advice", "give the machine more memory, and start uncached again"));
}

/* --- is it ready? --- */

static bool
is_whole(const RedisCluster *cluster)
{
	if (!cluster->is_map_known)
		return false;
	for (size_t i = 0; i < cluster->map.node_count; i++)
		if (!redis_node_is_ready(cluster->owners[i]->target))
			return false;
	return true;
}

void
cluster_look_unready(RedisCluster *cluster)
{
	if (!cluster->is_ready)
		return;
	cluster->is_ready = false;
	cluster->events->lost(cluster->context);
}

void
cluster_look_ready(RedisCluster *cluster)
{
	if (!cluster->is_started || !is_whole(cluster))
	{
		cluster_look_unready(cluster);
		return;
	}
	if (cluster->is_ready)
		return;
	cluster->is_ready = true;
	cluster_report_whole(cluster);
	forget_places(cluster);
	cluster->events->ready(cluster->context);
}

/* --- the interface --- */

RedisCluster *
redis_cluster_create(Loop *loop, const Log *log, const RedisTargetSettings *settings,
					 const RedisTargetEvents *events, void *context)
{
	RedisCluster *cluster = calloc(1, sizeof(*cluster));

	if (cluster == NULL)
		return NULL;
	cluster->loop = loop;
	cluster->log = log;
	cluster->settings = *settings;
	cluster->events = events;
	cluster->context = context;
	cluster_nodes_init(cluster);
	cluster_map_init(cluster);
	cluster_lanes_init(cluster);
	cluster_pass_init(cluster);
	return cluster;
}

void
redis_cluster_set_worker(RedisCluster *cluster, const RedisWorkEvents *events, void *context)
{
	cluster->work_events = events;
	cluster->work_context = context;
}

void
redis_cluster_destroy(RedisCluster *cluster)
{
	if (cluster == NULL)
		return;
	redis_cluster_stop(cluster);
	cluster_lanes_free(cluster);
	cluster_nodes_free(cluster);
	cluster_map_free(cluster);
	free(cluster);
}

void
redis_cluster_start(RedisCluster *cluster)
{
	cluster->is_started = true;
	if (!cluster_nodes_begin(cluster))
		log_event(cluster->log, LOG_LEVEL_ERROR, "cannot connect to the Redis Cluster",
				  LOG_TEXT("target", cluster->settings.alias),
				  LOG_TEXT("error", "out of memory"),
				  LOG_TEXT("advice", "give the machine more memory, and start uncached again"));
	cluster_map_want(cluster);
}

void
redis_cluster_stop(RedisCluster *cluster)
{
	cluster->is_started = cluster->is_ready = false;
	redis_cluster_abandon(cluster);
	cluster_map_stop(cluster);
	cluster_nodes_stop(cluster);
}

bool
redis_cluster_is_ready(const RedisCluster *cluster)
{
	return cluster->is_ready;
}

const RedisUrl *
redis_cluster_url(const RedisCluster *cluster)
{
	return cluster->settings.url;
}

/* In the order of the map, which is that of the nodes' ids. */
bool
redis_cluster_get_histories(const RedisCluster *cluster, RedisHistories *histories)
{
	if (!redis_histories_reset(histories, cluster->is_ready ? cluster->map.node_count : 0))
		return false;
	for (size_t i = 0; i < histories->count; i++)
		histories->items[i] = *redis_node_history(cluster->owners[i]->target);
	return true;
}

void
redis_cluster_apply(RedisCluster *cluster, RedisLane lane, const NameSets *names)
{
	cluster_lane_begin(cluster, lane, names);
}

/* Of nodes that are gone as well. */
const KeyTally *
redis_cluster_keys(RedisCluster *cluster)
{
	cluster->all_keys = cluster->keys;
	for (size_t i = 0; i < cluster->node_count; i++)
		if (!cluster->nodes[i]->is_gone)
			cluster_add_keys(&cluster->all_keys, redis_node_keys(cluster->nodes[i]->target));
	return &cluster->all_keys;
}

bool
redis_cluster_scan(RedisCluster *cluster, const NameSets *patterns)
{
	return cluster_pass_begin(cluster, patterns);
}

void
redis_cluster_restart_history(RedisCluster *cluster)
{
	forget_places(cluster);
	for (size_t i = 0; i < cluster->node_count; i++)
		redis_node_restart_history(cluster->nodes[i]->target);
}

void
redis_cluster_abandon(RedisCluster *cluster)
{
	cluster_lanes_abandon(cluster);
}
