/*-------------------------------------------------------------------------
 *
 * real_redis.h
 *	  A redis-server of the test's own, on a unix socket in a temporary
 *	  directory, without persistence.
 *
 * The environment's REDIS_SERVER says which program it is, if not the path's redis-server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REAL_REDIS_H
#define UNCACHED_REAL_REDIS_H

#include <check.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/url.h"

/* Tries of 10 ms each. */
#define REAL_REDIS_START_TRIES 1000

typedef struct RealRedis
{
	char		directory[32];
	char		path[64];		/* of the socket */
	RedisUrl	url;
	pid_t		pid;
	redisContext *client;		/* the test's own connection */
} RealRedis;

static inline redisContext *
real_redis_connect(const RealRedis *redis)
{
	redisContext *client = redisConnectUnix(redis->path);

	if (client != NULL && client->err == 0)
		return client;
	if (client != NULL)
		redisFree(client);
	return NULL;
}

/* In the child: the server ends with the test, however that ends. */
static inline void
real_redis_exec(const RealRedis *redis)
{
	int			null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	const char *chosen = getenv("REDIS_SERVER");
	const char *program = chosen != NULL && chosen[0] != '\0' ? chosen : "redis-server";

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && null >= 0 &&
		dup2(null, STDOUT_FILENO) >= 0)
		(void) execlp(program, program, "--port", "0", "--save", "",
					  "--dir", redis->directory, "--unixsocket", redis->path,
					  (char *) NULL);
	_exit(127);
}

static inline void
real_redis_start(RealRedis *redis)
{
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};

	memset(redis, 0, sizeof(*redis));
	strncpy(redis->directory, "/tmp/uncache-test-XXXXXX", sizeof(redis->directory) - 1);
	ck_assert_ptr_nonnull(mkdtemp(redis->directory));
	(void) snprintf(redis->path, sizeof(redis->path), "%s/redis", redis->directory);
	redis->url.socket_path = redis->path;
	redis->pid = fork();
	ck_assert_int_ge(redis->pid, 0);
	if (redis->pid == 0)
		real_redis_exec(redis);
	for (int i = 0; i < REAL_REDIS_START_TRIES && redis->client == NULL; i++)
	{
		ck_assert_msg(waitpid(redis->pid, NULL, WNOHANG) == 0, "redis-server does not start");
		(void) nanosleep(&pause, NULL);
		redis->client = real_redis_connect(redis);
	}
	ck_assert_msg(redis->client != NULL, "redis-server does not listen");
}

static inline void
real_redis_stop(RealRedis *redis)
{
	redisFree(redis->client);
	(void) kill(redis->pid, SIGKILL);
	(void) waitpid(redis->pid, NULL, 0);
	(void) unlink(redis->path);
	(void) rmdir(redis->directory);
}

/* The reply to a command in hiredis' format, to be freed; never an error. */
static inline redisReply *
real_redis_command(redisContext * client, const char *format,...)
{
	va_list		arguments;
	redisReply *reply;

	va_start(arguments, format);
	reply = redisvCommand(client, format, arguments);
	va_end(arguments);
	ck_assert_msg(reply != NULL, "%s: %s", format, client->errstr);
	ck_assert_msg(reply->type != REDIS_REPLY_ERROR, "%s: %s", format, reply->str);
	return reply;
}

/* One whose reply is of no interest, and one that is answered by a number. */
#define REAL_REDIS_DO(redis, ...) \
	freeReplyObject(real_redis_command((redis)->client, __VA_ARGS__))

static inline long long
real_redis_integer(redisReply *reply)
{
	long long	integer = reply->integer;

	ck_assert_int_eq(reply->type, REDIS_REPLY_INTEGER);
	freeReplyObject(reply);
	return integer;
}

#define REAL_REDIS_COUNT(redis, ...) \
	real_redis_integer(real_redis_command((redis)->client, __VA_ARGS__))

#endif
