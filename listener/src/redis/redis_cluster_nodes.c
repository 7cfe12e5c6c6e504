/*-------------------------------------------------------------------------
 *
 * redis_cluster_nodes.c
 *	  The nodes of a Redis Cluster, and what they tell.
 *
 * A node is known by host and port.  Those that the URL names come first; once the map is known, it says which
 * nodes are needed.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis/redis_cluster_internal.h"

static const RedisTargetEvents target_events;
static const RedisWorkEvents work_events;
static const RedisNodeEvents node_events;

/* --- making and destroying --- */

static void
free_node(ClusterNode *node)
{
	if (node == NULL)
		return;
	redis_node_destroy(node->target);
	for (RedisLane lane = 0; lane < REDIS_NODE_LANE_COUNT; lane++)
	{
		name_sets_free(&node->parts[lane]);
		name_sets_free(&node->asked[lane]);
	}
	url_reset(&node->url);
	free(node);
}

static ClusterNode *
make_node(RedisCluster *cluster, const char *host, int port)
{
	ClusterNode *node = calloc(1, sizeof(*node));
	RedisTargetSettings settings = cluster->settings;

	if (node == NULL)
		return NULL;
	node->cluster = cluster;
	for (RedisLane lane = 0; lane < REDIS_NODE_LANE_COUNT; lane++)
	{
		name_sets_init(&node->parts[lane], settings.seed);
		name_sets_init(&node->asked[lane], settings.seed);
	}
	if (!url_cluster_node(cluster->settings.url, host, port, &node->url))
	{
		free_node(node);
		return NULL;
	}
	settings.url = &node->url;
	settings.sweep_ms = 0;
	node->target = redis_node_create(cluster->loop, cluster->log, &settings, &target_events, node);
	if (node->target == NULL)
	{
		free_node(node);
		return NULL;
	}
	redis_node_join(node->target, &node_events, node);
	redis_node_set_worker(node->target, &work_events, node);
	return node;
}

static bool
is_at(const ClusterNode *node, const char *host, int port)
{
	return node->url.port == port && strcmp(node->url.host, host) == 0;
}

static bool
keep_node(RedisCluster *cluster, ClusterNode *node)
{
	ClusterNode **nodes = realloc(cluster->nodes, (cluster->node_count + 1) * sizeof(*nodes));

	if (nodes == NULL)
		return false;
	nodes[cluster->node_count++] = node;
	cluster->nodes = nodes;
	return true;
}

ClusterNode *
cluster_node_at(RedisCluster *cluster, const char *host, int port)
{
	ClusterNode *node;

	for (size_t i = 0; i < cluster->node_count; i++)
		if (!cluster->nodes[i]->is_gone && is_at(cluster->nodes[i], host, port))
			return cluster->nodes[i];
	node = make_node(cluster, host, port);
	if (node != NULL && !keep_node(cluster, node))
	{
		free_node(node);
		return NULL;
	}
	if (node != NULL)
		redis_node_start(node->target);
	return node;
}

/* The last word of the error is "host:port"; an IPv6 address stands without brackets. */
ClusterNode *
cluster_node_of_error(const ClusterNode *node, const char *error)
{
	char		host[REDIS_SLOT_HOST_BYTES];
	const char *address = strrchr(error, ' ');
	const char *colon = strrchr(error, ':');
	long		port;

	if (address == NULL || colon == NULL || colon < address || (size_t) (colon - address) > sizeof(host))
		return NULL;
	port = strtol(colon + 1, NULL, 10);
	if (port < 1 || port > 65535)
		return NULL;
	memcpy(host, address + 1, (size_t) (colon - address - 1));
	host[colon - address - 1] = '\0';
	return cluster_node_at(node->cluster, host[0] != '\0' ? host : node->url.host, (int) port);
}

/* Not from inside a callback of theirs. */
static void
remove_gone(void *context)
{
	RedisCluster *cluster = context;
	size_t		kept = 0;

	for (size_t i = 0; i < cluster->node_count; i++)
	{
		if (cluster->nodes[i]->is_gone)
			free_node(cluster->nodes[i]);
		else
			cluster->nodes[kept++] = cluster->nodes[i];
	}
	cluster->node_count = kept;
}

void
cluster_add_keys(KeyTally *sum, const KeyTally *keys)
{
	sum->named_count += keys->named_count;
	sum->deleted_count += keys->deleted_count;
}

/* It has nothing in hand any more.  Without memory for the timer it goes with the next one. */
void
cluster_node_let_go(ClusterNode *node)
{
	RedisCluster *cluster = node->cluster;

	cluster_lanes_take_back(node);
	cluster_add_keys(&cluster->keys, redis_node_keys(node->target));
	redis_node_stop(node->target);
	if (cluster->asked_node == node)
		cluster->asked_node = NULL;
	node->is_gone = true;
	cluster_set_timer(cluster, &cluster->removal_timer, 0);
}

bool
cluster_nodes_begin(RedisCluster *cluster)
{
	const RedisUrl *url = cluster->settings.url;

	for (size_t i = 0; i < url->node_count; i++)
		if (cluster_node_at(cluster, url->nodes[i].host, url->nodes[i].port) == NULL)
			return false;
	return true;
}

/* --- asking --- */

bool
cluster_node_call(ClusterNode *node, const ClusterCall *call, const RedisArgument *arguments, size_t count)
{
	if (node->call_count == CLUSTER_CALLS || !redis_node_call(node->target, arguments, count))
		return false;
	node->calls[(node->first_call + node->call_count++) % CLUSTER_CALLS] = *call;
	return true;
}

/* --- what nodes tell --- */

static void
node_ready(void *context)
{
	ClusterNode *node = context;

	if (!node->cluster->is_map_known || node->cluster->is_map_wanted)
		cluster_map_want(node->cluster);
	cluster_look_ready(node->cluster);
	cluster_lanes_advance(node->cluster);
}

/* Whom the URL names may have to be asked again. */
static void
node_lost(void *context)
{
	ClusterNode *node = context;
	RedisCluster *cluster = node->cluster;

	node->call_count = 0;
	node->is_placed = false;
	cluster_pass_ask_again(cluster);
	cluster_lanes_lose_answers(node);
	if (cluster->asked_node == node)
		cluster->asked_node = NULL;
	if (!cluster_map_can_be_asked(cluster))
		(void) cluster_nodes_begin(cluster);
	cluster_look_ready(cluster);
	cluster_map_want(cluster);
}

static void
node_placed(void *context)
{
	ClusterNode *node = context;

	node->is_placed = true;
	cluster_look_placed(node->cluster);
}

static void
node_apply_done(void *context, RedisLane lane)
{
	ClusterNode *node = context;

	node->is_busy[lane] = false;
	redis_node_ask(node->target, lane, false);
	name_sets_reset(&node->parts[lane]);
	cluster_lane_advance(node->cluster, lane);
}

static void
node_scan_done(void *context)
{
	ClusterNode *node = context;

	node->is_scanning = false;
	cluster_pass_advance(node->cluster);
}

static void
node_redirected(void *context, RedisLane lane, NameKind kind, const KeySlice *name, const char *error)
{
	cluster_lane_redirect(context, lane, kind, name, error);
}

static void
node_found(void *context, const NameSets *names)
{
	ClusterNode *node = context;

	cluster_lane_add_found(node->cluster, names);
}

/* What is refused is logged as any other refusal, and asked again when the node is back. */
static void
take_pass_answer(ClusterNode *node, const redisReply *reply)
{
	if (reply->type == REDIS_REPLY_ERROR && !redis_error_is_redirect(reply->str))
		redis_node_fail(node->target, reply->str);
	else
		cluster_pass_take(node->cluster, reply);
}

static void
node_called(void *context, const redisReply *reply)
{
	ClusterNode *node = context;
	ClusterCall call = node->calls[node->first_call];

	node->first_call = (node->first_call + 1) % CLUSTER_CALLS;
	node->call_count--;
	switch (call.type)
	{
		case CLUSTER_CALL_SLOTS:
			cluster_map_take(node, reply);
			break;
		case CLUSTER_CALL_PASS:
			if (call.number == node->cluster->pass.number)
				take_pass_answer(node, reply);
			break;
		case CLUSTER_CALL_SET:
			if (call.number == node->cluster->lanes[call.lane].number)
				cluster_lane_take_set(node->cluster, call.lane, node, reply);
			break;
	}
}

static const RedisTargetEvents target_events = {
	.ready = node_ready,
	.placed = node_placed,
	.lost = node_lost,
};

static const RedisWorkEvents work_events = {
	.apply_done = node_apply_done,
	.scan_done = node_scan_done,
};

static const RedisNodeEvents node_events = {
	.redirected = node_redirected,
	.found = node_found,
	.called = node_called,
};

/* --- all of them --- */

void
cluster_nodes_init(RedisCluster *cluster)
{
	loop_timer_init(&cluster->removal_timer, remove_gone, cluster);
}

void
cluster_nodes_free(RedisCluster *cluster)
{
	loop_timer_remove(cluster->loop, &cluster->removal_timer);
	for (size_t i = 0; i < cluster->node_count; i++)
		free_node(cluster->nodes[i]);
	free(cluster->nodes);
}

void
cluster_nodes_stop(RedisCluster *cluster)
{
	for (size_t i = 0; i < cluster->node_count; i++)
		redis_node_stop(cluster->nodes[i]->target);
}
