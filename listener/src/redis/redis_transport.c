/*-------------------------------------------------------------------------
 *
 * redis_transport.c
 *	  What carries the bytes to the Redis of a URL.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_transport.h"

#include "redis/redis_plain.h"
#include "redis/redis_tls.h"

/* A socket's path replaces the host that TLS would be for. */
const RedisIoType *
redis_transport(const RedisUrl *url)
{
	return url->tls.is_used && url->host != NULL ? &redis_tls : &redis_plain;
}
