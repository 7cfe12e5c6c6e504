/*-------------------------------------------------------------------------
 *
 * redis_target.c
 *	  One Redis destination: deletes names and what matches patterns,
 *	  and proves it.
 *
 * This file takes events in; what is sent then is in redis_send.c.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_target.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault_point.h"
#include "redis/redis_error.h"
#include "redis/redis_report.h"
#include "redis/redis_script.h"
#include "redis/redis_send.h"
#include "redis/redis_sweeper.h"
#include "redis/redis_target_internal.h"

/* What cannot be served is tried again after so many of the longest backoffs. */
#define FATAL_RETRY_CAPS 6

/* How often Redis is asked for its history. */
#define HISTORY_INTERVAL_MS 1000

static void
set_state(RedisTarget *target, TargetState state)
{
	target->state = state;
	if (state == TARGET_READY)
		target->ready_since_ms = loop_now_ms(target->loop);
}

/* --- failures --- */

/* Nothing that was sent counts any more. */
static void
restart_work(RedisTarget *target)
{
	loop_timer_remove(target->loop, &target->pace_timer);
	redis_queue_clear(&target->queue);
	for (RedisLane lane = 0; lane < REDIS_LANE_COUNT; lane++)
		redis_work_restart(&target->lanes[lane]);
	redis_work_begin(&target->found, NULL);
	redis_sweep_repeat(&target->sweep);
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
drop_connection(RedisTarget *target, RedisFailure failure, const char *reason)
{
	const RedisErrorKind *kind = redis_error_kind(failure, reason);
	bool		was_ready = target->state == TARGET_READY;
	int64_t		retry_ms;

	if (redis_report_has_lasted(target))
		backoff_reset(&target->backoff);
	retry_ms = backoff_next_ms(&target->backoff);
	if (kind->reaction == REDIS_REACTION_FATAL)
		retry_ms = FATAL_RETRY_CAPS * target->settings.backoff_cap_ms;
	redis_report_failure(target, was_ready, failure, reason, retry_ms);

	redis_conn_close(target->conn);
	if (target->sentinel != NULL)
		redis_sentinel_end(target->sentinel);
	loop_timer_remove(target->loop, &target->history_timer);
	set_state(target, TARGET_BACKING_OFF);
	restart_work(target);
	if (!loop_timer_set(target->loop, &target->retry_timer, retry_ms))
		log_event(target->log, LOG_LEVEL_ERROR, "cannot set a timer, giving up on Redis",
				  LOG_TEXT("target", target->settings.alias),
				  LOG_TEXT("error", "out of memory"),
				  LOG_TEXT("advice", "give the machine more memory, and start uncached again"));
	target->events->lost(target->context);
}

/* --- the history --- */

static void
await_history_time(RedisTarget *target)
{
	if (!loop_timer_set(target->loop, &target->history_timer, HISTORY_INTERVAL_MS))
		drop_connection(target, REDIS_FAILURE_CONNECTION, "out of memory");
}

static void
history_is_due(void *context)
{
	RedisTarget *target = context;

	if (!redis_send_history(target))
		await_history_time(target);
}

static void
take_history(RedisTarget *target, const redisReply *reply)
{
	redis_report_answer(target);
	switch (redis_history_take(&target->history,
							   reply->type == REDIS_REPLY_STRING ? reply->str : ""))
	{
		case REDIS_HISTORY_AWAITED:
			break;
		case REDIS_HISTORY_GOES_ON:
			await_history_time(target);
			if (target->state == TARGET_READY)
				target->events->placed(target->context);
			break;
		case REDIS_HISTORY_DISREGARDED:
			await_history_time(target);
			break;
		case REDIS_HISTORY_IS_ANOTHER:
			drop_connection(target, REDIS_FAILURE_CONNECTION, "Redis continues with a different history");
			break;
		case REDIS_HISTORY_IS_REPLICA:
			drop_connection(target, REDIS_FAILURE_REPLY, REDIS_ERROR_REPLICA);
			break;
	}
}

/* --- replies --- */

static void
finish_lane_if_proven(RedisTarget *target, RedisWork *work)
{
	if (!redis_work_is_active(work) || !redis_work_is_proven(work))
		return;
	redis_work_begin(work, NULL);
	redis_report_done(target);
	target->work_events->apply_done(target->work_context, (RedisLane) (work - target->lanes));
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
	redis_report_done(target);
	target->work_events->scan_done(target->work_context);
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

	if (problem == NULL && redis_script_counts_existing(command->kind))
		redis_report_deleted(target, command->name_count, (uint64_t) reply->integer);
	for (size_t i = 0; problem == NULL &&
		 (pattern = redis_script_pattern(reply, i)) != NULL; i++)
		target->work_events->needs_scan(target->work_context,
										(RedisLane) (command->work - target->lanes),
										pattern->str, (size_t) pattern->len);
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
		case REDIS_COMMAND_SWEEP:
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

	if (command.type == REDIS_COMMAND_SWEEP)
	{
		redis_sweeper_take(target, reply);
		return;
	}
	if (reply->type == REDIS_REPLY_ERROR)
	{
		drop_connection(target, REDIS_FAILURE_REPLY, reply->str);
		return;
	}
	if (command.type == REDIS_COMMAND_HISTORY)
	{
		take_history(target, reply);
		return;
	}
	problem = take_reply(target, &command, reply);
	FAULT_POINT(command.type == REDIS_COMMAND_SCAN ? "during_scan" : "after_reply");
	if (problem != NULL)
		drop_connection(target, REDIS_FAILURE_PROTOCOL, problem);
	else if (command.type == REDIS_COMMAND_SCAN || command.work == &target->found)
		finish_scan_if_proven(target);
	else if (command.work != NULL)
		finish_lane_if_proven(target, command.work);
}

static void
progressed(void *context)
{
	redis_send_work(context);
}

/* --- connecting --- */

static void
connected(void *context)
{
	RedisTarget *target = context;

	set_state(target, TARGET_READY);
	target->history.known = *redis_conn_history(target->conn);
	redis_report_connected(target);
	if (target->sentinel != NULL)
		redis_sentinel_keep(target->sentinel);
	if (redis_history_is_told(&target->history.known))
		await_history_time(target);
	if (target->state != TARGET_READY)
		return;
	redis_send_work(target);
	target->events->ready(target->context);
}

/* Another sentinel may name another server. */
static void
failed(void *context, RedisFailure failure, const char *reason)
{
	RedisTarget *target = context;

	if (target->sentinel != NULL && target->state == TARGET_CONNECTING)
		redis_sentinel_refuse(target->sentinel, failure, reason);
	else
		drop_connection(target, failure, reason);
}

static void
connect_again(void *context)
{
	RedisTarget *target = context;

	set_state(target, TARGET_CONNECTING);
	if (target->sentinel != NULL)
		redis_sentinel_begin(target->sentinel);
	else
		redis_conn_open(target->conn);
}

static void
found_server(void *context)
{
	redis_conn_open(((RedisTarget *) context)->conn);
}

static void
left_server(void *context)
{
	drop_connection(context, REDIS_FAILURE_SENTINEL, REDIS_ERROR_SENTINEL_MOVED);
}

static void
watched(void *context, bool is_answered)
{
	redis_report_watched(context, is_answered);
}

static void
found_none(void *context, RedisFailure failure, const char *reason)
{
	drop_connection(context, failure, reason);
}

static void
pace_allows(void *context)
{
	redis_send_work(context);
}

static const RedisConnEvents conn_events = {
	.connected = connected,
	.replied = replied,
	.progressed = progressed,
	.failed = failed,
};

static const RedisSentinelEvents sentinel_events = {
	.found = found_server,
	.moved = left_server,
	.watched = watched,
	.failed = found_none,
};

/* --- the interface --- */

static bool
create_connections(RedisTarget *target, Loop *loop)
{
	const RedisTargetSettings *settings = &target->settings;

	if (settings->url->sentinels.count > 0)
	{
		target->sentinel = redis_sentinel_create(loop, settings->url, &settings->timeouts,
												 &sentinel_events, target);
		if (target->sentinel == NULL)
			return false;
	}
	target->conn = redis_conn_create(loop, redis_target_server(target), &settings->timeouts,
									 &conn_events, target);
	return target->conn != NULL;
}

RedisTarget *
redis_target_create(Loop *loop, const Log *log, const RedisTargetSettings *settings,
					const RedisTargetEvents *events, void *context)
{
	RedisTarget *target = calloc(1, sizeof(*target));

	if (target == NULL)
		return NULL;
	target->settings = *settings;
	if (!create_connections(target, loop))
	{
		redis_sentinel_destroy(target->sentinel);
		free(target);
		return NULL;
	}
	target->loop = loop;
	target->log = log;
	target->events = events;
	target->context = context;
	target->state = TARGET_STOPPED;
	target->reported_ms = loop_now_ms(loop);
	url_describe(settings->url, target->server, sizeof(target->server));
	backoff_init(&target->backoff, settings->backoff_first_ms,
				 settings->backoff_cap_ms, settings->seed);
	loop_timer_init(&target->retry_timer, connect_again, target);
	loop_timer_init(&target->pace_timer, pace_allows, target);
	loop_timer_init(&target->history_timer, history_is_due, target);
	loop_timer_init(&target->sweep_timer, redis_sweeper_is_due, target);
	redis_scan_init(&target->scan, settings->seed);
	redis_pace_init(&target->pace, settings->scan_rate);
	redis_sweep_init(&target->sweep, settings->seed);
	redis_pace_init(&target->sweep_pace,
					settings->scan_rate > 0 && settings->scan_rate < REDIS_SWEEP_RATE ?
					settings->scan_rate : REDIS_SWEEP_RATE);
	return target;
}

void
redis_target_set_worker(RedisTarget *target, const RedisWorkEvents *events, void *context)
{
	target->work_events = events;
	target->work_context = context;
}

void
redis_target_destroy(RedisTarget *target)
{
	if (target == NULL)
		return;
	redis_target_stop(target);
	redis_conn_destroy(target->conn);
	redis_sentinel_destroy(target->sentinel);
	free(target);
}

void
redis_target_start(RedisTarget *target)
{
	redis_sweeper_await(target);
	connect_again(target);
}

void
redis_target_stop(RedisTarget *target)
{
	loop_timer_remove(target->loop, &target->retry_timer);
	loop_timer_remove(target->loop, &target->history_timer);
	loop_timer_remove(target->loop, &target->sweep_timer);
	redis_conn_close(target->conn);
	if (target->sentinel != NULL)
		redis_sentinel_end(target->sentinel);
	redis_target_abandon(target);
	redis_sweep_end(&target->sweep);
	redis_queue_clear(&target->queue);
	redis_report_keys(target);
	set_state(target, TARGET_STOPPED);
}

bool
redis_target_is_ready(const RedisTarget *target)
{
	return target->state == TARGET_READY;
}

const RedisUrl *
redis_target_server(const RedisTarget *target)
{
	return target->sentinel != NULL ? redis_sentinel_server(target->sentinel) : target->settings.url;
}

const KeyTally *
redis_target_keys(const RedisTarget *target)
{
	return &target->keys;
}

const RedisHistory *
redis_target_history(const RedisTarget *target)
{
	return &target->history.known;
}

void
redis_target_apply(RedisTarget *target, RedisLane lane, const NameSets *names)
{
	redis_work_begin(&target->lanes[lane], names);
	redis_send_work(target);
}

bool
redis_target_scan(RedisTarget *target, const NameSets *patterns)
{
	if (!redis_scan_begin(&target->scan, patterns))
		return false;
	redis_pace_begin(&target->pace, loop_now_ms(target->loop));
	redis_send_work(target);
	return true;
}

void
redis_target_restart_history(RedisTarget *target)
{
	redis_history_disregard(&target->history);
}

void
redis_target_allow_sweep(RedisTarget *target, bool is_allowed)
{
	target->may_sweep = is_allowed;
	redis_send_work(target);
}

void
redis_target_abandon(RedisTarget *target)
{
	redis_queue_abandon(&target->queue);
	for (RedisLane lane = 0; lane < REDIS_LANE_COUNT; lane++)
		redis_work_begin(&target->lanes[lane], NULL);
	end_scan(target);
}
