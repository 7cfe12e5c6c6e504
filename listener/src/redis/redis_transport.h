/*-------------------------------------------------------------------------
 *
 * redis_transport.h
 *	  What carries the bytes to the Redis of a URL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_TRANSPORT_H
#define UNCACHED_REDIS_TRANSPORT_H

#include "redis/redis_io.h"

extern const RedisIoType *redis_transport(const RedisUrl *url);

#endif
