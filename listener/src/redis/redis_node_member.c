/*-------------------------------------------------------------------------
 *
 * redis_node_member.c
 *	  What a node does for the cluster that it belongs to.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_node_member.h"

#include "redis/redis_error.h"
#include "redis/redis_node_internal.h"
#include "redis/redis_send.h"

void
node_member_hand_over(RedisNode *node)
{
	const unsigned int kinds = name_kinds_with(NAME_TIMING_STEPS);
	NameSets   *found = &node->scan.found;

	if (name_sets_count_kinds(found, kinds) > 0)
		node->node_events->found(node->node_context, found);
	name_sets_reset_kinds(found, kinds);
}

bool
node_member_redirects(const RedisNode *node, const RedisCommand *command, const redisReply *reply)
{
	return node->node_events != NULL && reply->type == REDIS_REPLY_ERROR &&
		(command->type == REDIS_COMMAND_NAMES || command->type == REDIS_COMMAND_ABANDONED) &&
		redis_error_is_redirect(reply->str);
}

void
node_member_pass_on(RedisNode *node, const RedisCommand *command, const redisReply *reply)
{
	RedisLane	lane = command->work == &node->found ? REDIS_LANE_PASS :
	(RedisLane) (command->work - node->lanes);
	KeySlice	name;

	redis_work_pass_on(command->work, command->kind, &name);
	node->node_events->redirected(node->node_context, lane, command->kind,
								  &name, reply->str);
}

/* --- for the cluster --- */

void
redis_node_join(RedisNode *node, const RedisNodeEvents *events, void *context)
{
	node->node_events = events;
	node->node_context = context;
	for (RedisLane lane = 0; lane < REDIS_NODE_LANE_COUNT; lane++)
		node->lanes[lane].is_single = true;
	node->found.is_single = true;
}

void
redis_node_ask(RedisNode *node, RedisLane lane, bool is_asking)
{
	node->lanes[lane].is_asking = is_asking;
}

bool
redis_node_call(RedisNode *node, const RedisArgument *arguments, size_t count)
{
	return redis_send_call(node, arguments, count);
}

/* Rounded up: less than one key a second would be no rate. */
void
redis_node_share_scan_rate(RedisNode *node, size_t pass_count)
{
	int64_t		count = (int64_t) pass_count;

	redis_pace_init(&node->pace, (node->settings.scan_rate + count - 1) / count);
}

void
redis_node_abandon_pass(RedisNode *node)
{
	redis_queue_abandon_work(&node->queue, &node->found, true);
	redis_queue_abandon_work(&node->queue, &node->lanes[REDIS_LANE_PASS], false);
	redis_work_begin(&node->lanes[REDIS_LANE_PASS], NULL);
	redis_node_end_scan(node);
}
