/*-------------------------------------------------------------------------
 *
 * shim.c
 *	  Preloaded into the daemon: makes calls of the C library fail, and names known.
 *
 * UNCACHED_SHIM names a file with a ShimOrders in it, which the test may
 * change at any time.  Calls count while main() runs: what constructors and
 * destructors of libraries do without memory is their business.  Where UNCACHED_SHIM_RECORD
 * names a file, the address that each counted call returns to goes there.
 *
 * UNCACHED_SHIM_NAMES is a file with lines "NAME ADDRESS...": what getaddrinfo knows
 * beside the C library, read anew at each call.  With the address "hang" it does not
 * return before the file says something else.
 *
 *-------------------------------------------------------------------------
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define CALL_MEMORY 1
#define CALL_SOCKET 2			/* all that has a file descriptor, and threads */
#define CALL_POLL 4
#define CALL_TRANSFER 8			/* send and receive */

typedef struct ShimOrders
{
	int64_t		calls;			/* which kinds: a sum of the above */
	int64_t		fail_at;		/* number of the call that fails; 0 is none */
	int64_t		fail_every;		/* so many calls one fails; 0 is none */
	int64_t		error;			/* errno of a transfer or poll that fails; 0
								 * is another one for each function */
	int64_t		max_bytes;		/* of one transfer; 0 is without bound */
	int64_t		call_count;		/* counted here */
	int64_t		failure_count;	/* likewise */
} ShimOrders;

extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *old, size_t bytes);

static ShimOrders *orders;
static bool is_in_main;
static int	record_fd = -1;
static ssize_t (*real_write) (int, const void *, size_t);
static int	(*real_open64) (const char *, int,...);

static void *
find_real(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

__attribute__((constructor))
static void
load_orders(void)
{
	const char *path = getenv("UNCACHED_SHIM");
	const char *record = getenv("UNCACHED_SHIM_RECORD");
	int			fd;

	*(void **) &real_write = find_real("write");
	*(void **) &real_open64 = find_real("open64");
	if (path == NULL)
		return;
	fd = real_open64(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		abort();
	orders = mmap(NULL, sizeof(*orders), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (orders == MAP_FAILED)
		abort();
	(void) close(fd);
	if (record != NULL)
		record_fd = real_open64(record, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

/*
 * The C library's own calls do not count: glibc 2.36's name service crashes
 * when its memory is short (in getpwuid_r, which libpq calls).
 */
static bool
is_in_c_library(const void *site)
{
	Dl_info		info;

	return dladdr(site, &info) != 0 && info.dli_fname != NULL &&
		strstr(info.dli_fname, "/libc.so") != NULL;
}

/* Counts a call; is it the one that is to fail? */
static bool
fails(int kind, const void *site)
{
	int64_t		number;

	if (!is_in_main || orders == NULL || (orders->calls & kind) == 0 ||
		is_in_c_library(site))
		return false;
	number = ++orders->call_count;
	if (record_fd >= 0)
		(void) real_write(record_fd, &site, sizeof(site));
	if (number != orders->fail_at &&
		(orders->fail_every == 0 || number % orders->fail_every != 0))
		return false;
	orders->failure_count++;
	return true;
}

static bool
fails_with(int kind, const void *site, int error)
{
	if (!fails(kind, site))
		return false;
	errno = error;
	return true;
}

#define SITE __builtin_return_address(0)

/* --- memory --- */

void *
malloc(size_t bytes)
{
	return fails_with(CALL_MEMORY, SITE, ENOMEM) ? NULL : __libc_malloc(bytes);
}

void *
calloc(size_t count, size_t bytes)
{
	return fails_with(CALL_MEMORY, SITE, ENOMEM) ? NULL : __libc_calloc(count, bytes);
}

void *
realloc(void *old, size_t bytes)
{
	return fails_with(CALL_MEMORY, SITE, ENOMEM) ? NULL : __libc_realloc(old, bytes);
}

void *
reallocarray(void *old, size_t count, size_t bytes)
{
	size_t		all;

	if (__builtin_mul_overflow(count, bytes, &all) || fails(CALL_MEMORY, SITE))
	{
		errno = ENOMEM;
		return NULL;
	}
	return __libc_realloc(old, all);
}

static char *
copy_string(const char *string, size_t length)
{
	char	   *copy = __libc_malloc(length + 1);

	if (copy == NULL)
		return NULL;
	memcpy(copy, string, length);
	copy[length] = '\0';
	return copy;
}

char *
strdup(const char *string)
{
	if (fails_with(CALL_MEMORY, SITE, ENOMEM))
		return NULL;
	return copy_string(string, strlen(string));
}

char *
strndup(const char *string, size_t length)
{
	if (fails_with(CALL_MEMORY, SITE, ENOMEM))
		return NULL;
	return copy_string(string, strnlen(string, length));
}

/* --- files and sockets --- */

static void
leave_main(void)
{
	is_in_main = false;
}

static void
enter_main(void)
{
	if (is_in_main)
		return;
	is_in_main = true;
	if (atexit(leave_main) != 0)
		abort();
}

/* The first of them is main's first call of all. */
int
open64(const char *path, int flags,...)
{
	va_list		arguments;
	mode_t		mode;

	va_start(arguments, flags);
	mode = va_arg(arguments, mode_t);
	va_end(arguments);
	enter_main();
	if (fails_with(CALL_SOCKET, SITE, EMFILE))
		return -1;
	return real_open64(path, flags, mode);
}

#define REAL(type, name, parameters) \
	type (*real_##name) parameters; \
	*(void **) &real_##name = find_real(#name)

int
socket(int family, int type, int protocol)
{
	REAL(int, socket, (int, int, int));

	return fails_with(CALL_SOCKET, SITE, EMFILE) ? -1 : real_socket(family, type, protocol);
}

int
connect(int fd, const struct sockaddr *address, socklen_t bytes)
{
	REAL(int, connect, (int, const struct sockaddr *, socklen_t));

	return fails_with(CALL_SOCKET, SITE, ECONNREFUSED) ? -1 : real_connect(fd, address, bytes);
}

int
getsockopt(int fd, int level, int option, void *value, socklen_t *bytes)
{
	REAL(int, getsockopt, (int, int, int, void *, socklen_t *));

	return fails_with(CALL_SOCKET, SITE, ENOBUFS) ? -1 :
		real_getsockopt(fd, level, option, value, bytes);
}

int
setsockopt(int fd, int level, int option, const void *value, socklen_t bytes)
{
	REAL(int, setsockopt, (int, int, int, const void *, socklen_t));

	return fails_with(CALL_SOCKET, SITE, EINVAL) ? -1 :
		real_setsockopt(fd, level, option, value, bytes);
}

int
pipe2(int fds[2], int flags)
{
	REAL(int, pipe2, (int[2], int));

	return fails_with(CALL_SOCKET, SITE, EMFILE) ? -1 : real_pipe2(fds, flags);
}

int
eventfd(unsigned int value, int flags)
{
	REAL(int, eventfd, (unsigned int, int));

	return fails_with(CALL_SOCKET, SITE, EMFILE) ? -1 : real_eventfd(value, flags);
}

int
pthread_create(pthread_t * thread, const pthread_attr_t * attributes,
			   void *(*routine) (void *), void *argument)
{
	REAL(int, pthread_create, (pthread_t *, const pthread_attr_t *, void *(*) (void *), void *));

	return fails(CALL_SOCKET, SITE) ? EAGAIN :
		real_pthread_create(thread, attributes, routine, argument);
}

ssize_t
write(int fd, const void *bytes, size_t count)
{
	return fails_with(CALL_SOCKET, SITE, EIO) ? -1 : real_write(fd, bytes, count);
}

ssize_t
read(int fd, void *bytes, size_t count)
{
	REAL(ssize_t, read, (int, void *, size_t));

	return fails_with(CALL_SOCKET, SITE, EIO) ? -1 : real_read(fd, bytes, count);
}

static int
transfer_error(int usual)
{
	return orders->error != 0 ? (int) orders->error : usual;
}

static size_t
transfer_bytes(size_t count)
{
	if (!is_in_main || orders == NULL || orders->max_bytes == 0 ||
		count <= (size_t) orders->max_bytes)
		return count;
	return (size_t) orders->max_bytes;
}

ssize_t
send(int fd, const void *bytes, size_t count, int flags)
{
	REAL(ssize_t, send, (int, const void *, size_t, int));

	if (fails(CALL_TRANSFER, SITE))
	{
		errno = transfer_error(EPIPE);
		return -1;
	}
	return real_send(fd, bytes, transfer_bytes(count), flags);
}

ssize_t
recv(int fd, void *bytes, size_t count, int flags)
{
	REAL(ssize_t, recv, (int, void *, size_t, int));

	if (fails(CALL_TRANSFER, SITE))
	{
		errno = transfer_error(ECONNRESET);
		return -1;
	}
	return real_recv(fd, bytes, transfer_bytes(count), flags);
}

int
poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	REAL(int, poll, (struct pollfd *, nfds_t, int));

	if (fails(CALL_POLL, SITE))
	{
		errno = transfer_error(ENOMEM);
		return -1;
	}
	return real_poll(fds, count, timeout_ms);
}

/* --- names --- */

#define LINE_BYTES 512

/* The name's addresses with spaces between them; false if the file has none. */
static bool
read_name(const char *path, const char *name, char line[LINE_BYTES], char **addresses)
{
	FILE	   *file = fopen(path, "re");
	bool		is_found = false;

	while (file != NULL && !is_found && fgets(line, LINE_BYTES, file) != NULL)
	{
		size_t		length = strcspn(line, " \n");

		is_found = length == strlen(name) && strncmp(line, name, length) == 0;
		*addresses = line + length;
	}
	if (file != NULL)
		(void) fclose(file);
	return is_found;
}

int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
			struct addrinfo **result)
{
	REAL(int, getaddrinfo, (const char *, const char *, const struct addrinfo *,
							struct addrinfo **));
	const char *path = getenv("UNCACHED_SHIM_NAMES");
	char		line[LINE_BYTES];
	char	   *addresses;
	char	   *position;
	int			error = EAI_NONAME;

	if (path == NULL || name == NULL || !read_name(path, name, line, &addresses))
		return real_getaddrinfo(name, service, hints, result);
	/* an address is asked for, which no name is */
	if ((hints->ai_flags & AI_NUMERICHOST) != 0)
		return EAI_NONAME;
	while (strstr(addresses, "hang") != NULL)
	{
		(void) usleep(20000);
		if (!read_name(path, name, line, &addresses))
			return EAI_NONAME;
	}
	for (char *address = strtok_r(addresses, " \n", &position);
		 address != NULL;
		 address = strtok_r(NULL, " \n", &position))
	{
		error = real_getaddrinfo(address, service, hints, result);
		if (error != 0)
			break;
		while (*result != NULL)
			result = &(*result)->ai_next;
	}
	return error;
}
