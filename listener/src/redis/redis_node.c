/*-------------------------------------------------------------------------
 *
 * redis_node.c
 *	  One Redis server: deletes names and what matches patterns, and proves it.
 *
 * This file takes events in; what is sent then is in redis_send.c.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_node.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault_point.h"
#include "redis/redis_error.h"
#include "redis/redis_health.h"
#include "redis/redis_report.h"
#include "redis/redis_script.h"
#include "redis/redis_send.h"
#include "redis/redis_sweeper.h"
#include "redis/redis_node_history.h"
#include "redis/redis_node_internal.h"
#include "redis/redis_node_member.h"

/* What cannot be served is tried again after so many of the longest backoffs. */
#define FATAL_RETRY_CAPS 6

static void
set_state(RedisNode *node, NodeState state)
{
	node->state = state;
	if (state == NODE_READY)
		node->ready_since_ms = loop_now_ms(node->loop);
}

/* --- failures --- */

/* Nothing that was sent counts any more. */
static void
restart_work(RedisNode *node)
{
	loop_timer_remove(node->loop, &node->pace_timer);
	redis_queue_clear(&node->queue);
	for (RedisLane lane = 0; lane < REDIS_NODE_LANE_COUNT; lane++)
		redis_work_restart(&node->lanes[lane]);
	redis_work_begin(&node->found, NULL);
	redis_sweep_repeat(&node->sweep);
	if (redis_scan_is_active(&node->scan))
	{
		redis_scan_restart(&node->scan);
		redis_pace_begin(&node->pace, loop_now_ms(node->loop));
	}
}

void
redis_node_drop(RedisNode *node, RedisFailure failure, const char *reason)
{
	const RedisErrorKind *kind = redis_error_kind(failure, reason);
	bool		was_ready = node->state == NODE_READY;
	int64_t		retry_ms;

	if (redis_report_has_lasted(node))
		backoff_reset(&node->backoff);
	retry_ms = backoff_next_ms(&node->backoff);
	if (kind->reaction == REDIS_REACTION_FATAL)
		retry_ms = FATAL_RETRY_CAPS * node->settings.backoff_cap_ms;
	redis_report_failure(node, was_ready, failure, reason, retry_ms);

	redis_conn_close(node->conn);
	redis_health_end(node);
	if (node->sentinel != NULL)
		redis_sentinel_end(node->sentinel);
	loop_timer_remove(node->loop, &node->history_timer);
	set_state(node, NODE_BACKING_OFF);
	restart_work(node);
	if (!loop_timer_set(node->loop, &node->retry_timer, retry_ms))
		log_event(node->log, LOG_LEVEL_ERROR, "cannot set a timer, giving up on Redis",
				  LOG_TEXT("target", node->settings.alias),
				  LOG_TEXT("error", "out of memory"),
				  LOG_TEXT("advice", "give the machine more memory, and start uncached again"));
	node->events->lost(node->context);
}

/* --- replies --- */

static void
finish_lane_if_proven(RedisNode *node, RedisWork *work)
{
	if (!redis_work_is_active(work) || !redis_work_is_proven(work))
		return;
	redis_work_begin(work, NULL);
	redis_report_done(node);
	node->work_events->apply_done(node->work_context, (RedisLane) (work - node->lanes));
}

void
redis_node_end_scan(RedisNode *node)
{
	loop_timer_remove(node->loop, &node->pace_timer);
	redis_work_begin(&node->found, NULL);
	redis_scan_end(&node->scan);
}

static void
finish_scan_if_proven(RedisNode *node)
{
	if (!redis_scan_is_active(&node->scan) || !node->scan.is_through ||
		!redis_work_is_proven(&node->found))
		return;
	redis_node_end_scan(node);
	redis_report_done(node);
	node->work_events->scan_done(node->work_context);
}

/* All that was found before the slice has been answered before it. */
static const char *
take_slice(RedisNode *node, const redisReply *reply)
{
	const char *problem = redis_scan_take(&node->scan, reply);

	if (problem == NULL && node->node_events != NULL)
		node_member_hand_over(node);
	if (problem == NULL)
		redis_work_begin(&node->found, &node->scan.found);
	return problem;
}

static const char *
take_names(RedisNode *node, const RedisCommand *command, const redisReply *reply)
{
	const char *problem = redis_work_take(command->work, command->kind,
										  command->name_count, reply);
	const redisReply *pattern;

	if (problem == NULL && redis_script_counts_existing(command->kind))
		redis_report_deleted(node, command->name_count, (uint64_t) reply->integer);
	for (size_t i = 0; problem == NULL &&
		 (pattern = redis_script_pattern(reply, i)) != NULL; i++)
		node->work_events->needs_scan(node->work_context,
									  (RedisLane) (command->work - node->lanes),
									  pattern->str, (size_t) pattern->len);
	return problem;
}

static const char *
take_reply(RedisNode *node, const RedisCommand *command, const redisReply *reply)
{
	switch (command->type)
	{
		case REDIS_COMMAND_NAMES:
			return take_names(node, command, reply);
		case REDIS_COMMAND_SCAN:
			return take_slice(node, reply);
		case REDIS_COMMAND_HISTORY:
		case REDIS_COMMAND_SWEEP:
		case REDIS_COMMAND_ASKING:
		case REDIS_COMMAND_CALL:
		case REDIS_COMMAND_INFO:
		case REDIS_COMMAND_ABANDONED:
			break;
	}
	return NULL;
}

static void
finish_if_proven(RedisNode *node, const RedisCommand *command)
{
	if (command->type == REDIS_COMMAND_SCAN || command->work == &node->found)
		finish_scan_if_proven(node);
	else if (command->work != NULL)
		finish_lane_if_proven(node, command->work);
}

static void
replied(void *context, const redisReply *reply)
{
	RedisNode  *node = context;
	RedisCommand command = redis_queue_pop(&node->queue);
	const char *problem;

	if (redis_health_take(node, &command, reply))
		return;
	if (command.type == REDIS_COMMAND_SWEEP)
	{
		redis_sweeper_take(node, reply);
		return;
	}
	if (command.type == REDIS_COMMAND_CALL)
	{
		node->node_events->called(node->node_context, reply);
		return;
	}
	if (node_member_redirects(node, &command, reply))
	{
		if (command.type == REDIS_COMMAND_NAMES)
			node_member_pass_on(node, &command, reply);
		finish_if_proven(node, &command);
		return;
	}
	if (reply->type == REDIS_REPLY_ERROR)
	{
		redis_node_drop(node, REDIS_FAILURE_REPLY, reply->str);
		return;
	}
	if (command.type == REDIS_COMMAND_HISTORY)
	{
		node_history_take(node, reply);
		return;
	}
	problem = take_reply(node, &command, reply);
	FAULT_POINT(command.type == REDIS_COMMAND_SCAN ? "during_scan" : "after_reply");
	if (problem != NULL)
		redis_node_drop(node, REDIS_FAILURE_PROTOCOL, problem);
	else
		finish_if_proven(node, &command);
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
	RedisNode  *node = context;

	set_state(node, NODE_READY);
	node->history.known = *redis_conn_history(node->conn);
	redis_report_connected(node);
	if (node->sentinel != NULL)
		redis_sentinel_keep(node->sentinel);
	if (redis_history_is_told(&node->history.known))
		node_history_await(node);
	if (node->state != NODE_READY)
		return;
	redis_send_work(node);
	node->events->ready(node->context);
}

/* Another sentinel may name another server. */
static void
failed(void *context, RedisFailure failure, const char *reason)
{
	RedisNode  *node = context;

	if (node->sentinel != NULL && node->state == NODE_CONNECTING)
		redis_sentinel_refuse(node->sentinel, failure, reason);
	else
		redis_node_drop(node, failure, reason);
}

static void
connect_again(void *context)
{
	RedisNode  *node = context;

	set_state(node, NODE_CONNECTING);
	if (node->sentinel != NULL)
		redis_sentinel_begin(node->sentinel);
	else
		redis_conn_open(node->conn);
}

static void
found_server(void *context)
{
	redis_conn_open(((RedisNode *) context)->conn);
}

static void
left_server(void *context)
{
	redis_node_drop(context, REDIS_FAILURE_SENTINEL, REDIS_ERROR_SENTINEL_MOVED);
}

static void
watched(void *context, bool is_answered)
{
	redis_report_watched(context, is_answered);
}

static void
found_none(void *context, RedisFailure failure, const char *reason)
{
	redis_node_drop(context, failure, reason);
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
create_connections(RedisNode *node, Loop *loop)
{
	const RedisTargetSettings *settings = &node->settings;

	if (settings->url->sentinels.count > 0)
	{
		node->sentinel = redis_sentinel_create(loop, settings->url, &settings->timeouts,
											   &sentinel_events, node);
		if (node->sentinel == NULL)
			return false;
	}
	node->conn = redis_conn_create(loop, redis_node_server(node), &settings->timeouts,
								   &conn_events, node);
	return node->conn != NULL;
}

RedisNode *
redis_node_create(Loop *loop, const Log *log, const RedisTargetSettings *settings,
				  const RedisTargetEvents *events, void *context)
{
	RedisNode  *node = calloc(1, sizeof(*node));

	if (node == NULL)
		return NULL;
	node->settings = *settings;
	if (!create_connections(node, loop))
	{
		redis_sentinel_destroy(node->sentinel);
		free(node);
		return NULL;
	}
	node->loop = loop;
	node->log = log;
	node->events = events;
	node->context = context;
	node->state = NODE_STOPPED;
	node->reported_ms = loop_now_ms(loop);
	url_describe(settings->url, node->server, sizeof(node->server));
	backoff_init(&node->backoff, settings->backoff_first_ms,
				 settings->backoff_cap_ms, settings->seed);
	loop_timer_init(&node->retry_timer, connect_again, node);
	loop_timer_init(&node->pace_timer, pace_allows, node);
	loop_timer_init(&node->history_timer, node_history_is_due, node);
	loop_timer_init(&node->sweep_timer, redis_sweeper_is_due, node);
	redis_scan_init(&node->scan, settings->seed);
	redis_pace_init(&node->pace, settings->scan_rate);
	redis_sweep_init(&node->sweep, settings->seed);
	redis_pace_init(&node->sweep_pace,
					settings->scan_rate > 0 && settings->scan_rate < REDIS_SWEEP_RATE ?
					settings->scan_rate : REDIS_SWEEP_RATE);
	return node;
}

void
redis_node_set_worker(RedisNode *node, const RedisWorkEvents *events, void *context)
{
	node->work_events = events;
	node->work_context = context;
}

void
redis_node_destroy(RedisNode *node)
{
	if (node == NULL)
		return;
	redis_node_stop(node);
	redis_conn_destroy(node->conn);
	redis_sentinel_destroy(node->sentinel);
	free(node);
}

void
redis_node_start(RedisNode *node)
{
	redis_sweeper_await(node);
	connect_again(node);
}

void
redis_node_stop(RedisNode *node)
{
	loop_timer_remove(node->loop, &node->retry_timer);
	loop_timer_remove(node->loop, &node->history_timer);
	loop_timer_remove(node->loop, &node->sweep_timer);
	redis_conn_close(node->conn);
	redis_health_end(node);
	if (node->sentinel != NULL)
		redis_sentinel_end(node->sentinel);
	redis_node_abandon(node);
	redis_sweep_end(&node->sweep);
	redis_queue_clear(&node->queue);
	redis_report_keys(node);
	set_state(node, NODE_STOPPED);
}

bool
redis_node_is_ready(const RedisNode *node)
{
	return node->state == NODE_READY;
}

const RedisUrl *
redis_node_server(const RedisNode *node)
{
	return node->sentinel != NULL ? redis_sentinel_server(node->sentinel) : node->settings.url;
}

const KeyTally *
redis_node_keys(const RedisNode *node)
{
	return &node->keys;
}

const RedisHistory *
redis_node_history(const RedisNode *node)
{
	return &node->history.known;
}

void
redis_node_apply(RedisNode *node, RedisLane lane, const NameSets *names)
{
	redis_work_begin(&node->lanes[lane], names);
	redis_send_work(node);
}

bool
redis_node_scan(RedisNode *node, const NameSets *patterns)
{
	if (!redis_scan_begin(&node->scan, patterns))
		return false;
	redis_pace_begin(&node->pace, loop_now_ms(node->loop));
	redis_send_work(node);
	return true;
}

void
redis_node_restart_history(RedisNode *node)
{
	redis_history_disregard(&node->history);
}

void
redis_node_allow_sweep(RedisNode *node, bool is_allowed)
{
	node->may_sweep = is_allowed;
	redis_send_work(node);
}

void
redis_node_fail(RedisNode *node, const char *error)
{
	if (node->state == NODE_READY)
		redis_node_drop(node, REDIS_FAILURE_REPLY, error);
}

void
redis_node_abandon(RedisNode *node)
{
	redis_queue_abandon(&node->queue);
	for (RedisLane lane = 0; lane < REDIS_NODE_LANE_COUNT; lane++)
		redis_work_begin(&node->lanes[lane], NULL);
	redis_node_end_scan(node);
}
