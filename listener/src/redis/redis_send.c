/*-------------------------------------------------------------------------
 *
 * redis_send.c
 *	  What a Redis node sends next.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_send.h"

#include "redis/redis_counters.h"
#include "redis/redis_greeting.h"
#include "redis/redis_health.h"
#include "redis/redis_script.h"
#include "redis/redis_node_internal.h"

static bool
is_stepping(const RedisNode *node)
{
	for (RedisLane lane = 0; lane < REDIS_NODE_LANE_COUNT; lane++)
		if (redis_work_is_stepping(&node->lanes[lane]))
			return true;
	return redis_work_is_stepping(&node->found);
}

/* Has any lane steps to be sent, other than this work? */
static bool
has_other_steps(const RedisNode *node, const RedisWork *work)
{
	for (RedisLane lane = 0; lane < REDIS_NODE_LANE_COUNT; lane++)
		if (work != &node->lanes[lane] && redis_work_has_steps(&node->lanes[lane]))
			return true;
	return work != &node->found && redis_work_has_steps(&node->found);
}

/* Only one step is under way; where several works have some they take turns. */
static bool
may_step(const RedisNode *node, const RedisWork *work)
{
	return !is_stepping(node) &&
		(node->last_stepper != work || !has_other_steps(node, work));
}

static void
write_asking(RedisNode *node)
{
	static const RedisCommand command = {.type = REDIS_COMMAND_ASKING};
	const RedisArgument argument = redis_argument_text("ASKING");

	redis_conn_write_command(node->conn, &argument, 1);
	redis_queue_push(&node->queue, &command);
}

static void
write_names(RedisNode *node, const RedisCommand *command, const KeySlice *slice)
{
	char		head[REDIS_SCRIPT_HEAD_BYTES];
	char		tail[REDIS_SCRIPT_TAIL_BYTES];

	if (command->work->is_asking)
		write_asking(node);
	redis_conn_write(node->conn, head,
					 redis_script_head(command->kind, slice->key_count, head));
	redis_conn_write(node->conn, slice->bytes, slice->byte_count);
	redis_conn_write(node->conn, tail,
					 redis_script_tail(command->kind, tail));
	redis_conn_end_command(node->conn);
	redis_queue_push(&node->queue, command);
	redis_work_send(command->work, command->kind, slice);
	if (redis_script_is_stepwise(command->kind))
		node->last_stepper = command->work;
}

/* An ASKING before it needs a run of its own, and so does the command then. */
static bool
has_room_for(const RedisNode *node, const RedisCommand *command)
{
	if (command->work->is_asking)
		return node->queue.run_count + 2 <= REDIS_QUEUE_RUNS;
	return redis_queue_has_room(&node->queue, command);
}

/* Sends what there is room for; true if all of the kind has been sent. */
static bool
send_names(RedisNode *node, RedisWork *work, NameKind kind)
{
	RedisCommand command = {REDIS_COMMAND_NAMES, work, kind, 0};
	KeySlice	slice;

	while (redis_conn_has_room(node->conn) &&
		   (!redis_script_is_stepwise(kind) || may_step(node, work)) &&
		   redis_work_next(work, kind, &slice))
	{
		command.name_count = slice.key_count;
		if (!has_room_for(node, &command))
			return false;
		write_names(node, &command, &slice);
	}
	return redis_work_is_sent(work, kind);
}

/* Sends what there is room for of the kinds that go by steps, or of those that do not. */
static bool
send_kinds(RedisNode *node, RedisWork *work, bool is_stepwise)
{
	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
		if (redis_script_is_stepwise(kind) == is_stepwise && !send_names(node, work, kind))
			return false;
	return true;
}

/* Steps first: a set that was deleted as a key, or replaced, has no members any more. */
static bool
send_found(RedisNode *node)
{
	return send_kinds(node, &node->found, true) && send_kinds(node, &node->found, false);
}

static void
write_scan(RedisNode *node, const RedisCommand *command, size_t slice_keys)
{
	RedisArgument arguments[REDIS_SCAN_MAX_ARGUMENTS];
	char		count_text[REDIS_SCAN_CURSOR_BYTES];
	size_t		count = redis_scan_ask(&node->scan, slice_keys, arguments, count_text);

	redis_counters_take_slice(node->settings.counters, slice_keys);
	redis_conn_write_command(node->conn, arguments, count);
	redis_queue_push(&node->queue, command);
}

/* Without memory for the timer the pass goes on faster than it should. */
static bool
await_pace(RedisNode *node, size_t slice_keys)
{
	int64_t		wait_ms = redis_pace_wait_ms(&node->pace, slice_keys,
											 loop_now_ms(node->loop));

	return wait_ms > 0 && loop_timer_set(node->loop, &node->pace_timer, wait_ms);
}

/* One slice at a time, and not before all that the last one found was sent. */
static void
send_scan(RedisNode *node)
{
	const RedisCommand command = {.type = REDIS_COMMAND_SCAN};
	RedisScan  *scan = &node->scan;
	size_t		slice_keys;

	if (!send_found(node) || scan->is_through || scan->is_awaited ||
		!redis_conn_has_room(node->conn) ||
		!redis_queue_has_room(&node->queue, &command))
		return;
	slice_keys = redis_pace_slice_keys(&node->pace, redis_scan_slice_keys(scan));
	if (await_pace(node, slice_keys))
		return;
	redis_pace_take(&node->pace, slice_keys, loop_now_ms(node->loop));
	write_scan(node, &command, slice_keys);
}

static void
write_sweep(RedisNode *node, size_t step_names)
{
	RedisSweep *sweep = &node->sweep;
	RedisArgument arguments[REDIS_SCAN_MAX_ARGUMENTS];
	char		head[REDIS_SWEEP_HEAD_BYTES];
	char		tail[REDIS_SWEEP_TAIL_BYTES];
	char		count_text[REDIS_SCAN_CURSOR_BYTES];
	KeySlice	sets;

	if (!redis_sweep_next_sets(sweep, &sets))
	{
		redis_conn_write_command(node->conn, arguments,
								 redis_sweep_ask(sweep, step_names, arguments, count_text));
		return;
	}
	redis_conn_write(node->conn, head, redis_sweep_head(&sets, head));
	redis_conn_write(node->conn, sets.bytes, sets.byte_count);
	redis_conn_write(node->conn, tail, redis_sweep_tail(sweep, step_names, tail));
	redis_conn_end_command(node->conn);
	redis_sweep_send(sweep, &sets);
}

/* A step at a time, and only while there is nothing else to do. */
static void
send_sweep(RedisNode *node)
{
	static const RedisCommand command = {.type = REDIS_COMMAND_SWEEP};
	size_t		step_names;
	int64_t		wait_ms;

	if (!node->may_sweep ||
		!redis_sweep_is_active(&node->sweep) || node->sweep.is_awaited ||
		!redis_conn_has_room(node->conn) ||
		!redis_queue_has_room(&node->queue, &command))
		return;
	step_names = redis_pace_slice_keys(&node->sweep_pace, REDIS_SWEEP_STEP_NAMES);
	wait_ms = redis_pace_wait_ms(&node->sweep_pace, step_names, loop_now_ms(node->loop));
	if (wait_ms > 0 && loop_timer_set(node->loop, &node->sweep_timer, wait_ms))
		return;
	redis_pace_take(&node->sweep_pace, step_names, loop_now_ms(node->loop));
	write_sweep(node, step_names);
	redis_queue_push(&node->queue, &command);
}

/*
 * Sends what can be sent of the lanes; false if there is no room for more.  Steps, which
 * wait for an answer, keep nothing else waiting.
 */
static bool
send_lanes(RedisNode *node)
{
	for (RedisLane lane = 0; lane < REDIS_NODE_LANE_COUNT; lane++)
	{
		RedisWork  *work = &node->lanes[lane];

		if (!send_kinds(node, work, false))
			return false;
		(void) send_kinds(node, work, true);
	}
	return true;
}

void
redis_send_work(RedisNode *node)
{
	if (node->state != NODE_READY)
		return;
	if (send_lanes(node))
	{
		if (redis_scan_is_active(&node->scan))
			send_scan(node);
		else if (!has_other_steps(node, NULL))
			send_sweep(node);
	}
	redis_conn_flush(node->conn);
}

bool
redis_send_call(RedisNode *node, const RedisArgument *arguments, size_t count)
{
	static const RedisCommand command = {.type = REDIS_COMMAND_CALL};

	if (node->state != NODE_READY || !redis_queue_has_room(&node->queue, &command))
		return false;
	redis_conn_write_command(node->conn, arguments, count);
	redis_queue_push(&node->queue, &command);
	redis_conn_flush(node->conn);
	return true;
}

bool
redis_send_history(RedisNode *node)
{
	static const RedisCommand command = {.type = REDIS_COMMAND_HISTORY};

	if (!redis_conn_has_room(node->conn) || !redis_queue_has_room(&node->queue, &command))
		return false;
	redis_conn_ask_history(node->conn);
	for (int i = 0; i < REDIS_GREETING_HISTORY_COMMANDS; i++)
		redis_queue_push(&node->queue, &command);
	redis_history_ask(&node->history, REDIS_GREETING_HISTORY_COMMANDS);
	redis_health_ask(node);
	redis_conn_flush(node->conn);
	return true;
}
