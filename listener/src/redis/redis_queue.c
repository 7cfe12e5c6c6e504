/*-------------------------------------------------------------------------
 *
 * redis_queue.c
 *	  Commands that wait for their replies, in the order in which they were
 *	  sent.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_queue.h"

static size_t
place(const RedisQueue *queue, size_t index)
{
	return (queue->first + index) % REDIS_QUEUE_RUNS;
}

/* Would the command only lengthen the last run? */
static bool
continues(const RedisQueue *queue, const RedisCommand *command)
{
	const RedisCommand *last;

	if (queue->run_count == 0)
		return false;
	last = &queue->runs[place(queue, queue->run_count - 1)].command;
	return last->type == command->type && last->work == command->work &&
		last->kind == command->kind && last->name_count == command->name_count;
}

void
redis_queue_clear(RedisQueue *queue)
{
	queue->first = 0;
	queue->run_count = 0;
}

bool
redis_queue_has_room(const RedisQueue *queue, const RedisCommand *command)
{
	return queue->run_count < REDIS_QUEUE_RUNS || continues(queue, command);
}

void
redis_queue_push(RedisQueue *queue, const RedisCommand *command)
{
	RedisCommandRun *run;

	if (!continues(queue, command))
	{
		run = &queue->runs[place(queue, queue->run_count++)];
		run->command = *command;
		run->count = 0;
	}
	run = &queue->runs[place(queue, queue->run_count - 1)];
	run->count++;
}

RedisCommand
redis_queue_pop(RedisQueue *queue)
{
	RedisCommandRun *run = &queue->runs[queue->first];
	RedisCommand command = run->command;

	if (--run->count == 0)
	{
		queue->first = place(queue, 1);
		queue->run_count--;
	}
	return command;
}

void
redis_queue_abandon_work(RedisQueue *queue, const RedisWork *work, bool is_scan)
{
	static const RedisCommand abandoned = {.type = REDIS_COMMAND_ABANDONED};

	for (size_t i = 0; i < queue->run_count; i++)
	{
		RedisCommand *command = &queue->runs[place(queue, i)].command;

		if ((command->type == REDIS_COMMAND_NAMES && command->work == work) ||
			(command->type == REDIS_COMMAND_SCAN && is_scan))
			*command = abandoned;
	}
}

void
redis_queue_abandon(RedisQueue *queue)
{
	static const RedisCommand abandoned = {.type = REDIS_COMMAND_ABANDONED};

	for (size_t i = 0; i < queue->run_count; i++)
	{
		RedisCommand *command = &queue->runs[place(queue, i)].command;

		if (command->type == REDIS_COMMAND_NAMES || command->type == REDIS_COMMAND_SCAN)
			*command = abandoned;
	}
}
