/*-------------------------------------------------------------------------
 *
 * redis_target.c
 *	  One Redis destination: deletes keys and what matches patterns, and
 *	  proves it.
 *
 * Replies come in the order of commands, so a queue remembers what was sent
 * as runs of commands of one kind.  What was sent for work that has been
 * abandoned since keeps its place in the queue, as a kind of its own.
 *
 *-------------------------------------------------------------------------
 */
#include "redis_target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backoff.h"
#include "redis_error.h"
#include "redis_scan.h"

#define KEYS_PER_UNLINK ((size_t) 100)

/* When all are taken, sending pauses until replies arrive. */
#define RUN_MAX 16

typedef enum TargetState
{
	TARGET_STOPPED,
	TARGET_CONNECTING,
	TARGET_READY,
	TARGET_BACKING_OFF
} TargetState;

typedef enum CommandKind
{
	COMMAND_UNLINK_KEYS,		/* of the batch */
	COMMAND_UNLINK_FOUND,		/* by the pass */
	COMMAND_SCAN,
	COMMAND_ABANDONED,
	COMMAND_KIND_COUNT
} CommandKind;

typedef struct CommandRun
{
	CommandKind kind;
	size_t		count;
} CommandRun;

struct RedisTarget
{
	Loop	   *loop;			/* borrowed */
	const Log  *log;			/* borrowed */
	RedisTargetSettings settings;
	const RedisTargetEvents *events;	/* borrowed */
	void	   *context;		/* borrowed */
	char		server[256];	/* for the log */

	TargetState state;
	RedisConn  *conn;			/* owned */
	Backoff		backoff;
	LoopTimer	retry_timer;
	int64_t		ready_since_ms;

	const KeySet *keys;			/* borrowed; NULL without keys in hand */
	size_t		keys_position;	/* up to where they were sent */
	RedisScan	scan;

	CommandRun	runs[RUN_MAX];	/* a ring: commands without a reply yet */
	size_t		first_run;
	size_t		run_count;
	size_t		awaited[COMMAND_KIND_COUNT];
};

static void
set_state(RedisTarget *target, TargetState state)
{
	target->state = state;
	if (state == TARGET_READY)
		target->ready_since_ms = loop_now_ms(target->loop);
}

/* --- the queue of commands without a reply --- */

static void
forget_commands(RedisTarget *target)
{
	target->first_run = 0;
	target->run_count = 0;
	memset(target->awaited, 0, sizeof(target->awaited));
}

static CommandRun *
run_at(RedisTarget *target, size_t index)
{
	return &target->runs[(target->first_run + index) % RUN_MAX];
}

static bool
can_queue(RedisTarget *target, CommandKind kind)
{
	return target->run_count < RUN_MAX ||
		run_at(target, target->run_count - 1)->kind == kind;
}

/* Only if can_queue. */
static void
queue_command(RedisTarget *target, CommandKind kind)
{
	if (target->run_count == 0 ||
		run_at(target, target->run_count - 1)->kind != kind)
	{
		CommandRun *run = run_at(target, target->run_count++);

		run->kind = kind;
		run->count = 0;
	}
	run_at(target, target->run_count - 1)->count++;
	target->awaited[kind]++;
}

/* Only while a command is queued, which is as long as replies come. */
static CommandKind
unqueue_command(RedisTarget *target)
{
	CommandRun *run = run_at(target, 0);
	CommandKind kind = run->kind;

	if (--run->count == 0)
	{
		target->first_run = (target->first_run + 1) % RUN_MAX;
		target->run_count--;
	}
	target->awaited[kind]--;
	return kind;
}

static void
abandon_commands(RedisTarget *target)
{
	for (size_t i = 0; i < target->run_count; i++)
		run_at(target, i)->kind = COMMAND_ABANDONED;
	for (CommandKind kind = 0; kind < COMMAND_KIND_COUNT; kind++)
		if (kind != COMMAND_ABANDONED)
		{
			target->awaited[COMMAND_ABANDONED] += target->awaited[kind];
			target->awaited[kind] = 0;
		}
}

/* --- sending --- */

/* Writes one UNLINK with the next keys of a set; false at its end. */
static bool
write_unlink(RedisTarget *target, const KeySet *keys, size_t *position, CommandKind kind)
{
	KeySlice	slice;
	char		head[48];
	int			head_bytes;

	if (!keyset_next_slice(keys, position, KEYS_PER_UNLINK, &slice))
		return false;
	head_bytes = snprintf(head, sizeof(head), "*%zu\r\n$6\r\nUNLINK\r\n",
						  slice.key_count + 1);
	redis_conn_write(target->conn, head, (size_t) head_bytes);
	redis_conn_write(target->conn, slice.bytes, slice.byte_count);
	redis_conn_end_command(target->conn);
	queue_command(target, kind);
	return true;
}

static void
write_scan(RedisTarget *target)
{
	RedisArgument arguments[REDIS_SCAN_MAX_ARGUMENTS];
	char		count_text[REDIS_SCAN_CURSOR_BYTES];
	size_t		count = redis_scan_arguments(&target->scan, arguments, count_text);

	redis_conn_write_command(target->conn, arguments, count);
	queue_command(target, COMMAND_SCAN);
}

static bool
can_write(RedisTarget *target, CommandKind kind)
{
	return redis_conn_has_room(target->conn) && can_queue(target, kind);
}

/* True if all of the set has been sent. */
static bool
send_unlinks(RedisTarget *target, const KeySet *keys, size_t *position, CommandKind kind)
{
	while (can_write(target, kind))
		if (!write_unlink(target, keys, position, kind))
			return true;
	return *position >= keys->byte_count;
}

/* One slice at a time, and not before all that the last one found was sent. */
static void
send_scan(RedisTarget *target)
{
	RedisScan  *scan = &target->scan;

	if (send_unlinks(target, &scan->found, &scan->found_position, COMMAND_UNLINK_FOUND) &&
		!scan->is_through && target->awaited[COMMAND_SCAN] == 0 &&
		can_write(target, COMMAND_SCAN))
		write_scan(target);
}

/* Sends as much of the work in hand as there is room for. */
static void
send_work(RedisTarget *target)
{
	bool		keys_sent = true;

	if (target->state != TARGET_READY)
		return;
	if (target->keys != NULL)
		keys_sent = send_unlinks(target, target->keys, &target->keys_position,
								 COMMAND_UNLINK_KEYS);
	if (keys_sent && redis_scan_is_active(&target->scan))
		send_scan(target);
	redis_conn_flush(target->conn);
}

/* --- failures --- */

static void
log_failure(const RedisTarget *target, const char *message, const char *reason,
			const RedisErrorKind *kind, int64_t retry_ms)
{
	log_event(target->log,
			  kind != NULL && kind->is_alarm ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING,
			  message,
			  LOG_TEXT("target", target->settings.alias),
			  LOG_TEXT("server", target->server),
			  LOG_TEXT("error", reason),
			  LOG_TEXT("advice", kind != NULL ? kind->advice : ""),
			  LOG_NUMBER("retry_ms", retry_ms));
}

/*
 * Drops the connection: all unfinished work is sent again over another one.
 * The backoff starts over only after a connection that was of use.
 */
static void
drop_connection(RedisTarget *target, const char *reason, bool is_error_reply)
{
	bool		was_ready = target->state == TARGET_READY;
	int64_t		retry_ms;

	if (was_ready && loop_now_ms(target->loop) - target->ready_since_ms >
		target->settings.backoff_cap_ms)
		backoff_reset(&target->backoff);
	retry_ms = backoff_next_ms(&target->backoff);
	log_failure(target,
				was_ready ? "connection to Redis dropped, unfinished work will be repeated"
				: "cannot use Redis, trying again",
				reason, is_error_reply ? redis_error_kind(reason) : NULL, retry_ms);

	redis_conn_close(target->conn);
	set_state(target, TARGET_BACKING_OFF);
	forget_commands(target);
	target->keys_position = 0;
	if (redis_scan_is_active(&target->scan))
		redis_scan_restart(&target->scan);
	if (!loop_timer_set(target->loop, &target->retry_timer, retry_ms))
		log_failure(target, "cannot arm a timer, giving up on Redis", "out of memory",
					NULL, 0);
	target->events->lost(target->context);
}

/* --- replies --- */

static void
finish_keys_if_proven(RedisTarget *target)
{
	if (target->keys == NULL || target->awaited[COMMAND_UNLINK_KEYS] > 0 ||
		target->keys_position < target->keys->byte_count)
		return;
	target->keys = NULL;
	backoff_reset(&target->backoff);
	target->events->keys_done(target->context);
}

static void
finish_scan_if_proven(RedisTarget *target)
{
	const RedisScan *scan = &target->scan;

	if (!redis_scan_is_active(scan) || !scan->is_through ||
		target->awaited[COMMAND_UNLINK_FOUND] > 0 ||
		scan->found_position < scan->found.byte_count)
		return;
	redis_scan_end(&target->scan);
	backoff_reset(&target->backoff);
	target->events->scan_done(target->context);
}

static const char *
check_reply(RedisTarget *target, CommandKind kind, const redisReply *reply)
{
	switch (kind)
	{
		case COMMAND_UNLINK_KEYS:
		case COMMAND_UNLINK_FOUND:
			if (reply->type != REDIS_REPLY_INTEGER)
				return "UNLINK was answered as Redis does not";
			return NULL;
		case COMMAND_SCAN:
			return redis_scan_take(&target->scan, reply);
		default:
			return NULL;
	}
}

static void
replied(void *context, const redisReply *reply)
{
	RedisTarget *target = context;
	CommandKind kind = unqueue_command(target);
	const char *problem;

	if (reply->type == REDIS_REPLY_ERROR)
	{
		drop_connection(target, reply->str, true);
		return;
	}
	problem = check_reply(target, kind, reply);
	if (problem != NULL)
	{
		drop_connection(target, problem, false);
		return;
	}
	if (kind == COMMAND_UNLINK_KEYS)
		finish_keys_if_proven(target);
	else if (kind != COMMAND_ABANDONED)
		finish_scan_if_proven(target);
}

static void
progressed(void *context)
{
	send_work(context);
}

/* --- connecting --- */

static void
connected(void *context)
{
	RedisTarget *target = context;

	set_state(target, TARGET_READY);
	log_event(target->log, LOG_LEVEL_INFO, "connected to Redis",
			  LOG_TEXT("target", target->settings.alias),
			  LOG_TEXT("server", target->server));
	if (redis_conn_server_id(target->conn)[0] == '\0')
		log_event(target->log, LOG_LEVEL_WARNING,
				  "cannot tell whether Redis was started again and may have lost deletes",
				  LOG_TEXT("target", target->settings.alias),
				  LOG_TEXT("server", target->server),
				  LOG_TEXT("advice", "allow the user the command INFO: ACL SETUSER name +info"));
	send_work(target);
	target->events->ready(target->context);
}

static void
failed(void *context, const char *reason, bool is_error_reply)
{
	drop_connection(context, reason, is_error_reply);
}

static void
connect_again(void *context)
{
	RedisTarget *target = context;

	set_state(target, TARGET_CONNECTING);
	redis_conn_open(target->conn);
}

static const RedisConnEvents conn_events = {
	.connected = connected,
	.replied = replied,
	.progressed = progressed,
	.failed = failed,
};

/* --- the interface --- */

RedisTarget *
redis_target_create(Loop *loop, const Log *log, const RedisTargetSettings *settings,
					const RedisTargetEvents *events, void *context)
{
	RedisTarget *target = calloc(1, sizeof(*target));

	if (target == NULL)
		return NULL;
	target->conn = redis_conn_create(loop, settings->url, &settings->timeouts,
									 &conn_events, target);
	if (target->conn == NULL)
	{
		free(target);
		return NULL;
	}
	target->loop = loop;
	target->log = log;
	target->settings = *settings;
	target->events = events;
	target->context = context;
	target->state = TARGET_STOPPED;
	url_describe(settings->url, target->server, sizeof(target->server));
	backoff_init(&target->backoff, settings->backoff_first_ms,
				 settings->backoff_cap_ms, settings->seed);
	loop_timer_init(&target->retry_timer, connect_again, target);
	redis_scan_init(&target->scan, settings->seed);
	return target;
}

void
redis_target_destroy(RedisTarget *target)
{
	if (target == NULL)
		return;
	redis_target_stop(target);
	redis_conn_destroy(target->conn);
	free(target);
}

void
redis_target_start(RedisTarget *target)
{
	connect_again(target);
}

void
redis_target_stop(RedisTarget *target)
{
	loop_timer_remove(target->loop, &target->retry_timer);
	redis_conn_close(target->conn);
	redis_target_abandon(target);
	forget_commands(target);
	set_state(target, TARGET_STOPPED);
}

bool
redis_target_is_ready(const RedisTarget *target)
{
	return target->state == TARGET_READY;
}

const char *
redis_target_server_id(const RedisTarget *target)
{
	return redis_conn_server_id(target->conn);
}

void
redis_target_apply(RedisTarget *target, const KeySet *keys)
{
	target->keys = keys;
	target->keys_position = 0;
	send_work(target);
}

bool
redis_target_scan(RedisTarget *target, const KeySet *patterns)
{
	if (!redis_scan_begin(&target->scan, patterns))
		return false;
	send_work(target);
	return true;
}

void
redis_target_abandon(RedisTarget *target)
{
	abandon_commands(target);
	target->keys = NULL;
	redis_scan_end(&target->scan);
}
