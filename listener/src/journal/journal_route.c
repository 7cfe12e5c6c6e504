/*-------------------------------------------------------------------------
 *
 * journal_route.c
 *	  Where a dsn leads to: host by host, and each host address by address.
 *
 *-------------------------------------------------------------------------
 */
#include "journal/journal_route.h"

#include <stdio.h>
#include <string.h>

static void
take_addresses(JournalRoute *route, struct addrinfo *addresses)
{
	route->addresses = addresses;
	route->next = addresses;
}

static void
resolved(void *context, struct addrinfo *addresses, const char *problem)
{
	JournalRoute *route = context;

	take_addresses(route, addresses);
	route->found(route->context, problem);
}

void
journal_route_init(JournalRoute *route, Loop *loop, const char *dsn,
				   const char *alias, JournalRouteCallback found, void *context)
{
	memset(route, 0, sizeof(*route));
	route->dsn = dsn;
	(void) snprintf(route->application_name, sizeof(route->application_name),
					"uncached/%s", alias);
	route->found = found;
	route->context = context;
	resolver_init(&route->resolver, loop, resolved, route);
}

void
journal_route_free(JournalRoute *route)
{
	journal_route_end(route);
	resolver_reset(&route->resolver);
}

/* Ports are libpq's business: it parses them. */
JournalRouteStart
journal_route_begin(JournalRoute *route, int64_t timeout_ms, const char **problem)
{
	journal_route_end(route);
	if (!journal_conninfo_build(route->dsn, route->application_name,
								route->attempt_count, &route->info))
	{
		*problem = "out of memory";
		return JOURNAL_ROUTE_REFUSED;
	}
	if (!journal_conninfo_has_name(&route->info))
		return JOURNAL_ROUTE_FOUND;
	take_addresses(route, resolver_read_address(route->info.host, 0));
	if (route->addresses != NULL)
		return JOURNAL_ROUTE_FOUND;
	*problem = resolver_start(&route->resolver, route->info.host, 0, timeout_ms);
	return *problem == NULL ? JOURNAL_ROUTE_AWAITED : JOURNAL_ROUTE_REFUSED;
}

const JournalConninfo *
journal_route_next(JournalRoute *route)
{
	if (route->next != NULL)
	{
		resolver_describe(route->next, route->address, sizeof(route->address));
		journal_conninfo_set_address(&route->info, route->address);
		route->next = route->next->ai_next;
	}
	return &route->info;
}

bool
journal_route_has_next(const JournalRoute *route)
{
	return route->next != NULL;
}

const char *
journal_route_host(const JournalRoute *route)
{
	return route->info.host;
}

void
journal_route_pass_host(JournalRoute *route)
{
	route->attempt_count++;
}

void
journal_route_end(JournalRoute *route)
{
	resolver_cancel(&route->resolver);
	if (route->addresses != NULL)
		freeaddrinfo(route->addresses);
	take_addresses(route, NULL);
	journal_conninfo_reset(&route->info);
}
