/*-------------------------------------------------------------------------
 *
 * check_names.h
 *	  The addresses of a host, within some seconds.
 *
 * libpq and hiredis would wait for a name service without bound.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CHECK_NAMES_H
#define UNCACHED_CHECK_NAMES_H

#include <netdb.h>
#include <stddef.h>

/* How long a name service is waited for. */
#define CHECK_NAMES_TIMEOUT_MS 5000

#define CHECK_NAMES_PROBLEM_BYTES 192

/*
 * Blocks, for timeout_ms at most.  To be freed with freeaddrinfo(3), or NULL: then
 * "problem" says why.
 */
extern struct addrinfo *check_names_resolve(const char *host, int port, int timeout_ms,
											char problem[CHECK_NAMES_PROBLEM_BYTES])
			__attribute__((warn_unused_result));

#endif
