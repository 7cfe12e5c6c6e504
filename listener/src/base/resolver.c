/*-------------------------------------------------------------------------
 *
 * resolver.c
 *	  The addresses of host names, without keeping the loop waiting.
 *
 * A look-up belongs to its resolver and to its thread, and is freed by the one
 * that lets go of it last.  Until is_done is set its answer is the thread's alone,
 * and from then on the resolver's.  The thread touches nothing else but the count of
 * threads, so that the process may exit while some are left.
 *
 *-------------------------------------------------------------------------
 */
#include "base/resolver.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* Modules of the name service are loaded and run on it. */
#define STACK_BYTES ((size_t) 512 * 1024)

struct ResolverLookup
{
	atomic_int	owner_count;	/* resolver and thread */
	atomic_bool is_done;
	int			event_fd;		/* owned; readable when it is done */
	int64_t		began_ms;
	int			error;			/* what getaddrinfo returned */
	int			system_errno;	/* with EAI_SYSTEM */
	struct addrinfo *addresses; /* owned; NULL if there are none */
	int			port;
	char		host[];
};

/* Threads are the process's, whichever resolver began them. */
static atomic_int thread_count;

/* --- one look-up --- */

static int
ask(const char *host, int port, int flags, struct addrinfo **addresses)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV | flags,
	};
	char		service[16];
	int			error;

	(void) snprintf(service, sizeof(service), "%d", port);
	*addresses = NULL;
	error = getaddrinfo(host, service, &hints, addresses);
	if (error != 0)
		*addresses = NULL;
	else if (*addresses == NULL)
		error = EAI_NONAME;
	return error;
}

static void
let_go(ResolverLookup *lookup)
{
	if (atomic_fetch_sub(&lookup->owner_count, 1) > 1)
		return;
	if (lookup->addresses != NULL)
		freeaddrinfo(lookup->addresses);
	(void) close(lookup->event_fd);
	free(lookup);
}

static void *
run_lookup(void *argument)
{
	const uint64_t done = 1;
	ResolverLookup *lookup = argument;
	ssize_t		written;

	(void) pthread_setname_np(pthread_self(), "uncached-names");
	lookup->error = ask(lookup->host, lookup->port, 0, &lookup->addresses);
	lookup->system_errno = errno;
	atomic_store(&lookup->is_done, true);
	written = write(lookup->event_fd, &done, sizeof(done));
	(void) written;				/* the deadline is left */
	let_go(lookup);
	atomic_fetch_sub(&thread_count, 1);
	return NULL;
}

/* Signals are for the main thread.  An errno. */
static int
start_thread(ResolverLookup *lookup)
{
	pthread_attr_t attributes;
	pthread_t	thread;
	sigset_t	all;
	sigset_t	before;
	int			error = pthread_attr_init(&attributes);

	if (error != 0)
		return error;
	(void) pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	(void) pthread_attr_setstacksize(&attributes, STACK_BYTES);
	(void) sigfillset(&all);
	(void) pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&thread, &attributes, run_lookup, lookup);
	(void) pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void) pthread_attr_destroy(&attributes);
	return error;
}

/* The thread's share is let go of in its place if there is none. */
static int
begin_thread(ResolverLookup *lookup)
{
	int			error = EAGAIN;

	if (atomic_fetch_add(&thread_count, 1) < RESOLVER_MAX_THREADS)
		error = start_thread(lookup);
	if (error != 0)
	{
		atomic_fetch_sub(&thread_count, 1);
		let_go(lookup);
	}
	return error;
}

static ResolverLookup *
create_lookup(const char *host, int port, int64_t now_ms)
{
	size_t		host_bytes = strlen(host) + 1;
	ResolverLookup *lookup = calloc(1, sizeof(*lookup) + host_bytes);

	if (lookup == NULL)
		return NULL;
	lookup->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (lookup->event_fd < 0)
	{
		int			saved_errno = errno;

		free(lookup);
		errno = saved_errno;
		return NULL;
	}
	atomic_init(&lookup->owner_count, 2);
	atomic_init(&lookup->is_done, false);
	lookup->began_ms = now_ms;
	lookup->port = port;
	memcpy(lookup->host, host, host_bytes);
	return lookup;
}

/* --- those of a resolver --- */

static void
forget(ResolverLookup **slot)
{
	let_go(*slot);
	*slot = NULL;
}

static bool
is_usable(const Resolver *resolver, const ResolverLookup *lookup)
{
	return loop_now_ms(resolver->loop) - lookup->began_ms < RESOLVER_USABLE_MS &&
		!(atomic_load(&lookup->is_done) && lookup->addresses == NULL);
}

static bool
is_about(const ResolverLookup *lookup, const char *host, int port)
{
	return strcmp(lookup->host, host) == 0 && lookup->port == port;
}

/* The one that goes on, or was answered too late; NULL if there is none. */
static ResolverLookup *
find_lookup(const Resolver *resolver, const char *host, int port)
{
	for (size_t i = 0; i < RESOLVER_MAX_LOOKUPS; i++)
	{
		ResolverLookup *lookup = resolver->lookups[i];

		if (lookup != NULL && is_about(lookup, host, port) && is_usable(resolver, lookup))
			return lookup;
	}
	return NULL;
}

/* A slot that is free, or whose answer nobody has asked for; else NULL. */
static ResolverLookup **
find_slot(Resolver *resolver)
{
	ResolverLookup **done = NULL;

	for (size_t i = 0; i < RESOLVER_MAX_LOOKUPS; i++)
	{
		ResolverLookup **slot = &resolver->lookups[i];

		if (*slot != NULL && atomic_load(&(*slot)->is_done))
		{
			if (!is_usable(resolver, *slot))
				forget(slot);
			else
				done = slot;
		}
		if (*slot == NULL)
			return slot;
	}
	if (done != NULL)
		forget(done);
	return done;
}

static const char *
say_not_begun(Resolver *resolver, int error)
{
	(void) snprintf(resolver->problem, sizeof(resolver->problem),
					"cannot look up the host name: %s", strerror(error));
	return resolver->problem;
}

/* Begins one in a slot; NULL or what is wrong. */
static const char *
begin_lookup(Resolver *resolver, const char *host, int port, ResolverLookup **begun)
{
	ResolverLookup **slot = find_slot(resolver);
	ResolverLookup *lookup;
	int			error;

	if (slot == NULL)
		return "cannot look up the host name: earlier look-ups still hang in the name service";
	lookup = create_lookup(host, port, loop_now_ms(resolver->loop));
	if (lookup == NULL)
		return say_not_begun(resolver, errno);
	error = begin_thread(lookup);
	if (error != 0)
	{
		let_go(lookup);
		return say_not_begun(resolver, error);
	}
	*slot = lookup;
	*begun = lookup;
	return NULL;
}

/* --- the answer --- */

static const char *
describe_error(Resolver *resolver, const ResolverLookup *lookup)
{
	if (lookup->error == 0)
		return NULL;
	(void) snprintf(resolver->problem, sizeof(resolver->problem),
					"cannot resolve the host name: %s", lookup->error == EAI_SYSTEM ?
					strerror(lookup->system_errno) : gai_strerror(lookup->error));
	return resolver->problem;
}

static void
take_answer(void *context, short revents)
{
	Resolver   *resolver = context;
	ResolverLookup *lookup = resolver->awaited;
	struct addrinfo *addresses;
	const char *problem;

	(void) revents;
	/* it is, or the event would not be there; what came before it is seen now */
	if (!atomic_load(&lookup->is_done))
		return;
	addresses = lookup->addresses;
	problem = describe_error(resolver, lookup);
	resolver_cancel(resolver);
	lookup->addresses = NULL;
	for (size_t i = 0; i < RESOLVER_MAX_LOOKUPS; i++)
	{
		if (resolver->lookups[i] == lookup)
			forget(&resolver->lookups[i]);
	}
	resolver->resolved(resolver->context, addresses, problem);
}

static void
deadline_passed(void *context)
{
	Resolver   *resolver = context;

	resolver_cancel(resolver);
	resolver->resolved(resolver->context, NULL,
					   "cannot resolve the host name: no reply from the name service");
}

/* --- the interface --- */

void
resolver_init(Resolver *resolver, Loop *loop, ResolverCallback resolved, void *context)
{
	memset(resolver, 0, sizeof(*resolver));
	resolver->loop = loop;
	resolver->resolved = resolved;
	resolver->context = context;
	loop_watch_init(&resolver->watch, take_answer, resolver);
	loop_timer_init(&resolver->deadline_timer, deadline_passed, resolver);
}

void
resolver_reset(Resolver *resolver)
{
	resolver_cancel(resolver);
	for (size_t i = 0; i < RESOLVER_MAX_LOOKUPS; i++)
	{
		if (resolver->lookups[i] != NULL)
			forget(&resolver->lookups[i]);
	}
}

const char *
resolver_start(Resolver *resolver, const char *host, int port, int64_t timeout_ms)
{
	ResolverLookup *lookup;
	const char *problem;

	resolver_cancel(resolver);
	lookup = find_lookup(resolver, host, port);
	if (lookup == NULL)
	{
		problem = begin_lookup(resolver, host, port, &lookup);
		if (problem != NULL)
			return problem;
	}
	resolver->awaited = lookup;
	if (loop_watch_set(resolver->loop, &resolver->watch, lookup->event_fd, POLLIN) &&
		loop_timer_set(resolver->loop, &resolver->deadline_timer, timeout_ms))
		return NULL;
	resolver_cancel(resolver);
	return "out of memory";
}

void
resolver_cancel(Resolver *resolver)
{
	loop_watch_remove(resolver->loop, &resolver->watch);
	loop_timer_remove(resolver->loop, &resolver->deadline_timer);
	resolver->awaited = NULL;
}

struct addrinfo *
resolver_read_address(const char *host, int port)
{
	struct addrinfo *address;

	(void) ask(host, port, AI_NUMERICHOST, &address);
	return address;
}

void
resolver_describe(const struct addrinfo *address, char *text, size_t text_bytes)
{
	if (getnameinfo(address->ai_addr, address->ai_addrlen, text, (socklen_t) text_bytes,
					NULL, 0, NI_NUMERICHOST) != 0)
		text[0] = '\0';
}
