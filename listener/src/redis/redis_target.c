/*-------------------------------------------------------------------------
 *
 * redis_target.c
 *	  One Redis destination, a server or a cluster: deletes names and what matches
 *	  patterns, and proves it.
 *
 * Hands everything on to one of the two.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_target.h"

#include <stdlib.h>

#include "redis/redis_cluster.h"
#include "redis/redis_node.h"

/* One of them is NULL. */
struct RedisTarget
{
	RedisNode  *node;			/* owned */
	RedisCluster *cluster;		/* owned */
};

RedisTarget *
redis_target_create(Loop *loop, const Log *log, const RedisTargetSettings *settings,
					const RedisTargetEvents *events, void *context)
{
	RedisTarget *target = calloc(1, sizeof(*target));

	if (target == NULL)
		return NULL;
	if (settings->url->node_count > 0)
		target->cluster = redis_cluster_create(loop, log, settings, events, context);
	else
		target->node = redis_node_create(loop, log, settings, events, context);
	if (target->cluster == NULL && target->node == NULL)
	{
		free(target);
		return NULL;
	}
	return target;
}

void
redis_target_destroy(RedisTarget *target)
{
	if (target == NULL)
		return;
	redis_cluster_destroy(target->cluster);
	redis_node_destroy(target->node);
	free(target);
}

const KeyTally *
redis_target_keys(const RedisTarget *target)
{
	return target->cluster != NULL ? redis_cluster_keys(target->cluster) : redis_node_keys(target->node);
}

bool
redis_target_is_ready(const RedisTarget *target)
{
	return target->cluster != NULL ? redis_cluster_is_ready(target->cluster) : redis_node_is_ready(target->node);
}

const RedisUrl *
redis_target_server(const RedisTarget *target)
{
	return target->cluster != NULL ? redis_cluster_url(target->cluster) : redis_node_server(target->node);
}

bool
redis_target_is_cluster(const RedisTarget *target)
{
	return target->cluster != NULL;
}

bool
redis_target_get_histories(const RedisTarget *target, RedisHistories *histories)
{
	if (target->cluster != NULL)
		return redis_cluster_get_histories(target->cluster, histories);
	if (!redis_histories_reset(histories, 1))
		return false;
	histories->items[0] = *redis_node_history(target->node);
	return true;
}

bool
redis_target_scan(RedisTarget *target, const NameSets *patterns)
{
	return target->cluster != NULL ? redis_cluster_scan(target->cluster, patterns) :
		redis_node_scan(target->node, patterns);
}

void
redis_target_set_worker(RedisTarget *target, const RedisWorkEvents *events, void *context)
{
	if (target->cluster != NULL)
		redis_cluster_set_worker(target->cluster, events, context);
	else
		redis_node_set_worker(target->node, events, context);
}

void
redis_target_start(RedisTarget *target)
{
	if (target->cluster != NULL)
		redis_cluster_start(target->cluster);
	else
		redis_node_start(target->node);
}

void
redis_target_stop(RedisTarget *target)
{
	if (target->cluster != NULL)
		redis_cluster_stop(target->cluster);
	else
		redis_node_stop(target->node);
}

void
redis_target_apply(RedisTarget *target, RedisLane lane, const NameSets *names)
{
	if (target->cluster != NULL)
		redis_cluster_apply(target->cluster, lane, names);
	else
		redis_node_apply(target->node, lane, names);
}

void
redis_target_restart_history(RedisTarget *target)
{
	if (target->cluster != NULL)
		redis_cluster_restart_history(target->cluster);
	else
		redis_node_restart_history(target->node);
}

void
redis_target_abandon(RedisTarget *target)
{
	if (target->cluster != NULL)
		redis_cluster_abandon(target->cluster);
	else
		redis_node_abandon(target->node);
}

void
redis_target_allow_sweep(RedisTarget *target, bool is_allowed)
{
	if (target->node != NULL)
		redis_node_allow_sweep(target->node, is_allowed);
}
