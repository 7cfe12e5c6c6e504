/*-------------------------------------------------------------------------
 *
 * journal_route.h
 *	  Where a dsn leads to: host by host, and each host address by address.
 *
 * Each attempt to connect is for one host.  Its name is looked up without blocking,
 * and libpq gets one of its addresses at a time.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_JOURNAL_ROUTE_H
#define UNCACHED_JOURNAL_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "base/resolver.h"
#include "config/config.h"
#include "journal/journal_conninfo.h"

/* The host's addresses are known, or NULL is replaced by why they are not. */
typedef void (*JournalRouteCallback) (void *context, const char *problem);

typedef enum JournalRouteStart
{
	JOURNAL_ROUTE_FOUND,		/* there is something to connect to already */
	JOURNAL_ROUTE_AWAITED,		/* the callback will run, from the loop */
	JOURNAL_ROUTE_REFUSED		/* no address can be found out now */
} JournalRouteStart;

#define JOURNAL_ROUTE_NAME_BYTES (sizeof("uncached/") + CONFIG_ALIAS_MAX)

typedef struct JournalRoute
{
	const char *dsn;			/* borrowed */
	char		application_name[JOURNAL_ROUTE_NAME_BYTES];
	JournalRouteCallback found;
	void	   *context;		/* borrowed */
	Resolver	resolver;
	size_t		attempt_count;	/* walks the hosts */
	JournalConninfo info;		/* owned; of the host that is tried */
	struct addrinfo *addresses; /* owned; NULL if the host has no name */
	const struct addrinfo *next;	/* to be tried; borrowed from addresses */
	char		address[64];	/* info's, if the host has a name */
} JournalRoute;

/* Prepares caller's storage, to be freed by journal_route_free.  alias: the target's. */
extern void journal_route_init(JournalRoute *route, Loop *loop, const char *dsn,
							   const char *alias, JournalRouteCallback found,
							   void *context);
extern void journal_route_free(JournalRoute *route);

/*
 * Finds out the addresses of the host that has its turn, of a name within timeout_ms.
 * "problem" is set if it is refused, and valid until the next call.
 */
extern JournalRouteStart journal_route_begin(JournalRoute *route, int64_t timeout_ms,
											 const char **problem)
			__attribute__((warn_unused_result));

/* Found: what to connect to, valid until the next call. */
extern const JournalConninfo *journal_route_next(JournalRoute *route);

/* Is another address of the same host left? */
extern bool journal_route_has_next(const JournalRoute *route);

/* The host that has its turn, for the log; NULL if libpq chooses. */
extern const char *journal_route_host(const JournalRoute *route);

/* The next host gets its turn. */
extern void journal_route_pass_host(JournalRoute *route);

/* Drops the host's addresses; the callback runs no more. */
extern void journal_route_end(JournalRoute *route);

#endif
