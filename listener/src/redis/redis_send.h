/*-------------------------------------------------------------------------
 *
 * redis_send.h
 *	  What a Redis target sends next.
 *
 * Part of redis_node.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_SEND_H
#define UNCACHED_REDIS_SEND_H

#include <stdbool.h>

#include "redis/redis_node_events.h"

/*
 * Sends as much of the work in hand as there is room for.  Does nothing unless
 * the target is ready.
 */
extern void redis_send_work(RedisNode *node);

/* Asks for the history behind all that was sent; false if there is no room. */
extern bool redis_send_history(RedisNode *node)
			__attribute__((warn_unused_result));

/* A whole command of the cluster's; false if there is no room, or no connection. */
extern bool redis_send_call(RedisNode *node, const RedisArgument *arguments, size_t count)
			__attribute__((warn_unused_result));

#endif
