/*-------------------------------------------------------------------------
 *
 * redis_send.c
 *	  What a Redis target sends next.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_send.h"

#include "redis/redis_greeting.h"
#include "redis/redis_script.h"
#include "redis/redis_target_internal.h"

static bool
is_stepping(const RedisTarget *target)
{
	for (RedisLane lane = 0; lane < REDIS_LANE_COUNT; lane++)
		if (redis_work_is_stepping(&target->lanes[lane]))
			return true;
	return redis_work_is_stepping(&target->found);
}

/* Has any lane steps to be sent, other than this work? */
static bool
has_other_steps(const RedisTarget *target, const RedisWork *work)
{
	for (RedisLane lane = 0; lane < REDIS_LANE_COUNT; lane++)
		if (work != &target->lanes[lane] && redis_work_has_steps(&target->lanes[lane]))
			return true;
	return work != &target->found && redis_work_has_steps(&target->found);
}

/* Only one step is under way; where several works have some they take turns. */
static bool
may_step(const RedisTarget *target, const RedisWork *work)
{
	return !is_stepping(target) &&
		(target->last_stepper != work || !has_other_steps(target, work));
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
					 redis_script_tail(command->kind, tail));
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

/* Sends what there is room for of the kinds that go by steps, or of those that do not. */
static bool
send_kinds(RedisTarget *target, RedisWork *work, bool is_stepwise)
{
	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
		if (redis_script_is_stepwise(kind) == is_stepwise && !send_names(target, work, kind))
			return false;
	return true;
}

/* Steps first: a set that was deleted as a key, or replaced, has no members any more. */
static bool
send_found(RedisTarget *target)
{
	return send_kinds(target, &target->found, true) && send_kinds(target, &target->found, false);
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

static void
write_sweep(RedisTarget *target, size_t step_names)
{
	RedisSweep *sweep = &target->sweep;
	RedisArgument arguments[REDIS_SCAN_MAX_ARGUMENTS];
	char		head[REDIS_SWEEP_HEAD_BYTES];
	char		tail[REDIS_SWEEP_TAIL_BYTES];
	char		count_text[REDIS_SCAN_CURSOR_BYTES];
	KeySlice	sets;

	if (!redis_sweep_next_sets(sweep, &sets))
	{
		redis_conn_write_command(target->conn, arguments,
								 redis_sweep_ask(sweep, step_names, arguments, count_text));
		return;
	}
	redis_conn_write(target->conn, head, redis_sweep_head(&sets, head));
	redis_conn_write(target->conn, sets.bytes, sets.byte_count);
	redis_conn_write(target->conn, tail, redis_sweep_tail(sweep, step_names, tail));
	redis_conn_end_command(target->conn);
	redis_sweep_send(sweep, &sets);
}

/* A step at a time, and only while there is nothing else to do. */
static void
send_sweep(RedisTarget *target)
{
	static const RedisCommand command = {.type = REDIS_COMMAND_SWEEP};
	size_t		step_names;
	int64_t		wait_ms;

	if (!target->may_sweep ||
		!redis_sweep_is_active(&target->sweep) || target->sweep.is_awaited ||
		!redis_conn_has_room(target->conn) ||
		!redis_queue_has_room(&target->queue, &command))
		return;
	step_names = redis_pace_slice_keys(&target->sweep_pace, REDIS_SWEEP_STEP_NAMES);
	wait_ms = redis_pace_wait_ms(&target->sweep_pace, step_names, loop_now_ms(target->loop));
	if (wait_ms > 0 && loop_timer_set(target->loop, &target->sweep_timer, wait_ms))
		return;
	redis_pace_take(&target->sweep_pace, step_names, loop_now_ms(target->loop));
	write_sweep(target, step_names);
	redis_queue_push(&target->queue, &command);
}

/*
 * Sends what can be sent of the lanes; false if there is no room for more.  Steps, which
 * wait for an answer, keep nothing else waiting.
 */
static bool
send_lanes(RedisTarget *target)
{
	for (RedisLane lane = 0; lane < REDIS_LANE_COUNT; lane++)
	{
		RedisWork  *work = &target->lanes[lane];

		if (!send_kinds(target, work, false))
			return false;
		(void) send_kinds(target, work, true);
	}
	return true;
}

void
redis_send_work(RedisTarget *target)
{
	if (target->state != TARGET_READY)
		return;
	if (send_lanes(target))
	{
		if (redis_scan_is_active(&target->scan))
			send_scan(target);
		else if (!has_other_steps(target, NULL))
			send_sweep(target);
	}
	redis_conn_flush(target->conn);
}

bool
redis_send_history(RedisTarget *target)
{
	static const RedisCommand command = {.type = REDIS_COMMAND_HISTORY};

	if (!redis_conn_has_room(target->conn) || !redis_queue_has_room(&target->queue, &command))
		return false;
	redis_conn_ask_history(target->conn);
	for (int i = 0; i < REDIS_GREETING_HISTORY_COMMANDS; i++)
		redis_queue_push(&target->queue, &command);
	redis_history_ask(&target->history, REDIS_GREETING_HISTORY_COMMANDS);
	redis_conn_flush(target->conn);
	return true;
}
