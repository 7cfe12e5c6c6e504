/*-------------------------------------------------------------------------
 *
 * redis_cluster_lane.c
 *	  Deals out a lane's names to the nodes of a cluster, and gathers what they send elsewhere.
 *
 * A lane goes by rounds: names are dealt out, one part for each node, and when all parts are done, what was
 * redirected makes the next round: by ASK, to the node that was named, each command behind an ASKING; by
 * MOVED and TRYAGAIN, by a map that was read later.  It is done when nothing is left.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "redis/redis_cluster_internal.h"
#include "redis/redis_script.h"

/* Until names are dealt out again that there was no memory for. */
#define DEAL_AGAIN_MS 100

/* Between two lines on cacheops. */
#define CACHEOPS_INTERVAL_MS ((int64_t) 60 * 60 * 1000)

/* --- dealing out --- */

ClusterNode *
cluster_owner(const RedisCluster *cluster, const char *name, size_t name_bytes)
{
	uint16_t	index = cluster->map.owners[redis_slot(name, name_bytes)];

	return index == REDIS_SLOT_NO_NODE ? NULL : cluster->owners[index];
}

static bool
deal_name(RedisCluster *cluster, RedisLane lane, NameKind kind, const char *name, size_t name_bytes)
{
	ClusterNode *node = cluster_owner(cluster, name, name_bytes);

	return node != NULL && keyset_add(&node->parts[lane].of[kind], NULL, 0, name, name_bytes);
}

static bool
deal_kind(RedisCluster *cluster, RedisLane lane, NameKind kind, const KeySet *names)
{
	size_t		position = 0;
	const char *name;
	size_t		name_bytes;

	while (keyset_next(names, &position, &name, &name_bytes))
		if (!deal_name(cluster, lane, kind, name, name_bytes))
			return false;
	return true;
}

/* What goes by steps is not dealt out. */
static bool
deal_names(RedisCluster *cluster, RedisLane lane, const NameSets *names)
{
	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
		if (!redis_script_is_stepwise(kind) && !deal_kind(cluster, lane, kind, &names->of[kind]))
			return false;
	return true;
}

static bool
is_busy(const RedisCluster *cluster, RedisLane lane)
{
	for (size_t i = 0; i < cluster->node_count; i++)
		if (cluster->nodes[i]->is_busy[lane])
			return true;
	return false;
}

static void
hand_out(RedisCluster *cluster, RedisLane lane)
{
	for (size_t i = 0; i < cluster->node_count; i++)
	{
		ClusterNode *node = cluster->nodes[i];

		if (node->is_gone || name_sets_count(&node->parts[lane]) == 0)
			continue;
		node->is_busy[lane] = true;
		redis_node_apply(node->target, lane, &node->parts[lane]);
	}
}

static void
take_parts_back(RedisCluster *cluster, RedisLane lane)
{
	for (size_t i = 0; i < cluster->node_count; i++)
		name_sets_reset(&cluster->nodes[i]->parts[lane]);
}

void
cluster_lanes_advance_later(RedisCluster *cluster)
{
	if (!loop_timer_is_armed(&cluster->deal_timer))
		cluster_set_timer(cluster, &cluster->deal_timer, DEAL_AGAIN_MS);
}

/* Either all were dealt out, or none are yet. */
static bool
finish_dealing(RedisCluster *cluster, RedisLane lane, bool has_dealt_all)
{
	if (has_dealt_all)
		hand_out(cluster, lane);
	else
	{
		take_parts_back(cluster, lane);
		cluster_lanes_advance_later(cluster);
	}
	return has_dealt_all;
}

bool
cluster_lane_deal_keys(RedisCluster *cluster, RedisLane lane, const KeySet *keys)
{
	return finish_dealing(cluster, lane, deal_kind(cluster, lane, NAME_KEY, keys));
}

static bool
deal(RedisCluster *cluster, RedisLane lane, const NameSets *names)
{
	return finish_dealing(cluster, lane, deal_names(cluster, lane, names));
}

/* --- what was redirected --- */

static bool
hand_out_asked(RedisCluster *cluster, RedisLane lane)
{
	bool		has_any = false;

	for (size_t i = 0; i < cluster->node_count; i++)
	{
		ClusterNode *node = cluster->nodes[i];
		const NameSets part = node->parts[lane];

		if (node->is_gone || name_sets_count(&node->asked[lane]) == 0)
			continue;
		node->parts[lane] = node->asked[lane];
		node->asked[lane] = part;
		node->is_busy[lane] = true;
		has_any = true;
		redis_node_ask(node->target, lane, true);
		redis_node_apply(node->target, lane, &node->parts[lane]);
	}
	return has_any;
}

void
cluster_lane_redirect(ClusterNode *node, RedisLane lane, NameKind kind, const KeySlice *name, const char *error)
{
	RedisCluster *cluster = node->cluster;
	ClusterNode *asked = redis_error_is_ask(error) ? cluster_node_of_error(node, error) : NULL;
	NameSets   *names = asked != NULL ? &asked->asked[lane] : &cluster->lanes[lane].moved;
	const char *bytes;
	size_t		byte_count;

	keyset_slice_first(name, &bytes, &byte_count);
	if (!keyset_add(&names->of[kind], NULL, 0, bytes, byte_count))
		cluster->lanes[lane].has_forgotten = true;
	if (asked == NULL)
	{
		cluster->lanes[lane].moved_at = cluster->map_count;
		cluster_map_want(cluster);
	}
}

/* Nothing is done. */
static void
restart(ClusterLane *lane)
{
	name_sets_reset(&lane->moved);
	lane->is_dealt = false;
	lane->has_forgotten = false;
	memset(lane->position, 0, sizeof(lane->position));
	redis_cluster_set_end(&lane->set);
	lane->set_node = NULL;
	lane->number++;
}

static void
deal_moved(RedisCluster *cluster, RedisLane lane)
{
	ClusterLane *work = &cluster->lanes[lane];

	if (cluster->map_count == work->moved_at)
		return;
	if (deal(cluster, lane, &work->moved))
		name_sets_reset(&work->moved);
}

void
cluster_lanes_take_back(ClusterNode *node)
{
	for (RedisLane lane = 0; lane < REDIS_NODE_LANE_COUNT; lane++)
	{
		ClusterLane *work = &node->cluster->lanes[lane];

		if (!name_sets_merge(&work->moved, &node->parts[lane], NAME_KINDS_ALL) ||
			!name_sets_merge(&work->moved, &node->asked[lane], NAME_KINDS_ALL))
			work->has_forgotten = true;
		name_sets_reset(&node->parts[lane]);
		name_sets_reset(&node->asked[lane]);
		node->is_busy[lane] = false;
	}
	if (node->is_scanning || node->cluster->pass.lister == node)
		cluster_pass_restart(node->cluster);
}

/* --- going on --- */

static bool
has_moved(const ClusterLane *work)
{
	return name_sets_count(&work->moved) > 0;
}

/*
 * Rows of cacheops name sets and results by patterns of its own, in slots that no script may use together.  They are
 * not done by passing over them: the lane goes no further, nothing behind them is acknowledged.
 */
static bool
is_refused(const ClusterLane *work)
{
	return work->names->of[NAME_CACHEOPS].key_count > 0;
}

static void
report_cacheops(RedisCluster *cluster)
{
	int64_t		now_ms = loop_now_ms(cluster->loop);

	if (cluster->cacheops_ms > 0 && now_ms - cluster->cacheops_ms < CACHEOPS_INTERVAL_MS)
		return;
	cluster->cacheops_ms = now_ms;
	log_event(cluster->log, LOG_LEVEL_ERROR, "cacheops rules do not work with a Redis Cluster, their rows wait",
			  LOG_TEXT("target", cluster->settings.alias),
			  LOG_TEXT("error", "cacheops keeps sets and results in different slots, and needs a single Redis"),
			  LOG_TEXT("advice", "drop the rules with uncache.unwatch, or give them a target on the Redis that cacheops uses;"
					   " then stop uncached, call uncache.drop_consumer for this target, and start uncached again"));
}

static void
finish(RedisCluster *cluster, RedisLane lane)
{
	cluster->lanes[lane].names = NULL;
	if (lane == REDIS_LANE_PASS)
		cluster_pass_advance(cluster);
	else
		cluster->work_events->apply_done(cluster->work_context, lane);
}

void
cluster_lane_advance(RedisCluster *cluster, RedisLane lane)
{
	ClusterLane *work = &cluster->lanes[lane];

	if (work->names == NULL || !cluster->is_map_known || is_busy(cluster, lane))
		return;
	if (work->has_forgotten && lane == REDIS_LANE_PASS)
	{
		cluster_pass_restart(cluster);
		return;
	}
	if (work->has_forgotten)
		restart(work);
	if (!work->is_dealt)
		work->is_dealt = deal(cluster, lane, work->names);
	else if (hand_out_asked(cluster, lane))
		return;
	else if (has_moved(work))
		deal_moved(cluster, lane);
	if (!work->is_dealt || has_moved(work) || is_busy(cluster, lane))
		return;
	if (cluster_sets_have_more(cluster, lane))
		cluster_sets_advance(cluster, lane);
	else if (is_refused(work))
		report_cacheops(cluster);
	else
		finish(cluster, lane);
}

void
cluster_lanes_advance(RedisCluster *cluster)
{
	for (RedisLane lane = 0; lane < REDIS_NODE_LANE_COUNT; lane++)
		cluster_lane_advance(cluster, lane);
	cluster_pass_advance(cluster);
}

static void
deal_again(void *context)
{
	cluster_lanes_advance(context);
}

void
cluster_lanes_init(RedisCluster *cluster)
{
	for (RedisLane lane = 0; lane < REDIS_NODE_LANE_COUNT; lane++)
	{
		name_sets_init(&cluster->lanes[lane].moved, cluster->settings.seed);
		name_sets_init(&cluster->lanes[lane].found, cluster->settings.seed);
		redis_cluster_set_init(&cluster->lanes[lane].set, cluster->settings.seed);
	}
	loop_timer_init(&cluster->deal_timer, deal_again, cluster);
}

void
cluster_lanes_free(RedisCluster *cluster)
{
	for (RedisLane lane = 0; lane < REDIS_NODE_LANE_COUNT; lane++)
	{
		name_sets_free(&cluster->lanes[lane].moved);
		name_sets_free(&cluster->lanes[lane].found);
		redis_cluster_set_free(&cluster->lanes[lane].set);
	}
	loop_timer_remove(cluster->loop, &cluster->deal_timer);
}

/* --- the interface --- */

void
cluster_lane_begin(RedisCluster *cluster, RedisLane lane, const NameSets *names)
{
	ClusterLane *work = &cluster->lanes[lane];

	restart(work);
	work->names = names;
	cluster_lane_advance(cluster, lane);
}

void
cluster_lane_begin_rest(RedisCluster *cluster)
{
	static const NameSets nothing;

	cluster->lanes[REDIS_LANE_PASS].names = &nothing;
	cluster->lanes[REDIS_LANE_PASS].is_dealt = true;
	cluster_lane_advance(cluster, REDIS_LANE_PASS);
}

static void
abandon_part(ClusterNode *node, RedisLane lane)
{
	redis_node_ask(node->target, lane, false);
	name_sets_reset(&node->parts[lane]);
	name_sets_reset(&node->asked[lane]);
	node->is_busy[lane] = false;
}

static void
abandon_parts(ClusterNode *node)
{
	redis_node_abandon(node->target);
	for (RedisLane lane = 0; lane < REDIS_NODE_LANE_COUNT; lane++)
		abandon_part(node, lane);
	node->is_scanning = false;
}

static void
abandon_lane(ClusterLane *work)
{
	work->names = NULL;
	name_sets_reset(&work->found);
	restart(work);
}

void
cluster_lanes_abandon_pass(RedisCluster *cluster)
{
	for (size_t i = 0; i < cluster->node_count; i++)
	{
		ClusterNode *node = cluster->nodes[i];

		redis_node_abandon_pass(node->target);
		abandon_part(node, REDIS_LANE_PASS);
		node->is_scanning = false;
	}
	abandon_lane(&cluster->lanes[REDIS_LANE_PASS]);
}

void
cluster_lanes_abandon(RedisCluster *cluster)
{
	for (size_t i = 0; i < cluster->node_count; i++)
		abandon_parts(cluster->nodes[i]);
	for (RedisLane lane = 0; lane < REDIS_NODE_LANE_COUNT; lane++)
		abandon_lane(&cluster->lanes[lane]);
	cluster_pass_end(cluster);
}
