/*-------------------------------------------------------------------------
 *
 * redis_conn_fixture.h
 *	  A connection to a scripted server, and what it reported.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_CONN_FIXTURE_H
#define UNCACHED_REDIS_CONN_FIXTURE_H

#include <check.h>
#include <stdio.h>

#include "redis/redis_conn.h"
#include "redis/scripted_redis.h"

static Loop *loop;
static ScriptedRedis server;
static RedisConn *conn;

static int	connected_count;
static int	reply_count;
static int	failure_count;
static char last_reply[64];
static char last_reason[256];
static RedisFailure last_failure;
static char greeting[256];		/* what the server saw of it */

static inline void
note_connected(void *context)
{
	(void) context;
	connected_count++;
}

static inline void
note_reply(void *context, const redisReply *reply)
{
	(void) context;
	reply_count++;
	(void) snprintf(last_reply, sizeof(last_reply), "%s",
					reply->str != NULL ? reply->str : "");
}

static inline void
note_progress(void *context)
{
	(void) context;
}

static inline void
note_failed(void *context, RedisFailure failure, const char *reason)
{
	(void) context;
	failure_count++;
	last_failure = failure;
	(void) snprintf(last_reason, sizeof(last_reason), "%s", reason);
}

static const RedisConnEvents events = {
	.connected = note_connected,
	.replied = note_reply,
	.progressed = note_progress,
	.failed = note_failed,
};

/* Short enough for tests that wait for them, long enough for the others. */
static const RedisConnTimeouts patient = {5000, 5000};
static const RedisConnTimeouts hasty = {50, 50};

static inline void
start(ScriptedRedisAnswer answer, const RedisConnTimeouts *timeouts)
{
	loop = loop_create();
	ck_assert_ptr_nonnull(loop);
	scripted_redis_start(&server, loop, answer);
	conn = redis_conn_create(loop, &server.url, timeouts, &events, NULL);
	ck_assert_ptr_nonnull(conn);
	connected_count = reply_count = failure_count = 0;
	greeting[0] = '\0';
}

static inline void
stop(void)
{
	redis_conn_destroy(conn);
	scripted_redis_stop(&server);
	loop_destroy(loop);
}

static inline void
connect_to_server(void)
{
	redis_conn_open(conn);
	scripted_redis_run_until(loop, &connected_count, 1);
}

static inline void
send_command(const char *name)
{
	RedisArgument argument = redis_argument_text(name);

	redis_conn_write_command(conn, &argument, 1);
	redis_conn_flush(conn);
}

static inline void
expect_failure(const char *reason)
{
	scripted_redis_run_until(loop, &failure_count, 1);
	scripted_redis_settle(loop);
	ck_assert_int_eq(failure_count, 1);
	if (reason != NULL)
		ck_assert_str_eq(last_reason, reason);
}

/* --- answers --- */

static inline void
answer_ok(ScriptedRedis *redis, const redisReply *command)
{
	(void) command;
	scripted_redis_send(redis, "+OK\r\n");
}

static inline void
answer_nothing(ScriptedRedis *redis, const redisReply *command)
{
	(void) redis;
	(void) command;
}

static inline void
answer_twice(ScriptedRedis *redis, const redisReply *command)
{
	(void) command;
	scripted_redis_send(redis, ":1\r\n:2\r\n");
}

static inline void
refuse_password(ScriptedRedis *redis, const redisReply *command)
{
	if (scripted_redis_is(command, "AUTH"))
		scripted_redis_send(redis, "-WRONGPASS invalid username-password pair\r\n");
	else
		scripted_redis_send(redis, "-NOAUTH Authentication required.\r\n");
}

#endif
