/*-------------------------------------------------------------------------
 *
 * redis_socket.h
 *	  Non-blocking sockets to a Redis server, one address after the other.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_SOCKET_H
#define UNCACHED_REDIS_SOCKET_H

#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>

#include "url.h"

/* Where a URL leads to. */
typedef struct RedisAddresses
{
	struct addrinfo *list;		/* owned; NULL for a unix socket */
	const struct addrinfo *next;	/* to be tried; borrowed from list */
	const char *socket_path;	/* borrowed; NULL for TCP, and once tried */
} RedisAddresses;

/*
 * Fills caller's storage, to be freed by redis_socket_reset; the URL is
 * borrowed until then.  Blocks if the host is a name that needs DNS.  On
 * failure returns a static text that says why, else NULL.
 */
extern const char *redis_socket_resolve(const RedisUrl *url, RedisAddresses *addresses)
			__attribute__((warn_unused_result));
extern void redis_socket_reset(RedisAddresses *addresses);

/*
 * Opens a socket and starts to connect it to the next address at which that
 * is possible; the caller waits for POLLOUT and asks redis_socket_error.
 * -1, with errno set, if no address is left.  The caller closes the socket.
 */
extern int	redis_socket_open_next(RedisAddresses *addresses)
			__attribute__((warn_unused_result));

/* The outcome of connecting: an errno, 0 for success. */
extern int	redis_socket_error(int fd);

#endif
