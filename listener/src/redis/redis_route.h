/*-------------------------------------------------------------------------
 *
 * redis_route.h
 *	  Where a Redis URL leads to: its host's addresses, one after the other.
 *
 * A name may stand for a primary and its replicas, or for servers of which some are
 * away.  So each address is tried until one can be used, and what was wrong with
 * the others is remembered.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_ROUTE_H
#define UNCACHED_REDIS_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "base/resolver.h"
#include "base/url.h"
#include "redis/redis_refusals.h"

/* The addresses are known, or NULL is replaced by why they are not. */
typedef void (*RedisRouteCallback) (void *context, const char *problem);

typedef enum RedisRouteStart
{
	REDIS_ROUTE_FOUND,			/* the addresses are known already */
	REDIS_ROUTE_AWAITED,		/* the callback will run, from the loop */
	REDIS_ROUTE_REFUSED			/* no address can be found out now */
} RedisRouteStart;

typedef struct RedisRoute
{
	const RedisUrl *url;		/* borrowed */
	RedisRouteCallback found;
	void	   *context;		/* borrowed */
	Resolver	resolver;
	struct addrinfo *addresses; /* owned; NULL for a unix socket */
	const struct addrinfo *next;	/* to be tried; borrowed from addresses */
	const char *next_path;		/* likewise, of a unix socket */
	char		address[64];	/* tried last; "" for a unix socket */
	RedisRefusals refusals;
} RedisRoute;

/* Prepares caller's storage, to be freed by redis_route_free. */
extern void redis_route_init(RedisRoute *route, Loop *loop, const RedisUrl *url,
							 RedisRouteCallback found, void *context);
extern void redis_route_free(RedisRoute *route);

/*
 * Finds out the addresses, of a name within timeout_ms.  "problem" is set if it is
 * refused, and valid until the next call.
 */
extern RedisRouteStart redis_route_begin(RedisRoute *route, int64_t timeout_ms,
										 const char **problem)
			__attribute__((warn_unused_result));

/*
 * A socket, as of redis_socket_open, to the next address at which that is
 * possible; -1 if none is left.  Where it is not possible it is refused.
 */
extern int	redis_route_open_next(RedisRoute *route) __attribute__((warn_unused_result));

/* The address that was tried last is of no use; or there is none at all. */
extern void redis_route_refuse(RedisRoute *route, RedisFailure failure, const char *reason);

/* Why none could be used, as redis_refusals_tell has it. */
extern RedisFailure redis_route_tell(const RedisRoute *route, char *text, size_t text_bytes);

/*
 * Forgets addresses and refusals, but which address was the last; the callback runs no
 * more.
 */
extern void redis_route_end(RedisRoute *route);

#endif
