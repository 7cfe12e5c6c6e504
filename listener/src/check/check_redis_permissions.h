/*-------------------------------------------------------------------------
 *
 * check_redis_permissions.h
 *	  May the user of a target run the commands that it needs?
 *
 * Part of check_redis.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CHECK_REDIS_PERMISSIONS_H
#define UNCACHED_CHECK_REDIS_PERMISSIONS_H

#include "check/check_redis_ask.h"

/* Connected and logged in.  Reports what it may run and what is missing. */
extern void check_redis_permissions(const RedisCheck *check);

#endif
