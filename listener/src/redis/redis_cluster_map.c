/*-------------------------------------------------------------------------
 *
 * redis_cluster_map.c
 *	  Finds out who serves the slots of a Redis Cluster.
 *
 * The map is asked for again when a node answers MOVED, when a connection is lost, for each pass, and by a
 * timer: one question at a time, and not more often than the pauses allow.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "redis/redis_cluster_internal.h"

#define MAP_INTERVAL_MS 10000
#define MAP_PAUSE_MS 1000
#define MAP_PASS_PAUSE_MS 100

/* --- asking --- */

static bool
can_be_asked(const ClusterNode *node)
{
	return !node->is_gone && redis_node_is_ready(node->target);
}

/* Some other one than the last if there is any: nobody knows which of them is behind. */
static ClusterNode *
choose_node(RedisCluster *cluster)
{
	for (size_t i = 1; i <= cluster->node_count; i++)
	{
		ClusterNode *node = cluster->nodes[(cluster->last_asked + i) % cluster->node_count];

		if (can_be_asked(node))
		{
			cluster->last_asked = (cluster->last_asked + i) % cluster->node_count;
			return node;
		}
	}
	return NULL;
}

static void
ask_for_map(RedisCluster *cluster)
{
	RedisArgument arguments[2] = {redis_argument_text("CLUSTER"), redis_argument_text("SLOTS")};
	const ClusterCall call = {.type = CLUSTER_CALL_SLOTS};
	ClusterNode *node = choose_node(cluster);

	/* whoever is ready next is asked */
	if (node == NULL || !cluster_node_call(node, &call, arguments, 2))
		return;
	cluster->asked_node = node;
	cluster->is_map_wanted = false;
	cluster->map_asked_ms = loop_now_ms(cluster->loop);
}

static void
await_map_time(RedisCluster *cluster, int64_t wait_ms)
{
	cluster_set_timer(cluster, &cluster->map_timer, wait_ms);
}

static void
want_map(RedisCluster *cluster, int64_t pause_ms)
{
	int64_t		wait_ms = cluster->map_asked_ms + pause_ms - loop_now_ms(cluster->loop);

	cluster->is_map_wanted = true;
	if (!cluster->is_started || cluster->asked_node != NULL)
		return;
	if (wait_ms > 0 && cluster->map_asked_ms > 0)
		await_map_time(cluster, wait_ms);
	else
		ask_for_map(cluster);
}

void
cluster_map_want(RedisCluster *cluster)
{
	want_map(cluster, MAP_PAUSE_MS);
}

void
cluster_map_want_for_pass(RedisCluster *cluster)
{
	want_map(cluster, MAP_PASS_PAUSE_MS);
}

static void
map_is_due(void *context)
{
	want_map(context, 0);
}

/* --- the map --- */

/* Who serves a slot has a node; who does not, and has nothing to be asked, needs none. */
static bool
take_owners(RedisCluster *cluster)
{
	bool		has_all = true;

	for (size_t i = 0; i < cluster->node_count; i++)
		cluster->nodes[i]->serves = false;
	for (size_t i = 0; i < cluster->map.node_count; i++)
	{
		ClusterNode *node = cluster_node_at(cluster, cluster->map.nodes[i].host, cluster->map.nodes[i].port);

		cluster->owners[i] = node;
		if (node != NULL)
			node->serves = true;
		has_all &= node != NULL;
	}
	return has_all;
}

static void
let_others_go(RedisCluster *cluster)
{
	for (size_t i = 0; i < cluster->node_count; i++)
		if (!cluster->nodes[i]->serves && !cluster->nodes[i]->is_gone)
			cluster_node_let_go(cluster->nodes[i]);
}

/* Is it served by the nodes that it was served by? */
static bool
has_same_nodes(const RedisCluster *cluster, const RedisSlotMap *map)
{
	if (cluster->map.node_count != map->node_count)
		return false;
	for (size_t i = 0; i < map->node_count; i++)
		if (strcmp(cluster->map.nodes[i].id, map->nodes[i].id) != 0)
			return false;
	return true;
}

/* Other primaries have another history together. */
static void
adopt_map(RedisCluster *cluster, const RedisSlotMap *map)
{
	if (!has_same_nodes(cluster, map))
		cluster_look_unready(cluster);
	redis_slot_map_free(&cluster->map);
	cluster->map = *map;
}

static const char *
take_map(RedisCluster *cluster, const ClusterNode *node, const redisReply *reply)
{
	RedisSlotMap map;
	const char *problem;

	if (reply->type == REDIS_REPLY_ERROR)
		return reply->str;
	redis_slot_map_init(&map);
	problem = redis_slot_map_read(&map, reply, node->url.host);
	if (problem != NULL)
		return problem;
	if (!redis_slot_map_is_complete(&map))
	{
		redis_slot_map_free(&map);
		return "not every slot of the cluster is served";
	}
	adopt_map(cluster, &map);
	return take_owners(cluster) ? NULL : "out of memory";
}

static int64_t
pause_ms(const RedisCluster *cluster, const char *problem)
{
	if (problem != NULL)
		return MAP_PAUSE_MS;
	if (!cluster->is_map_wanted)
		return MAP_INTERVAL_MS;
	return cluster->pass.matcher != NULL && cluster->pass.phase == CLUSTER_PHASE_MAP ?
		MAP_PASS_PAUSE_MS : MAP_PAUSE_MS;
}

/* While the map is of no use nodes stay that may tell a better one. */
void
cluster_map_take(ClusterNode *node, const redisReply *reply)
{
	RedisCluster *cluster = node->cluster;
	const char *problem = take_map(cluster, node, reply);

	cluster->asked_node = NULL;
	cluster->is_map_known = problem == NULL;
	if (problem != NULL)
		cluster_report_map(cluster, node, problem);
	else
	{
		cluster->map_count++;
		let_others_go(cluster);
	}
	await_map_time(cluster, pause_ms(cluster, problem));
	cluster_look_ready(cluster);
	cluster_lanes_advance(cluster);
}

/* --- the interface --- */

bool
cluster_map_can_be_asked(const RedisCluster *cluster)
{
	for (size_t i = 0; i < cluster->node_count; i++)
		if (can_be_asked(cluster->nodes[i]))
			return true;
	return false;
}

void
cluster_map_init(RedisCluster *cluster)
{
	redis_slot_map_init(&cluster->map);
	loop_timer_init(&cluster->map_timer, map_is_due, cluster);
}

void
cluster_map_stop(RedisCluster *cluster)
{
	loop_timer_remove(cluster->loop, &cluster->map_timer);
	cluster->asked_node = NULL;
	cluster->is_map_known = false;
}

void
cluster_map_free(RedisCluster *cluster)
{
	redis_slot_map_free(&cluster->map);
}
