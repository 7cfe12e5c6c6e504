/*-------------------------------------------------------------------------
 *
 * redis_node_history.c
 *	  When a node is asked for its history, and what becomes of the answer.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_node_history.h"

#include "redis/redis_error.h"
#include "redis/redis_node_internal.h"
#include "redis/redis_report.h"
#include "redis/redis_send.h"

/* How often Redis is asked for its history. */
#define HISTORY_INTERVAL_MS 1000

void
node_history_await(RedisNode *node)
{
	if (!loop_timer_set(node->loop, &node->history_timer, HISTORY_INTERVAL_MS))
		redis_node_drop(node, REDIS_FAILURE_CONNECTION, "out of memory");
}

void
node_history_is_due(void *context)
{
	RedisNode  *node = context;

	if (!redis_send_history(node))
		node_history_await(node);
}

void
node_history_take(RedisNode *node, const redisReply *reply)
{
	redis_report_answer(node);
	switch (redis_history_take(&node->history,
							   reply->type == REDIS_REPLY_STRING ? reply->str : ""))
	{
		case REDIS_HISTORY_AWAITED:
			break;
		case REDIS_HISTORY_GOES_ON:
			node_history_await(node);
			if (node->state == NODE_READY)
				node->events->placed(node->context);
			break;
		case REDIS_HISTORY_DISREGARDED:
			node_history_await(node);
			break;
		case REDIS_HISTORY_IS_ANOTHER:
			redis_node_drop(node, REDIS_FAILURE_CONNECTION, "Redis continues with a different history");
			break;
		case REDIS_HISTORY_IS_REPLICA:
			redis_node_drop(node, REDIS_FAILURE_REPLY, REDIS_ERROR_REPLICA);
			break;
	}
}
