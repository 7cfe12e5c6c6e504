/*-------------------------------------------------------------------------
 *
 * redis_node_history.h
 *	  When a node is asked for its history, and what becomes of the answer.
 *
 * Part of redis_node, for its own files.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_NODE_HISTORY_H
#define UNCACHED_REDIS_NODE_HISTORY_H

#include <hiredis/hiredis.h>

#include "redis/redis_node_events.h"

/* It is asked again in a second; without memory for the timer the connection is dropped. */
extern void node_history_await(RedisNode *node);

/* The timer's callback: asks, if there is room for that. */
extern void node_history_is_due(void *context);

/* Takes one of the texts that answer; what is not the history that was known drops the connection. */
extern void node_history_take(RedisNode *node, const redisReply *reply);

#endif
