/*-------------------------------------------------------------------------
 *
 * redis_target.c
 *	  One Redis destination: does away with names and with what matches
 *	  patterns, and proves it.
 *
 * Replies come in the order of commands: a queue remembers what was sent.
 * What was sent for work that has been abandoned since keeps its place there.
 *
 *-------------------------------------------------------------------------
 */
#include "redis_target.h"

#include <stdlib.h>
#include <string.h>

#include "backoff.h"
#include "redis_error.h"
#include "redis_greeting.h"
#include "redis_pace.h"
#include "redis_queue.h"
#include "redis_scan.h"
#include "redis_script.h"
#include "redis_work.h"

/* How often Redis is asked for its history. */
#define HISTORY_INTERVAL_MS 1000

typedef enum TargetState
{
	TARGET_STOPPED,
	TARGET_CONNECTING,
	TARGET_READY,
	TARGET_BACKING_OFF
} TargetState;

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

	RedisWork	batch;			/* the names in hand */
	RedisScan	scan;			/* the pass in hand */
	RedisWork	found;			/* what its last slice found */
	RedisPace	pace;
	LoopTimer	pace_timer;		/* armed until the next slice may be asked for */
	const RedisWork *last_stepper;	/* batch or found; NULL before any */
	RedisQueue	queue;			/* commands without a reply */

	RedisHistoryWatch history;
	LoopTimer	history_timer;	/* armed until it is asked for again */
};

static void
set_state(RedisTarget *target, TargetState state)
{
	target->state = state;
	if (state == TARGET_READY)
		target->ready_since_ms = loop_now_ms(target->loop);
}

/* --- sending --- */

/* Only one step is under way; where both works have some they take turns. */
static bool
may_step(const RedisTarget *target, const RedisWork *work)
{
	const RedisWork *other = work == &target->batch ? &target->found : &target->batch;

	return !redis_work_is_stepping(&target->batch) &&
		!redis_work_is_stepping(&target->found) &&
		(target->last_stepper != work || !redis_work_has_steps(other));
}

static void
write_names(RedisTarget *target, const RedisCommand *command, const KeySlice *slice)
{
	char		head[REDIS_SCRIPT_HEAD_BYTES];
	char		tail[REDIS_SCRIPT_TAIL_BYTES];

	redis_conn_write(target->conn, head,
					 redis_script_head(command->kind, slice->key_count, head));
	redis_conn_write(target->conn, slice->bytes, slice->byte_count);
	redis_conn_write(target->conn, tail,
					 redis_script_tail(command->kind, target->settings.stagger_ms, tail));
	redis_conn_end_command(target->conn);
	redis_queue_push(&target->queue, command);
	redis_work_send(command->work, command->kind, slice);
	if (redis_script_is_stepwise(command->kind))
		target->last_stepper = command->work;
}

/* Sends what there is room for; true if all of the kind has been sent. */
static bool
send_names(RedisTarget *target, RedisWork *work, NameKind kind)
{
	RedisCommand command = {REDIS_COMMAND_NAMES, work, kind, 0};
	KeySlice	slice;

	while (redis_conn_has_room(target->conn) &&
		   (!redis_script_is_stepwise(kind) || may_step(target, work)) &&
		   redis_work_next(work, kind, &slice))
	{
		command.name_count = slice.key_count;
		if (!redis_queue_has_room(&target->queue, &command))
			return false;
		write_names(target, &command, &slice);
	}
	return redis_work_is_sent(work, kind);
}

/* Sets first: one that was unlinked or replaced cannot be taken any more. */
static bool
send_found(RedisTarget *target)
{
	return send_names(target, &target->found, NAME_TAG) &&
		send_names(target, &target->found, NAME_SET) &&
		send_names(target, &target->found, NAME_KEY) &&
		send_names(target, &target->found, NAME_VERSION);
}

static void
write_scan(RedisTarget *target, const RedisCommand *command, size_t slice_keys)
{
	RedisArgument arguments[REDIS_SCAN_MAX_ARGUMENTS];
	char		count_text[REDIS_SCAN_CURSOR_BYTES];
	size_t		count = redis_scan_ask(&target->scan, slice_keys, arguments, count_text);

	redis_conn_write_command(target->conn, arguments, count);
	redis_queue_push(&target->queue, command);
}

/* Without memory for the timer the pass goes on faster than it should. */
static bool
await_pace(RedisTarget *target, size_t slice_keys)
{
	int64_t		wait_ms = redis_pace_wait_ms(&target->pace, slice_keys,
											 loop_now_ms(target->loop));

	return wait_ms > 0 && loop_timer_set(target->loop, &target->pace_timer, wait_ms);
}

/* One slice at a time, and not before all that the last one found was sent. */
static void
send_scan(RedisTarget *target)
{
	const RedisCommand command = {.type = REDIS_COMMAND_SCAN};
	RedisScan  *scan = &target->scan;
	size_t		slice_keys;

	if (!send_found(target) || scan->is_through || scan->is_awaited ||
		!redis_conn_has_room(target->conn) ||
		!redis_queue_has_room(&target->queue, &command))
		return;
	slice_keys = redis_pace_slice_keys(&target->pace, redis_scan_slice_keys(scan));
	if (await_pace(target, slice_keys))
		return;
	redis_pace_take(&target->pace, slice_keys, loop_now_ms(target->loop));
	write_scan(target, &command, slice_keys);
}

/* Sends as much of the work in hand as there is room for. */
static void
send_work(RedisTarget *target)
{
	if (target->state != TARGET_READY)
		return;
	if (send_names(target, &target->batch, NAME_KEY) &&
		send_names(target, &target->batch, NAME_VERSION) &&
		send_names(target, &target->batch, NAME_STAGGERED))
	{
		(void) (send_names(target, &target->batch, NAME_TAG) &&
				send_names(target, &target->batch, NAME_SET) &&
				send_names(target, &target->batch, NAME_ROW));
		if (redis_scan_is_active(&target->scan))
			send_scan(target);
	}
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

/* Nothing that was sent counts any more. */
static void
restart_work(RedisTarget *target)
{
	loop_timer_remove(target->loop, &target->pace_timer);
	redis_queue_clear(&target->queue);
	redis_work_restart(&target->batch);
	redis_work_begin(&target->found, NULL);
	if (redis_scan_is_active(&target->scan))
	{
		redis_scan_restart(&target->scan);
		redis_pace_begin(&target->pace, loop_now_ms(target->loop));
	}
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
	loop_timer_remove(target->loop, &target->history_timer);
	set_state(target, TARGET_BACKING_OFF);
	restart_work(target);
	if (!loop_timer_set(target->loop, &target->retry_timer, retry_ms))
		log_failure(target, "cannot arm a timer, giving up on Redis", "out of memory",
					NULL, 0);
	target->events->lost(target->context);
}

/* --- the history --- */

static void
await_history_time(RedisTarget *target)
{
	if (!loop_timer_set(target->loop, &target->history_timer, HISTORY_INTERVAL_MS))
		drop_connection(target, "out of memory", false);
}

/* Behind all that was sent, so that what is told has it in it. */
static void
history_is_due(void *context)
{
	RedisTarget *target = context;
	const RedisCommand command = {.type = REDIS_COMMAND_HISTORY};

	if (!redis_conn_has_room(target->conn) || !redis_queue_has_room(&target->queue, &command))
	{
		await_history_time(target);
		return;
	}
	redis_conn_ask_history(target->conn);
	for (int i = 0; i < REDIS_GREETING_HISTORY_COMMANDS; i++)
		redis_queue_push(&target->queue, &command);
	redis_history_ask(&target->history, REDIS_GREETING_HISTORY_COMMANDS);
	redis_conn_flush(target->conn);
}

static void
take_history(RedisTarget *target, const redisReply *reply)
{
	switch (redis_history_take(&target->history,
							   reply->type == REDIS_REPLY_STRING ? reply->str : ""))
	{
		case REDIS_HISTORY_AWAITED:
			break;
		case REDIS_HISTORY_GOES_ON:
			await_history_time(target);
			target->events->placed(target->context);
			break;
		case REDIS_HISTORY_IS_ANOTHER:
			drop_connection(target, "Redis goes on with another history", false);
			break;
		case REDIS_HISTORY_IS_REPLICA:
			drop_connection(target, REDIS_ERROR_REPLICA, true);
			break;
	}
}

/* --- replies --- */

static void
finish_batch_if_proven(RedisTarget *target)
{
	if (!redis_work_is_active(&target->batch) || !redis_work_is_proven(&target->batch))
		return;
	redis_work_begin(&target->batch, NULL);
	backoff_reset(&target->backoff);
	target->events->apply_done(target->context);
}

static void
end_scan(RedisTarget *target)
{
	loop_timer_remove(target->loop, &target->pace_timer);
	redis_work_begin(&target->found, NULL);
	redis_scan_end(&target->scan);
}

static void
finish_scan_if_proven(RedisTarget *target)
{
	if (!redis_scan_is_active(&target->scan) || !target->scan.is_through ||
		!redis_work_is_proven(&target->found))
		return;
	end_scan(target);
	backoff_reset(&target->backoff);
	target->events->scan_done(target->context);
}

/* All that was found before the slice has been answered before it. */
static const char *
take_slice(RedisTarget *target, const redisReply *reply)
{
	const char *problem = redis_scan_take(&target->scan, reply);

	if (problem == NULL)
		redis_work_begin(&target->found, &target->scan.found);
	return problem;
}

static const char *
take_names(RedisTarget *target, const RedisCommand *command, const redisReply *reply)
{
	const char *problem = redis_work_take(command->work, command->kind,
										  command->name_count, reply);
	const redisReply *pattern;

	for (size_t i = 0; problem == NULL &&
		 (pattern = redis_script_pattern(reply, i)) != NULL; i++)
		target->events->needs_scan(target->context, pattern->str, (size_t) pattern->len);
	return problem;
}

static const char *
take_reply(RedisTarget *target, const RedisCommand *command, const redisReply *reply)
{
	switch (command->type)
	{
		case REDIS_COMMAND_NAMES:
			return take_names(target, command, reply);
		case REDIS_COMMAND_SCAN:
			return take_slice(target, reply);
		case REDIS_COMMAND_HISTORY:
		case REDIS_COMMAND_ABANDONED:
			break;
	}
	return NULL;
}

static void
replied(void *context, const redisReply *reply)
{
	RedisTarget *target = context;
	RedisCommand command = redis_queue_pop(&target->queue);
	const char *problem;

	if (reply->type == REDIS_REPLY_ERROR)
	{
		drop_connection(target, reply->str, true);
		return;
	}
	if (command.type == REDIS_COMMAND_HISTORY)
	{
		take_history(target, reply);
		return;
	}
	problem = take_reply(target, &command, reply);
	if (problem != NULL)
		drop_connection(target, problem, false);
	else if (command.type == REDIS_COMMAND_SCAN || command.work == &target->found)
		finish_scan_if_proven(target);
	else if (command.work == &target->batch)
		finish_batch_if_proven(target);
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
	target->history.known = *redis_conn_history(target->conn);
	if (redis_history_is_told(&target->history.known))
		await_history_time(target);
	else
		log_event(target->log, LOG_LEVEL_WARNING,
				  "cannot tell whether Redis was started again and may have lost deletes",
				  LOG_TEXT("target", target->settings.alias),
				  LOG_TEXT("server", target->server),
				  LOG_TEXT("advice", "allow the user the command INFO: ACL SETUSER name +info"));
	if (target->state != TARGET_READY)
		return;
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

static void
pace_allows(void *context)
{
	send_work(context);
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
	loop_timer_init(&target->pace_timer, pace_allows, target);
	loop_timer_init(&target->history_timer, history_is_due, target);
	redis_scan_init(&target->scan, settings->seed);
	redis_pace_init(&target->pace, settings->scan_rate);
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
	loop_timer_remove(target->loop, &target->history_timer);
	redis_conn_close(target->conn);
	redis_target_abandon(target);
	redis_queue_clear(&target->queue);
	set_state(target, TARGET_STOPPED);
}

bool
redis_target_is_ready(const RedisTarget *target)
{
	return target->state == TARGET_READY;
}

const RedisHistory *
redis_target_history(const RedisTarget *target)
{
	return &target->history.known;
}

void
redis_target_apply(RedisTarget *target, const NameSets *names)
{
	redis_work_begin(&target->batch, names);
	send_work(target);
}

bool
redis_target_scan(RedisTarget *target, const NameSets *patterns)
{
	if (!redis_scan_begin(&target->scan, patterns))
		return false;
	redis_pace_begin(&target->pace, loop_now_ms(target->loop));
	send_work(target);
	return true;
}

void
redis_target_abandon(RedisTarget *target)
{
	redis_queue_abandon(&target->queue);
	redis_work_begin(&target->batch, NULL);
	end_scan(target);
}
