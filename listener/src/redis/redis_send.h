/*-------------------------------------------------------------------------
 *
 * redis_send.h
 *	  What a Redis target sends next.
 *
 * Part of redis_target.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_SEND_H
#define UNCACHED_REDIS_SEND_H

#include <stdbool.h>

#include "redis/redis_target_events.h"

/*
 * Sends as much of the work in hand as there is room for.  Does nothing unless
 * the target is ready.
 */
extern void redis_send_work(RedisTarget *target);

/* Asks for the history behind all that was sent; false if there is no room. */
extern bool redis_send_history(RedisTarget *target)
			__attribute__((warn_unused_result));

#endif
