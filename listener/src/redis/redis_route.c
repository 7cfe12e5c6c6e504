/*-------------------------------------------------------------------------
 *
 * redis_route.c
 *	  Where a Redis URL leads to: its host's addresses, one after the other.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_route.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>

#include "redis/redis_socket.h"

static void
take_addresses(RedisRoute *route, struct addrinfo *addresses)
{
	route->addresses = addresses;
	route->next = addresses;
}

static void
resolved(void *context, struct addrinfo *addresses, const char *problem)
{
	RedisRoute *route = context;

	take_addresses(route, addresses);
	route->found(route->context, problem);
}

void
redis_route_init(RedisRoute *route, Loop *loop, const RedisUrl *url,
				 RedisRouteCallback found, void *context)
{
	memset(route, 0, sizeof(*route));
	route->url = url;
	route->found = found;
	route->context = context;
	resolver_init(&route->resolver, loop, resolved, route);
}

void
redis_route_free(RedisRoute *route)
{
	redis_route_end(route);
	resolver_reset(&route->resolver);
}

RedisRouteStart
redis_route_begin(RedisRoute *route, int64_t timeout_ms, const char **problem)
{
	const RedisUrl *url = route->url;

	redis_route_end(route);
	route->address[0] = '\0';
	route->next_path = url->socket_path;
	if (url->socket_path != NULL)
		return REDIS_ROUTE_FOUND;
	take_addresses(route, resolver_read_address(url->host, url->port));
	if (route->addresses != NULL)
		return REDIS_ROUTE_FOUND;
	*problem = resolver_start(&route->resolver, url->host, url->port, timeout_ms);
	return *problem == NULL ? REDIS_ROUTE_AWAITED : REDIS_ROUTE_REFUSED;
}

static int
open_next(RedisRoute *route)
{
	const struct addrinfo *address = route->next;
	const char *path = route->next_path;

	if (path != NULL)
	{
		route->next_path = NULL;
		return redis_socket_open_unix(path);
	}
	route->next = address->ai_next;
	resolver_describe(address, route->address, sizeof(route->address));
	return redis_socket_open(address);
}

int
redis_route_open_next(RedisRoute *route)
{
	int			fd = -1;

	while (fd < 0 && (route->next != NULL || route->next_path != NULL))
	{
		fd = open_next(route);
		if (fd < 0)
			redis_route_refuse(route, REDIS_FAILURE_CONNECTION, strerror(errno));
	}
	return fd;
}

void
redis_route_refuse(RedisRoute *route, RedisFailure failure, const char *reason)
{
	redis_refusals_add(&route->refusals, route->address, failure, reason);
}

RedisFailure
redis_route_tell(const RedisRoute *route, char *text, size_t text_bytes)
{
	return redis_refusals_tell(&route->refusals, text, text_bytes);
}

void
redis_route_end(RedisRoute *route)
{
	resolver_cancel(&route->resolver);
	if (route->addresses != NULL)
		freeaddrinfo(route->addresses);
	route->addresses = NULL;
	route->next = NULL;
	route->next_path = NULL;
	redis_refusals_clear(&route->refusals);
}
