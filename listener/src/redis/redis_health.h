/*-------------------------------------------------------------------------
 *
 * redis_health.h
 *	  When a Redis is asked how the cache is, and what becomes of the answers.
 *
 * Part of redis_node.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_HEALTH_H
#define UNCACHED_REDIS_HEALTH_H

#include <hiredis/hiredis.h>
#include <stdbool.h>

#include "redis/redis_queue.h"
#include "redis/redis_node_events.h"

/* Asks, if it is time and there is room; while ready, behind all that was written. */
extern void redis_health_ask(RedisNode *node);

/* Counts a reply.  True if it was one to this question, and is taken; an error says nothing. */
extern bool redis_health_take(RedisNode *node, const RedisCommand *command,
							  const redisReply *reply);

/* The connection is gone, and nothing is known of the cache any more. */
extern void redis_health_end(RedisNode *node);

#endif
