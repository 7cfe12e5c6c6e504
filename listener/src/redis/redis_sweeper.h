/*-------------------------------------------------------------------------
 *
 * redis_sweeper.h
 *	  When a node sweeps tags, and what is said of it.
 *
 * Part of redis_target.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_SWEEPER_H
#define UNCACHED_REDIS_SWEEPER_H

#include <hiredis/hiredis.h>

#include "redis/redis_node_events.h"

/* Ends what is under way, and sets the timer for the next sweep. */
extern void redis_sweeper_await(RedisNode *node);

/* For the timer of a RedisTarget: the next step of a sweep is due, or the next sweep. */
extern void redis_sweeper_is_due(void *context);

/*
 * Takes the reply to a step.  Nothing depends on it: an error ends the sweep, not
 * the connection.
 */
extern void redis_sweeper_take(RedisNode *node, const redisReply *reply);

#endif
