/*-------------------------------------------------------------------------
 *
 * redis_plain.h
 *	  Carries a connection's bytes over its socket as they are.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_PLAIN_H
#define UNCACHED_REDIS_PLAIN_H

#include "redis/redis_io.h"

extern const RedisIoType redis_plain;

#endif
