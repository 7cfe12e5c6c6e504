/*-------------------------------------------------------------------------
 *
 * health_fixture.h
 *	  A health socket, and who asks it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_HEALTH_FIXTURE_H
#define UNCACHED_HEALTH_FIXTURE_H

#include "status/health_client.h"
#include "status/health_server.h"
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/log_fixture.h"

#define CLIENTS_MAX 100

static char directory[] = "/tmp/uncached-test-XXXXXX";
static char path[64];
static char other_path[64];
static Loop *loop;
static int64_t clock_ms;
static HealthServer *server;
static size_t long_bytes;

static inline int64_t
read_clock(void *context)
{
	(void) context;
	return clock_ms;
}

static inline void
tell(void *context, FILE *stream)
{
	ck_assert_ptr_eq(context, &clock_ms);
	(void) fputs("default state=ready redis=connected\n", stream);
	for (size_t i = 0; i < long_bytes; i++)
		(void) fputc('x', stream);
}

static inline void
set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/health", directory);
	snprintf(other_path, sizeof(other_path), "%s/other", directory);
	clock_ms = 0;
	long_bytes = 0;
	open_test_log(LOG_LEVEL_DEBUG);
	loop = loop_create();
	loop_set_clock(loop, read_clock, NULL);
	server = health_server_create(loop, &test_log, tell, &clock_ms);
	ck_assert_ptr_nonnull(server);
}

static inline void
tear_down(void)
{
	health_server_destroy(server);
	loop_destroy(loop);
	close_test_log();
	(void) unlink(path);
	(void) unlink(other_path);
	(void) rmdir(directory);
}

static inline void
assert_said(const char *text)
{
	read_test_log();
	ck_assert_msg(strstr(said, text) != NULL, "no \"%s\" in: %s", text, said);
}

static inline void
turn(void)
{
	ck_assert(loop_turn(loop, 0));
}

static inline int
new_socket(void)
{
	int			fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static inline struct sockaddr_un
address_of(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", name);
	return address;
}

static inline int
open_client(void)
{
	struct sockaddr_un address = address_of(path);
	int			fd = new_socket();

	ck_assert_int_eq(connect(fd, (const struct sockaddr *) &address, sizeof(address)), 0);
	return fd;
}

/* A socket at the path that somebody listens at. */
static inline int
open_listener(const char *name)
{
	struct sockaddr_un address = address_of(name);
	int			fd = new_socket();

	ck_assert_int_eq(bind(fd, (const struct sockaddr *) &address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 4), 0);
	return fd;
}

static inline void
assert_answered(int fd)
{
	char		text[128];
	ssize_t		count = read(fd, text, sizeof(text));

	ck_assert_int_eq(count, 36);
	ck_assert_int_eq(memcmp(text, "default state=ready redis=connected\n", 36), 0);
	ck_assert_int_eq(read(fd, text, sizeof(text)), 0);
	close(fd);
}

#endif
