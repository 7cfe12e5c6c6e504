/*-------------------------------------------------------------------------
 *
 * redis_cluster_pass.c
 *	  One pass over all primaries of a cluster that finds the names which match patterns.
 *
 * Each node's own pass proves what stays on that node meanwhile.  A slot that moves may take names from a node
 * whose turn is still to come to one whose turn is over.  So it is found out which slots were on the move when
 * the nodes' passes began, and when all had ended, and which have changed owners between: of these the
 * names are listed, first where a slot is, then where it is moving to.  A slot that began to move
 * after all passes had ended was in one place as long as they went on.
 *
 * The phases, in their order.  Where an owner goes away, all begins again.
 *
 *	OPEN_BEFORE		each primary says which of its slots are on the move
 *	NODES			each one's own pass
 *	MAP				the map is read again
 *	OPEN_AFTER		as OPEN_BEFORE
 *	SLOTS			the names of these slots are listed, one slot after the other
 *	REST			what was found so, or sent elsewhere by a node, is deleted
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis/redis_cluster_internal.h"
#include "redis/redis_script.h"

#define AGAIN_MS 1000

/* A slot's number, or any other, as text. */
#define NUMBER_BYTES 24

/* Names that come to a slot between counting and listing. */
#define MORE_KEYS 1000

static void begin_phase(RedisCluster *cluster, ClusterPhase phase);

static void
advance_later(RedisCluster *cluster)
{
	cluster_set_timer(cluster, &cluster->pass.again_timer, AGAIN_MS);
}

/* Answers to what was asked before are passed over. */
static void
forget_questions(ClusterPass *pass)
{
	pass->number++;
	pass->awaited_count = 0;
}

void
cluster_pass_ask_again(RedisCluster *cluster)
{
	if (cluster->pass.matcher == NULL)
		return;
	forget_questions(&cluster->pass);
	advance_later(cluster);
}

void
cluster_pass_restart(RedisCluster *cluster)
{
	ClusterPass *pass = &cluster->pass;

	if (pass->matcher == NULL)
		return;
	forget_questions(pass);
	cluster_lanes_abandon_pass(cluster);
	redis_slot_map_free(&pass->before);
	memset(&pass->slots, 0, sizeof(pass->slots));
	pass->lister = NULL;
	pass->phase = CLUSTER_PHASE_BEGIN;
	advance_later(cluster);
}

/* The map may be that of before: it is compared with a later one. */
static void
begin(RedisCluster *cluster)
{
	if (!cluster->is_map_known || !redis_slot_map_copy(&cluster->pass.before, &cluster->map))
		advance_later(cluster);
	else
		begin_phase(cluster, CLUSTER_PHASE_OPEN_BEFORE);
}

static bool
ask(RedisCluster *cluster, ClusterNode *node, const RedisArgument *arguments, size_t count)
{
	const ClusterCall call = {.type = CLUSTER_CALL_PASS,.number = cluster->pass.number};

	return cluster_node_call(node, &call, arguments, count);
}

/* --- slots on the move --- */

static void
ask_open_slots(RedisCluster *cluster)
{
	const RedisArgument arguments[] = {redis_argument_text("CLUSTER"), redis_argument_text("NODES")};

	for (size_t i = 0; i < cluster->map.node_count; i++)
	{
		if (!ask(cluster, cluster->owners[i], arguments, 2))
		{
			cluster_pass_ask_again(cluster);
			return;
		}
		cluster->pass.awaited_count++;
	}
}

static void
take_open_slots(RedisCluster *cluster, const redisReply *reply)
{
	ClusterPass *pass = &cluster->pass;

	if (redis_slot_set_add_open(&pass->slots, reply) != NULL)
		cluster_pass_restart(cluster);
	else if (--pass->awaited_count == 0)
		begin_phase(cluster, pass->phase + 1);
}

/* --- the nodes' own passes --- */

static void
begin_nodes(RedisCluster *cluster)
{
	for (size_t i = 0; i < cluster->map.node_count; i++)
	{
		ClusterNode *node = cluster->owners[i];

		redis_node_share_scan_rate(node->target, cluster->map.node_count);
		if (!redis_node_scan(node->target, &cluster->pass.patterns))
		{
			cluster_pass_restart(cluster);
			return;
		}
		node->is_scanning = true;
	}
}

static bool
is_scanning(const RedisCluster *cluster)
{
	for (size_t i = 0; i < cluster->node_count; i++)
		if (cluster->nodes[i]->is_scanning)
			return true;
	return false;
}

/* --- listing a slot --- */

static bool
ask_of_slot(RedisCluster *cluster, const char *verb, long long number)
{
	ClusterPass *pass = &cluster->pass;
	char		slot[NUMBER_BYTES];
	char		count[NUMBER_BYTES];
	RedisArgument arguments[4] = {redis_argument_text("CLUSTER"), redis_argument_text(verb)};

	(void) snprintf(slot, sizeof(slot), "%u", pass->slot);
	(void) snprintf(count, sizeof(count), "%lld", number);
	arguments[2] = redis_argument_text(slot);
	arguments[3] = redis_argument_text(count);
	return ask(cluster, pass->lister, arguments, number < 0 ? 3 : 4);
}

/* Some name of the slot, which hardly anybody has. */
static void
make_probe(unsigned int slot, char name[NUMBER_BYTES])
{
	unsigned int number = 0;

	do
		(void) snprintf(name, NUMBER_BYTES, "uncache:%u", number++);
	while (redis_slot(name, strlen(name)) != slot);
}

/* A slot that is leaving answers ASK for a name that is not there. */
static bool
ask_probe(RedisCluster *cluster)
{
	char		name[NUMBER_BYTES];
	RedisArgument arguments[2] = {redis_argument_text("EXISTS")};

	make_probe(cluster->pass.slot, name);
	arguments[1] = redis_argument_text(name);
	return ask(cluster, cluster->pass.lister, arguments, 2);
}

static bool
ask_step(RedisCluster *cluster)
{
	switch (cluster->pass.step)
	{
		case CLUSTER_STEP_COUNT:
			return ask_of_slot(cluster, "COUNTKEYSINSLOT", -1);
		case CLUSTER_STEP_LIST:
			return ask_of_slot(cluster, "GETKEYSINSLOT", 2 * cluster->pass.key_count + MORE_KEYS);
		case CLUSTER_STEP_PROBE:
			return ask_probe(cluster);
	}
	return false;
}

/* Who was just named may have to be connected to first. */
static void
advance_slots(RedisCluster *cluster)
{
	ClusterPass *pass = &cluster->pass;

	if (pass->awaited_count > 0)
		return;
	if (pass->lister == NULL)
	{
		if (!redis_slot_set_next(&pass->slots, &pass->slot))
		{
			begin_phase(cluster, CLUSTER_PHASE_REST);
			return;
		}
		pass->lister = cluster->owners[cluster->map.owners[pass->slot]];
		pass->is_destination = false;
		pass->step = CLUSTER_STEP_COUNT;
	}
	if (ask_step(cluster))
		pass->awaited_count = 1;
	else
		advance_later(cluster);
}

static bool
take_key(ClusterPass *pass, NameSets *found, const redisReply *key)
{
	unsigned int kinds;

	if (key->type != REDIS_REPLY_STRING)
		return false;
	kinds = pattern_set_match(pass->matcher, key->str, (size_t) key->len);
	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
		if ((kinds & NAME_KIND_BIT(kind)) != 0 &&
			!keyset_add(&found->of[kind], NULL, 0, key->str, (size_t) key->len))
			return false;
	return true;
}

static bool
take_keys(RedisCluster *cluster, const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_ARRAY)
		return false;
	for (size_t i = 0; i < reply->elements; i++)
		if (!take_key(&cluster->pass, &cluster->lanes[REDIS_LANE_PASS].moved, reply->element[i]))
			return false;
	return true;
}

static void
end_slot(ClusterPass *pass)
{
	pass->lister = NULL;
	pass->slot++;
}

static bool
take_probe(RedisCluster *cluster, const redisReply *reply)
{
	ClusterPass *pass = &cluster->pass;

	if (reply->type == REDIS_REPLY_INTEGER)
	{
		end_slot(pass);
		return true;
	}
	if (reply->type != REDIS_REPLY_ERROR || !redis_error_is_redirect(reply->str))
		return false;
	pass->step = CLUSTER_STEP_COUNT;
	pass->is_destination = redis_error_is_ask(reply->str);
	pass->lister = cluster_node_of_error(pass->lister, reply->str);
	return pass->lister != NULL;
}

static bool
take_step(RedisCluster *cluster, const redisReply *reply)
{
	ClusterPass *pass = &cluster->pass;

	switch (pass->step)
	{
		case CLUSTER_STEP_COUNT:
			pass->key_count = reply->integer;
			pass->step = CLUSTER_STEP_LIST;
			return reply->type == REDIS_REPLY_INTEGER && reply->integer >= 0;
		case CLUSTER_STEP_LIST:
			pass->step = CLUSTER_STEP_PROBE;
			if (pass->is_destination)
				end_slot(pass);
			return take_keys(cluster, reply);
		case CLUSTER_STEP_PROBE:
			return take_probe(cluster, reply);
	}
	return false;
}

static void
take_slot_answer(RedisCluster *cluster, const redisReply *reply)
{
	cluster->pass.awaited_count = 0;
	if (take_step(cluster, reply))
		advance_slots(cluster);
	else
		cluster_pass_restart(cluster);
}

/* --- from phase to phase --- */

static void
finish(RedisCluster *cluster)
{
	cluster_pass_end(cluster);
	cluster->work_events->scan_done(cluster->work_context);
}

static void
begin_phase(RedisCluster *cluster, ClusterPhase phase)
{
	ClusterPass *pass = &cluster->pass;

	pass->phase = phase;
	switch (phase)
	{
		case CLUSTER_PHASE_BEGIN:
			begin(cluster);
			break;
		case CLUSTER_PHASE_OPEN_BEFORE:
		case CLUSTER_PHASE_OPEN_AFTER:
			ask_open_slots(cluster);
			break;
		case CLUSTER_PHASE_NODES:
			begin_nodes(cluster);
			break;
		case CLUSTER_PHASE_MAP:
			pass->ended_at = cluster->map_count + (cluster->asked_node != NULL);
			cluster_map_want_for_pass(cluster);
			break;
		case CLUSTER_PHASE_SLOTS:
			redis_slot_set_add_changed(&pass->slots, &pass->before, &cluster->map);
			pass->slot = 0;
			pass->lister = NULL;
			advance_slots(cluster);
			break;
		case CLUSTER_PHASE_REST:
			cluster_lane_begin_rest(cluster);
			break;
	}
}

void
cluster_pass_advance(RedisCluster *cluster)
{
	ClusterPass *pass = &cluster->pass;

	if (pass->matcher == NULL || loop_timer_is_armed(&pass->again_timer))
		return;
	switch (pass->phase)
	{
		case CLUSTER_PHASE_BEGIN:
			begin(cluster);
			break;
		case CLUSTER_PHASE_NODES:
			if (!is_scanning(cluster))
				begin_phase(cluster, CLUSTER_PHASE_MAP);
			break;
		case CLUSTER_PHASE_MAP:
			if (cluster->is_map_known && cluster->map_count > pass->ended_at)
				begin_phase(cluster, CLUSTER_PHASE_OPEN_AFTER);
			break;
		case CLUSTER_PHASE_SLOTS:
			advance_slots(cluster);
			break;
		case CLUSTER_PHASE_REST:
			if (cluster->lanes[REDIS_LANE_PASS].names == NULL)
				finish(cluster);
			break;
		case CLUSTER_PHASE_OPEN_BEFORE:
		case CLUSTER_PHASE_OPEN_AFTER:
			if (pass->awaited_count == 0)
				ask_open_slots(cluster);
			break;
	}
}

void
cluster_pass_take(RedisCluster *cluster, const redisReply *reply)
{
	if (cluster->pass.phase == CLUSTER_PHASE_SLOTS)
		take_slot_answer(cluster, reply);
	else
		take_open_slots(cluster, reply);
}

/* --- the interface --- */

static void
advance(void *context)
{
	cluster_pass_advance(context);
}

void
cluster_pass_init(RedisCluster *cluster)
{
	ClusterPass *pass = &cluster->pass;

	name_sets_init(&pass->patterns, cluster->settings.seed);
	redis_slot_map_init(&pass->before);
	loop_timer_init(&pass->again_timer, advance, cluster);
}

/* Sets that were taken away by somebody who did not finish them have a suffix, which the pattern may exclude. */
static bool
add_taken_sets(NameSets *sum, const NameSets *patterns, NameKind kind)
{
	size_t		position = 0;
	const char *pattern;
	size_t		pattern_bytes;

	while (redis_script_is_of_sets(kind) && keyset_next(&patterns->of[kind], &position, &pattern, &pattern_bytes))
		if (!keyset_add(&sum->of[kind], pattern, pattern_bytes, REDIS_SLOT_SUFFIX_PATTERN,
						strlen(REDIS_SLOT_SUFFIX_PATTERN)))
			return false;
	return true;
}

static bool
copy_patterns(ClusterPass *pass, const NameSets *patterns)
{
	if (!name_sets_merge(&pass->patterns, patterns, NAME_KINDS_ALL))
		return false;
	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
		if (!add_taken_sets(&pass->patterns, patterns, kind))
			return false;
	pass->matcher = pattern_set_create(&pass->patterns);
	return pass->matcher != NULL;
}

bool
cluster_pass_begin(RedisCluster *cluster, const NameSets *patterns)
{
	if (!copy_patterns(&cluster->pass, patterns))
	{
		cluster_pass_end(cluster);
		return false;
	}
	begin_phase(cluster, CLUSTER_PHASE_BEGIN);
	return true;
}

void
cluster_pass_end(RedisCluster *cluster)
{
	ClusterPass *pass = &cluster->pass;

	forget_questions(pass);
	loop_timer_remove(cluster->loop, &pass->again_timer);
	pattern_set_destroy(pass->matcher);
	pass->matcher = NULL;
	pass->lister = NULL;
	name_sets_free(&pass->patterns);
	redis_slot_map_free(&pass->before);
	memset(&pass->slots, 0, sizeof(pass->slots));
}
