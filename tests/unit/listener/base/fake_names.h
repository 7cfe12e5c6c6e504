/*-------------------------------------------------------------------------
 *
 * fake_names.h
 *	  A name service for tests, in the place of the C library's.
 *
 * Addresses are IPv4 or IPv6, or begin with "/": then they are unix sockets.  A name
 * can hang until the test lets it go on.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_FAKE_NAMES_H
#define UNCACHED_FAKE_NAMES_H

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FAKE_NAMES_MAX 16
#define FAKE_NAMES_ADDRESSES 4

typedef struct FakeName
{
	const char *name;
	int			error;			/* of getaddrinfo; 0 is none */
	bool		hangs;
	const char *addresses[FAKE_NAMES_ADDRESSES];
} FakeName;

static FakeName fake_names[FAKE_NAMES_MAX];
static pthread_mutex_t fake_names_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t fake_names_changed = PTHREAD_COND_INITIALIZER;
static int	fake_names_asked;	/* so far; under the mutex */
static int	fake_names_open_lists;	/* not freed yet; under the mutex */
static bool fake_names_signals_blocked; /* in the thread that asked last */

/* Replaces what is known of the name. */
static inline void
fake_names_set(const char *name, int error, bool hangs, const char *first, const char *second)
{
	FakeName   *entry = fake_names;

	ck_assert_int_eq(pthread_mutex_lock(&fake_names_mutex), 0);
	while (entry->name != NULL && strcmp(entry->name, name) != 0)
		entry++;
	*entry = (FakeName)
	{
		name, error, hangs,
		{
			first, second
		}
	};
	(void) pthread_cond_broadcast(&fake_names_changed);
	(void) pthread_mutex_unlock(&fake_names_mutex);
}

static inline int
fake_names_read(const int *counter)
{
	int			value;

	(void) pthread_mutex_lock(&fake_names_mutex);
	value = *counter;
	(void) pthread_mutex_unlock(&fake_names_mutex);
	return value;
}

static inline void
fake_names_wait_for(const int *counter, int goal)
{
	for (int i = 0; i < 5000 && fake_names_read(counter) != goal; i++)
		(void) usleep(1000);
	ck_assert_int_eq(fake_names_read(counter), goal);
}

static inline struct addrinfo *
fake_names_node(const char *text, int port)
{
	struct addrinfo *node = calloc(1, sizeof(*node) + sizeof(struct sockaddr_storage));
	struct sockaddr *address = (struct sockaddr *) (node + 1);
	struct sockaddr_in *ip4 = (struct sockaddr_in *) address;
	struct sockaddr_in6 *ip6 = (struct sockaddr_in6 *) address;
	struct sockaddr_un *path = (struct sockaddr_un *) address;

	if (inet_pton(AF_INET, text, &ip4->sin_addr) == 1)
	{
		node->ai_family = AF_INET;
		node->ai_addrlen = sizeof(*ip4);
		ip4->sin_port = htons((uint16_t) port);
	}
	else if (inet_pton(AF_INET6, text, &ip6->sin6_addr) == 1)
	{
		node->ai_family = AF_INET6;
		node->ai_addrlen = sizeof(*ip6);
		ip6->sin6_port = htons((uint16_t) port);
	}
	else if (text[0] == '/')
	{
		node->ai_family = AF_UNIX;
		node->ai_addrlen = sizeof(*path);
		memcpy(path->sun_path, text, strlen(text) + 1);
	}
	else
	{
		free(node);
		return NULL;
	}
	address->sa_family = (sa_family_t) node->ai_family;
	node->ai_addr = address;
	return node;
}

static inline FakeName
fake_names_look_up(const char *host)
{
	const FakeName *entry = fake_names;

	while (entry->name != NULL && strcmp(entry->name, host) != 0)
		entry++;
	while (entry->name != NULL && entry->hangs)
		(void) pthread_cond_wait(&fake_names_changed, &fake_names_mutex);
	return entry->name != NULL ? *entry : (FakeName)
	{
		.error = EAI_NONAME
	};
}

int
getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
			struct addrinfo **result)
{
	bool		is_address = (hints->ai_flags & AI_NUMERICHOST) != 0;
	FakeName	known = {.addresses = {host}};
	struct addrinfo **end = result;
	sigset_t	blocked;

	(void) pthread_mutex_lock(&fake_names_mutex);
	if (!is_address)
	{
		fake_names_asked++;
		(void) pthread_sigmask(SIG_SETMASK, NULL, &blocked);
		fake_names_signals_blocked = sigismember(&blocked, SIGTERM) == 1;
		known = fake_names_look_up(host);
	}
	*result = NULL;
	for (size_t i = 0; known.error == 0 && known.addresses[i] != NULL; i++)
	{
		*end = fake_names_node(known.addresses[i], (int) strtol(service, NULL, 10));
		if (*end == NULL)
			known.error = EAI_NONAME;
		else
			end = &(*end)->ai_next;
	}
	if (*result != NULL)
		fake_names_open_lists++;
	(void) pthread_mutex_unlock(&fake_names_mutex);
	if (known.error == EAI_SYSTEM)
		errno = EMFILE;
	return known.error;
}

void
freeaddrinfo(struct addrinfo *list)
{
	(void) pthread_mutex_lock(&fake_names_mutex);
	fake_names_open_lists--;
	(void) pthread_mutex_unlock(&fake_names_mutex);
	while (list != NULL)
	{
		struct addrinfo *next = list->ai_next;

		free(list);
		list = next;
	}
}

#endif
