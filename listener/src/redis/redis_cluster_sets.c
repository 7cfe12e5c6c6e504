/*-------------------------------------------------------------------------
 *
 * redis_cluster_sets.c
 *	  Goes through a lane's sets in a cluster, one after the other.
 *
 * What is asked about a set is in redis_cluster_set.h; its members are dealt out as the lane's keys.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_cluster_internal.h"
#include "redis/redis_script.h"

/* Where a lane's sets are. */
static const NameSets *
sets_of(const RedisCluster *cluster, RedisLane lane)
{
	return lane == REDIS_LANE_PASS ? &cluster->lanes[lane].found : cluster->lanes[lane].names;
}

/* The next set is in hand, if there is one and memory for it. */
static void
take_next_set(RedisCluster *cluster, RedisLane lane)
{
	ClusterLane *work = &cluster->lanes[lane];
	const NameSets *sets = sets_of(cluster, lane);
	const char *name;
	size_t		name_bytes;

	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
	{
		size_t		position = work->position[kind];

		if (!redis_script_is_of_sets(kind) || !keyset_next(&sets->of[kind], &position, &name, &name_bytes))
			continue;
		if (redis_cluster_set_begin(&work->set, name, name_bytes))
			work->position[kind] = position;
		return;
	}
}

bool
cluster_sets_have_more(const RedisCluster *cluster, RedisLane lane)
{
	const ClusterLane *work = &cluster->lanes[lane];
	const NameSets *sets = sets_of(cluster, lane);

	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
		if (redis_script_is_of_sets(kind) && work->position[kind] < sets->of[kind].byte_count)
			return true;
	return redis_cluster_set_is_active(&work->set);
}

static void
ask_about_set(RedisCluster *cluster, RedisLane lane)
{
	ClusterLane *work = &cluster->lanes[lane];
	RedisArgument arguments[REDIS_CLUSTER_SET_ARGUMENTS];
	const ClusterCall call = {CLUSTER_CALL_SET, lane, work->number};
	size_t		position = 0;
	const char *name;
	size_t		name_bytes;
	ClusterNode *node;

	(void) keyset_next(&work->set.names, &position, &name, &name_bytes);
	node = cluster_owner(cluster, name, name_bytes);
	if (node != NULL && cluster_node_call(node, &call, arguments, redis_cluster_set_ask(&work->set, arguments)))
		work->set_node = node;
	else
		cluster_lanes_advance_later(cluster);
}

void
cluster_sets_advance(RedisCluster *cluster, RedisLane lane)
{
	ClusterLane *work = &cluster->lanes[lane];

	if (work->set_node != NULL)
		return;
	if (!redis_cluster_set_is_active(&work->set))
		take_next_set(cluster, lane);
	if (redis_cluster_set_is_active(&work->set))
		ask_about_set(cluster, lane);
	else
		cluster_lanes_advance_later(cluster);
}

/* While its slot is on the move a set may have to wait: its two names must be in one place. */
static void
take_set_error(RedisCluster *cluster, RedisLane lane, ClusterNode *node, const char *error)
{
	if (redis_error_is_redirect(error))
	{
		if (!redis_error_is_moved(error))
			cluster_report_set_waits(cluster, lane, node, error);
		cluster_map_want(cluster);
	}
	else
		redis_node_fail(node->target, error);
	cluster_lanes_advance_later(cluster);
}

void
cluster_lane_take_set(RedisCluster *cluster, RedisLane lane, ClusterNode *node, const redisReply *reply)
{
	ClusterLane *work = &cluster->lanes[lane];
	const char *problem;

	work->set_node = NULL;
	if (reply->type == REDIS_REPLY_ERROR)
	{
		take_set_error(cluster, lane, node, reply->str);
		return;
	}
	cluster_report_set_done(cluster, lane);
	problem = redis_cluster_set_take(&work->set, reply);
	if (problem != NULL)
		redis_node_fail(node->target, problem);
	if (problem != NULL ||
		!cluster_lane_deal_keys(cluster, lane, &work->set.members))
		work->has_forgotten = true;
	cluster_lane_advance(cluster, lane);
}

void
cluster_lanes_lose_answers(const ClusterNode *node)
{
	for (RedisLane lane = 0; lane < REDIS_NODE_LANE_COUNT; lane++)
	{
		ClusterLane *work = &node->cluster->lanes[lane];

		if (work->set_node != node)
			continue;
		work->set_node = NULL;
		work->number++;
	}
}

void
cluster_lane_add_found(RedisCluster *cluster, const NameSets *names)
{
	ClusterLane *work = &cluster->lanes[REDIS_LANE_PASS];

	if (!name_sets_merge(&work->found, names, name_kinds_with(NAME_TIMING_STEPS)))
		work->has_forgotten = true;
}
