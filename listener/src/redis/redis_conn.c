/*-------------------------------------------------------------------------
 *
 * redis_conn.c
 *	  One connection to Redis: bytes out, replies in, deadlines.
 *
 * Failures found inside a function that the owner called are reported by a
 * timer of 0 ms, so that no callback runs inside the owner's own call.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_conn.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/password_file.h"
#include "redis/redis_error.h"
#include "redis/redis_greeting.h"
#include "redis/redis_input.h"
#include "redis/redis_route.h"
#include "redis/redis_transport.h"

typedef enum ConnState
{
	CONN_CLOSED,
	CONN_RESOLVING,
	CONN_CONNECTING,
	CONN_GREETING,
	CONN_CONNECTED,
	CONN_FAILING				/* "failed" is about to be called */
} ConnState;

struct RedisConn
{
	Loop	   *loop;			/* borrowed */
	const RedisUrl *url;		/* borrowed */
	RedisConnTimeouts timeouts;
	const RedisConnEvents *events;	/* borrowed */
	void	   *context;		/* borrowed */

	ConnState	state;
	RedisGreetingStep greeting; /* whose reply comes next */
	RedisHistory history;		/* as the greeting tells it */
	uint64_t	session_count;	/* tells a reopened connection from the old */
	RedisRoute	route;
	RedisIo		io;
	LoopWatch	watch;
	LoopTimer	buffered_timer; /* armed while the io has bytes of which the
								 * socket says nothing */
	LoopTimer	deadline_timer;
	LoopTimer	failure_timer;
	int64_t		progress_ms;	/* when bytes last moved, or a wait began */
	char		reason[REDIS_REFUSALS_TEXT_BYTES];
	RedisFailure failure;

	size_t		awaited_count;	/* replies */
	RedisOutput output;
	RedisInput	input;
};

/* --- failures --- */

static void
close_socket(RedisConn *conn)
{
	loop_watch_remove(conn->loop, &conn->watch);
	loop_timer_remove(conn->loop, &conn->buffered_timer);
	redis_io_close(&conn->io);
	redis_input_end(&conn->input);
	loop_timer_remove(conn->loop, &conn->deadline_timer);
	conn->awaited_count = 0;
	redis_output_clear(&conn->output);
	conn->session_count++;
}

void
redis_conn_close(RedisConn *conn)
{
	close_socket(conn);
	redis_route_end(&conn->route);
	loop_timer_remove(conn->loop, &conn->failure_timer);
	conn->state = CONN_CLOSED;
}

static void
report_failure(void *context)
{
	RedisConn  *conn = context;

	redis_conn_close(conn);
	conn->events->failed(conn->context, conn->failure, conn->reason);
}

static void
begin_failing(RedisConn *conn)
{
	conn->failure = redis_route_tell(&conn->route, conn->reason, sizeof(conn->reason));
	conn->state = CONN_FAILING;
	if (!loop_timer_set(conn->loop, &conn->failure_timer, 0))
		report_failure(conn);	/* nothing better is left without memory */
}

static void try_next_address(RedisConn *conn);

/* Whatever is wrong with an address, another one may be that of the primary. */
static void
fail(RedisConn *conn, RedisFailure failure, const char *reason)
{
	if (conn->state == CONN_FAILING)
		return;
	redis_route_refuse(&conn->route, failure, reason);
	close_socket(conn);
	if (conn->state == CONN_CONNECTED)
		begin_failing(conn);
	else
		try_next_address(conn);
}

/* --- connecting --- */

static void
await_io(RedisConn *conn)
{
	short		events = redis_io_events(&conn->io, redis_output_unsent_bytes(&conn->output) > 0);

	if (!loop_watch_set(conn->loop, &conn->watch, conn->io.fd, events) ||
		(redis_io_has_buffered(&conn->io) &&
		 !loop_timer_set(conn->loop, &conn->buffered_timer, 0)))
		fail(conn, REDIS_FAILURE_CONNECTION, "out of memory");
}

static void
try_next_address(RedisConn *conn)
{
	int			fd = redis_route_open_next(&conn->route);

	if (fd < 0)
	{
		begin_failing(conn);
		return;
	}
	conn->state = CONN_CONNECTING;
	if (!redis_io_open(&conn->io, conn->url, fd) ||
		!loop_timer_set(conn->loop, &conn->deadline_timer, conn->timeouts.connect_ms))
		fail(conn, REDIS_FAILURE_CONNECTION, "out of memory");
	else
		await_io(conn);
}

static void
found_addresses(void *context, const char *problem)
{
	RedisConn  *conn = context;

	if (problem != NULL)
		fail(conn, REDIS_FAILURE_CONNECTION, problem);
	else
		try_next_address(conn);
}

void
redis_conn_open(RedisConn *conn)
{
	const char *problem = NULL;

	conn->state = CONN_RESOLVING;
	if (redis_route_begin(&conn->route, conn->timeouts.connect_ms, &problem) != REDIS_ROUTE_AWAITED)
		found_addresses(conn, problem);
}

/* A password file is read each time: a password that was changed needs no restart. */
static bool
append_greeting(RedisConn *conn)
{
	const RedisUrl *url = conn->url;
	char		from_file[PASSWORD_FILE_BYTES] = "";
	const char *password = url->password_file != NULL ? from_file : url->password;
	char		problem[REDIS_REFUSALS_TEXT_BYTES];
	bool		is_public;
	bool		is_appended = false;

	if (url->password_file != NULL &&
		!password_file_read(url->password_file, from_file, &is_public, problem, sizeof(problem)))
		fail(conn, REDIS_FAILURE_PASSWORD, problem);
	else if (!redis_greeting_append(url, password, &conn->output, &conn->awaited_count))
		fail(conn, REDIS_FAILURE_CONNECTION, "out of memory");
	else
		is_appended = true;
	explicit_bzero(from_file, sizeof(from_file));
	return is_appended;
}

static void
start_greeting(RedisConn *conn)
{
	if (!redis_input_begin(&conn->input))
	{
		fail(conn, REDIS_FAILURE_CONNECTION, "out of memory");
		return;
	}
	if (!append_greeting(conn))
		return;
	conn->greeting = redis_greeting_first(conn->url);
	memset(&conn->history, 0, sizeof(conn->history));
	conn->state = CONN_GREETING;
	redis_conn_flush(conn);
}

static void
go_on_connecting(RedisConn *conn)
{
	RedisIoResult result = redis_io_connect(&conn->io);

	if (result == REDIS_IO_DONE)
		start_greeting(conn);
	else if (result == REDIS_IO_FAILED)
		fail(conn, REDIS_FAILURE_CONNECTION, redis_io_problem(&conn->io));
	else
		await_io(conn);
}

static void
take_greeting(RedisConn *conn, const redisReply *reply)
{
	RedisFailure failure;
	const char *refusal = redis_greeting_take(conn->url, conn->greeting, reply, &conn->history, &failure);

	if (refusal != NULL)
	{
		fail(conn, failure, refusal);
		return;
	}
	conn->greeting = redis_greeting_next(conn->url, conn->greeting);
	if (conn->greeting == REDIS_GREETING_DONE)
	{
		redis_route_end(&conn->route);
		loop_timer_remove(conn->loop, &conn->deadline_timer);
		conn->state = CONN_CONNECTED;
		conn->events->connected(conn->context);
	}
}

/* --- deadlines --- */

static void
await_progress(RedisConn *conn)
{
	conn->progress_ms = loop_now_ms(conn->loop);
	if (!loop_timer_is_armed(&conn->deadline_timer) &&
		!loop_timer_set(conn->loop, &conn->deadline_timer, conn->timeouts.reply_ms))
		fail(conn, REDIS_FAILURE_CONNECTION, "out of memory");
}

/*
 * The timer is not moved at each byte: when it fires it is set again for what
 * is left.
 */
static void
deadline_passed(void *context)
{
	RedisConn  *conn = context;
	int64_t		left_ms;

	if (conn->state == CONN_CONNECTING || conn->state == CONN_GREETING)
	{
		fail(conn, REDIS_FAILURE_CONNECTION, conn->state == CONN_CONNECTING ?
			 redis_io_stalled(&conn->io) : "no reply to the greeting before the deadline");
		return;
	}
	if (conn->awaited_count == 0)
		return;
	left_ms = conn->progress_ms + conn->timeouts.reply_ms - loop_now_ms(conn->loop);
	if (left_ms <= 0)
		fail(conn, REDIS_FAILURE_CONNECTION, "no reply before the deadline");
	else if (!loop_timer_set(conn->loop, &conn->deadline_timer, left_ms))
		fail(conn, REDIS_FAILURE_CONNECTION, "out of memory");
}

/* --- output --- */

void
redis_conn_write(RedisConn *conn, const char *bytes, size_t byte_count)
{
	if (conn->state != CONN_FAILING &&
		!redis_output_append(&conn->output, bytes, byte_count))
		fail(conn, REDIS_FAILURE_CONNECTION, "out of memory");
}

void
redis_conn_write_command(RedisConn *conn, const RedisArgument *arguments, size_t count)
{
	if (conn->state == CONN_FAILING)
		return;
	if (redis_output_append_command(&conn->output, arguments, count))
		redis_conn_end_command(conn);
	else
		fail(conn, REDIS_FAILURE_CONNECTION, "out of memory");
}

void
redis_conn_end_command(RedisConn *conn)
{
	if (conn->state == CONN_FAILING)
		return;
	conn->awaited_count++;
	if (conn->awaited_count == 1)
		await_progress(conn);
}

const char *
redis_conn_address(const RedisConn *conn)
{
	return conn->route.address;
}

const RedisHistory *
redis_conn_history(const RedisConn *conn)
{
	return &conn->history;
}

void
redis_conn_ask_history(RedisConn *conn)
{
	if (conn->state == CONN_FAILING)
		return;
	if (!redis_greeting_append_history(&conn->output))
	{
		fail(conn, REDIS_FAILURE_CONNECTION, "out of memory");
		return;
	}
	for (int i = 0; i < REDIS_GREETING_HISTORY_COMMANDS; i++)
		redis_conn_end_command(conn);
}

bool
redis_conn_has_room(const RedisConn *conn)
{
	return redis_output_unsent_bytes(&conn->output) < REDIS_CONN_HIGH_WATER_BYTES;
}

void
redis_conn_flush(RedisConn *conn)
{
	size_t		sent_bytes;
	const char *problem;

	if (conn->state == CONN_FAILING)
		return;
	problem = redis_output_send(&conn->output, &conn->io, &sent_bytes);
	if (sent_bytes > 0)
		conn->progress_ms = loop_now_ms(conn->loop);
	if (problem != NULL)
		fail(conn, REDIS_FAILURE_CONNECTION, problem);
	else
		await_io(conn);
}

/* --- input --- */

static void
take_reply(RedisConn *conn, const redisReply *reply)
{
	if (conn->awaited_count == 0)
	{
		if (reply->type == REDIS_REPLY_ERROR)
			fail(conn, REDIS_FAILURE_REPLY, reply->str);
		else
			fail(conn, REDIS_FAILURE_PROTOCOL, "Redis sent a reply without a pending command");
		return;
	}
	conn->awaited_count--;
	if (conn->state == CONN_GREETING)
		take_greeting(conn, reply);
	else
		conn->events->replied(conn->context, reply);
}

/* Hands out all whole replies; the owner may close or reopen meanwhile. */
static void
take_replies(RedisConn *conn)
{
	uint64_t	session = conn->session_count;

	while (conn->session_count == session)
	{
		redisReply *reply;
		const char *problem = redis_input_next(&conn->input, &reply);

		if (problem != NULL)
			fail(conn, REDIS_FAILURE_PROTOCOL, problem);
		if (reply == NULL)
			return;
		take_reply(conn, reply);
		freeReplyObject(reply);
	}
}

static void
read_input(RedisConn *conn)
{
	size_t		byte_count;
	RedisFailure failure;
	const char *problem = redis_input_receive(&conn->input, &conn->io, &byte_count, &failure);

	if (problem != NULL)
		fail(conn, failure, problem);
	else if (byte_count > 0)
	{
		conn->progress_ms = loop_now_ms(conn->loop);
		take_replies(conn);
	}
}

static void
move_bytes(RedisConn *conn, short revents)
{
	uint64_t	session = conn->session_count;

	if (redis_io_may_write(&conn->io, revents))
		redis_conn_flush(conn);
	if (conn->session_count == session && redis_io_may_read(&conn->io, revents))
		read_input(conn);
	if (conn->session_count == session && conn->state == CONN_CONNECTED)
		conn->events->progressed(conn->context);
	if (conn->session_count != session)
		return;
	/* what a write waits for may have been read along with other bytes */
	if (redis_io_may_write(&conn->io, POLLIN))
		redis_conn_flush(conn);
	else
		await_io(conn);
}

static void
socket_ready(void *context, short revents)
{
	RedisConn  *conn = context;

	if (conn->state == CONN_CONNECTING)
		go_on_connecting(conn);
	else
		move_bytes(conn, revents);
}

static void
buffered_ready(void *context)
{
	move_bytes(context, 0);
}

/* --- lifetime --- */

RedisConn *
redis_conn_create(Loop *loop, const RedisUrl *url, const RedisConnTimeouts *timeouts,
				  const RedisConnEvents *events, void *context)
{
	RedisConn  *conn = calloc(1, sizeof(*conn));

	if (conn == NULL)
		return NULL;
	conn->loop = loop;
	conn->url = url;
	conn->timeouts = *timeouts;
	conn->events = events;
	conn->context = context;
	conn->state = CONN_CLOSED;
	redis_io_init(&conn->io, redis_transport(url));
	redis_output_init(&conn->output);
	redis_route_init(&conn->route, loop, url, found_addresses, conn);
	loop_watch_init(&conn->watch, socket_ready, conn);
	loop_timer_init(&conn->buffered_timer, buffered_ready, conn);
	loop_timer_init(&conn->deadline_timer, deadline_passed, conn);
	loop_timer_init(&conn->failure_timer, report_failure, conn);
	return conn;
}

void
redis_conn_set_io(RedisConn *conn, const RedisIoType *type)
{
	redis_io_init(&conn->io, type);
}

void
redis_conn_destroy(RedisConn *conn)
{
	if (conn == NULL)
		return;
	redis_conn_close(conn);
	redis_route_free(&conn->route);
	redis_output_free(&conn->output);
	free(conn);
}
