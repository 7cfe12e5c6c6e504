/*-------------------------------------------------------------------------
 *
 * redis_socket.h
 *	  Non-blocking sockets to a Redis server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_SOCKET_H
#define UNCACHED_REDIS_SOCKET_H

#include <netdb.h>

/*
 * Each opens a socket and starts to connect it; the caller waits for POLLOUT and
 * asks redis_socket_error.  -1 with errno set if that is not possible.  The
 * caller closes the socket.
 */
extern int	redis_socket_open(const struct addrinfo *address)
			__attribute__((warn_unused_result));
extern int	redis_socket_open_unix(const char *path)
			__attribute__((warn_unused_result));

/* The outcome of connecting: an errno, 0 for success. */
extern int	redis_socket_error(int fd);

#endif
