/*-------------------------------------------------------------------------
 *
 * scripted_redis.h
 *	  A Redis server in the test's own loop, which answers as the test says.
 *
 * It listens on a unix socket in a temporary directory and serves one
 * connection at a time.  The greeting is answered with +OK unless the test
 * wants to see it; all else goes to the test's callback.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_SCRIPTED_REDIS_H
#define UNCACHED_SCRIPTED_REDIS_H

#include <check.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/url.h"

/* How long a test waits for what must happen. */
#define SCRIPTED_REDIS_PATIENCE_MS 5000

typedef struct ScriptedRedis ScriptedRedis;

/* "command" is an array of strings, valid during the callback. */
typedef void (*ScriptedRedisAnswer) (ScriptedRedis *server, const redisReply *command);

struct ScriptedRedis
{
	Loop	   *loop;
	RedisUrl	url;			/* where it listens */
	char		directory[32];
	char		path[64];
	ScriptedRedisAnswer answer;
	bool		shows_greeting; /* to the callback */
	const char *info;			/* the text of replies to INFO */
	int			connection_count;	/* so far */
	int			command_count;	/* of this connection, without the greeting */
	int			listen_fd;
	int			fd;
	redisReader *reader;
	LoopWatch	listen_watch;
	LoopWatch	watch;
};

static inline void
scripted_redis_hang_up(ScriptedRedis *server)
{
	if (server->fd < 0)
		return;
	loop_watch_remove(server->loop, &server->watch);
	(void) close(server->fd);
	redisReaderFree(server->reader);
	server->fd = -1;
	server->reader = NULL;
}

static inline void
scripted_redis_send_bytes(ScriptedRedis *server, const char *bytes, size_t count)
{
	ssize_t		sent = send(server->fd, bytes, count, MSG_NOSIGNAL);

	/* the client may be gone already */
	ck_assert(sent == (ssize_t) count || sent < 0);
}

static inline void
scripted_redis_send(ScriptedRedis *server, const char *text)
{
	scripted_redis_send_bytes(server, text, strlen(text));
}

/* Does the command go by steps (redis_script.h)? */
static inline bool
scripted_redis_is_step(const redisReply *command)
{
	return strcmp(command->element[0]->str, "EVAL") == 0 &&
		strstr(command->element[1]->str, "SRANDMEMBER") != NULL;
}

/* Behind a script stand the number of its keys, the names, and maybe a bound. */
static inline int
scripted_redis_name_count(const redisReply *command)
{
	if (strcmp(command->element[0]->str, "EVAL") != 0)
		return (int) command->elements - 1;
	return (int) command->elements - (scripted_redis_is_step(command) ? 4 : 3);
}

static inline void
scripted_redis_format_count(const redisReply *command, int count, char reply[32])
{
	(void) snprintf(reply, 32, "%s:%d\r\n", scripted_redis_is_step(command) ? "*1\r\n" : "", count);
}

static inline void
scripted_redis_send_count(ScriptedRedis *server, const redisReply *command, int count)
{
	char		reply[32];

	scripted_redis_format_count(command, count, reply);
	scripted_redis_send(server, reply);
}

static inline bool
scripted_redis_is(const redisReply *command, const char *name)
{
	return strcmp(command->element[0]->str, name) == 0;
}

#define SCRIPTED_REDIS_INFO "# Server\r\nrun_id:scripted\r\n"

/* As Redis answers it, with less in it. */
#define SCRIPTED_REDIS_HELLO \
	"*8\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:2\r\n" \
	"$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n"

static inline void
scripted_redis_send_text(ScriptedRedis *server, const char *text)
{
	char		reply[1024];

	(void) snprintf(reply, sizeof(reply), "$%zu\r\n%s\r\n", strlen(text), text);
	scripted_redis_send(server, reply);
}

static inline bool
scripted_redis_is_greeting(const redisReply *command)
{
	return scripted_redis_is(command, "AUTH") || scripted_redis_is(command, "SELECT") ||
		scripted_redis_is(command, "PING") || scripted_redis_is(command, "INFO") ||
		scripted_redis_is(command, "HELLO") ||
		scripted_redis_is(command, "CLIENT");
}

static inline void
scripted_redis_take(ScriptedRedis *server, const redisReply *command)
{
	ck_assert_int_eq(command->type, REDIS_REPLY_ARRAY);
	for (size_t i = 0; i < command->elements; i++)
		ck_assert_int_eq(command->element[i]->type, REDIS_REPLY_STRING);
	if (scripted_redis_is_greeting(command) && !server->shows_greeting)
	{
		if (scripted_redis_is(command, "INFO"))
			scripted_redis_send_text(server, server->info);
		else if (scripted_redis_is(command, "HELLO"))
			scripted_redis_send(server, SCRIPTED_REDIS_HELLO);
		else
			scripted_redis_send(server, "+OK\r\n");
		return;
	}
	if (!scripted_redis_is_greeting(command))
		server->command_count++;
	server->answer(server, command);
}

static inline void
scripted_redis_readable(void *context, short revents)
{
	ScriptedRedis *server = context;
	char		input[16384];
	ssize_t		count = recv(server->fd, input, sizeof(input), 0);
	void	   *command;

	(void) revents;
	if (count <= 0)
	{
		scripted_redis_hang_up(server);
		return;
	}
	ck_assert_int_eq(redisReaderFeed(server->reader, input, (size_t) count), REDIS_OK);
	while (server->fd >= 0)
	{
		ck_assert_int_eq(redisReaderGetReply(server->reader, &command), REDIS_OK);
		if (command == NULL)
			break;
		scripted_redis_take(server, command);
		freeReplyObject(command);
	}
}

static inline void
scripted_redis_accept(void *context, short revents)
{
	ScriptedRedis *server = context;

	(void) revents;
	scripted_redis_hang_up(server);
	server->fd = accept(server->listen_fd, NULL, NULL);
	ck_assert_int_ge(server->fd, 0);
	server->reader = redisReaderCreate();
	server->connection_count++;
	server->command_count = 0;
	ck_assert(loop_watch_set(server->loop, &server->watch, server->fd, POLLIN));
}

static inline void
scripted_redis_start(ScriptedRedis *server, Loop *event_loop, ScriptedRedisAnswer answer)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	memset(server, 0, sizeof(*server));
	server->loop = event_loop;
	server->answer = answer;
	server->info = SCRIPTED_REDIS_INFO;
	server->fd = -1;
	strncpy(server->directory, "/tmp/uncache-test-XXXXXX", sizeof(server->directory) - 1);
	ck_assert_ptr_nonnull(mkdtemp(server->directory));
	(void) snprintf(server->path, sizeof(server->path), "%s/redis", server->directory);
	memcpy(address.sun_path, server->path, strlen(server->path));
	server->url.socket_path = server->path;

	server->listen_fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_ge(server->listen_fd, 0);
	ck_assert_int_eq(bind(server->listen_fd, (const struct sockaddr *) &address,
						  sizeof(address)), 0);
	ck_assert_int_eq(listen(server->listen_fd, 8), 0);
	loop_watch_init(&server->listen_watch, scripted_redis_accept, server);
	loop_watch_init(&server->watch, scripted_redis_readable, server);
	ck_assert(loop_watch_set(event_loop, &server->listen_watch, server->listen_fd, POLLIN));
}

static inline void
scripted_redis_stop(ScriptedRedis *server)
{
	scripted_redis_hang_up(server);
	loop_watch_remove(server->loop, &server->listen_watch);
	(void) close(server->listen_fd);
	(void) unlink(server->path);
	(void) rmdir(server->directory);
}

static inline int64_t
scripted_redis_clock_ms(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Runs the loop until *count reaches the goal; fails after some seconds. */
static inline void
scripted_redis_run_until(Loop *event_loop, const int *count, int goal)
{
	int64_t		end_ms = scripted_redis_clock_ms() + SCRIPTED_REDIS_PATIENCE_MS;

	while (*count < goal)
	{
		ck_assert_msg(scripted_redis_clock_ms() < end_ms, "waited in vain");
		ck_assert(loop_turn(event_loop, 100));
	}
}

/* Runs what is ready by now, to see that nothing else happens. */
static inline void
scripted_redis_settle(Loop *event_loop)
{
	for (int i = 0; i < 20; i++)
		ck_assert(loop_turn(event_loop, 1));
}

#endif
