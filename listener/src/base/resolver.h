/*-------------------------------------------------------------------------
 *
 * resolver.h
 *	  The addresses of host names, without keeping the loop waiting.
 *
 * getaddrinfo(3) asks whatever the system is told to ask, and may take as long as
 * that does.  So a name is looked up in a short-lived thread of its own, which
 * can be given up at any time: it goes on until getaddrinfo returns, and then
 * frees what it has.  Each owner of connections has a Resolver.
 *
 * A look-up that was given up is not begun again for RESOLVER_USABLE_MS: who asks for
 * the same name meanwhile waits for it, or gets the answer that came too late.
 * Hence a name service that is slower than the deadline serves in the end, and one
 * that hangs does not collect threads: RESOLVER_MAX_LOOKUPS for each owner,
 * RESOLVER_MAX_THREADS in all.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_RESOLVER_H
#define UNCACHED_RESOLVER_H

#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"

#define RESOLVER_MAX_LOOKUPS 8
#define RESOLVER_MAX_THREADS 128
#define RESOLVER_USABLE_MS 60000

typedef struct ResolverLookup ResolverLookup;

/*
 * The answer: addresses, which the callee frees with freeaddrinfo(3), or NULL
 * and a text that says why there are none, valid during the callback.  Runs from the
 * loop; may call any function of this header.
 */
typedef void (*ResolverCallback) (void *context, struct addrinfo *addresses,
								  const char *problem);

typedef struct Resolver
{
	Loop	   *loop;			/* borrowed */
	ResolverCallback resolved;
	void	   *context;		/* borrowed */
	ResolverLookup *lookups[RESOLVER_MAX_LOOKUPS];	/* each is also its
													 * thread's; NULL is free */
	ResolverLookup *awaited;	/* one of them, or NULL */
	LoopWatch	watch;			/* for the one that is awaited */
	LoopTimer	deadline_timer;
	char		problem[192];
} Resolver;

/* Prepares caller's storage, to be freed by resolver_reset. */
extern void resolver_init(Resolver *resolver, Loop *loop, ResolverCallback resolved,
						  void *context);

/* Cancels, and lets go of what still runs. */
extern void resolver_reset(Resolver *resolver);

/*
 * Looks the host up; the addresses have this port, 0 to 65535.  Answered by
 * "resolved", at the latest after timeout_ms.  An earlier one that was not answered is
 * cancelled.  NULL, or a text, valid until the next call, that says why nothing
 * can be looked up: then there is no answer.
 */
extern const char *resolver_start(Resolver *resolver, const char *host, int port,
								  int64_t timeout_ms)
			__attribute__((warn_unused_result));

/* "resolved" is not called any more. */
extern void resolver_cancel(Resolver *resolver);

/*
 * The address that the host is, if it is one and not a name: to be freed with
 * freeaddrinfo(3), or NULL.  Asks nobody.
 */
extern struct addrinfo *resolver_read_address(const char *host, int port)
			__attribute__((warn_unused_result));

/* An address as a text such as 127.0.0.1 or fe80::1%eth0; "" if it has none. */
extern void resolver_describe(const struct addrinfo *address, char *text, size_t text_bytes);

#endif
