/*-------------------------------------------------------------------------
 *
 * redis_queue.h
 *	  Commands that wait for their replies, in the order in which they were
 *	  sent.
 *
 * Equal neighbours are counted, not stored.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_QUEUE_H
#define UNCACHED_REDIS_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "redis/redis_work.h"

/* When all are taken, sending pauses until replies arrive. */
#define REDIS_QUEUE_RUNS 16

typedef enum RedisCommandType
{
	REDIS_COMMAND_NAMES,
	REDIS_COMMAND_SCAN,
	REDIS_COMMAND_HISTORY,
	REDIS_COMMAND_SWEEP,
	REDIS_COMMAND_ASKING,
	REDIS_COMMAND_CALL,
	REDIS_COMMAND_INFO,			/* of the cache's health */
	REDIS_COMMAND_ABANDONED		/* nobody cares for the reply any more */
} RedisCommandType;

typedef struct RedisCommand
{
	RedisCommandType type;
	RedisWork  *work;			/* borrowed; these three of NAMES only */
	NameKind	kind;
	size_t		name_count;
} RedisCommand;

typedef struct RedisCommandRun
{
	RedisCommand command;
	size_t		count;
} RedisCommandRun;

/* All zero is an empty one. */
typedef struct RedisQueue
{
	RedisCommandRun runs[REDIS_QUEUE_RUNS]; /* a ring */
	size_t		first;
	size_t		run_count;
} RedisQueue;

extern void redis_queue_clear(RedisQueue *queue);
extern bool redis_queue_has_room(const RedisQueue *queue, const RedisCommand *command);

/* Only if it has room. */
extern void redis_queue_push(RedisQueue *queue, const RedisCommand *command);

/* The oldest; only while there is one, which is as long as replies come. */
extern RedisCommand redis_queue_pop(RedisQueue *queue);

/* Nobody cares any more for names of that work; for a pass, if is_scan. */
extern void redis_queue_abandon_work(RedisQueue *queue, const RedisWork *work, bool is_scan);

/* Nobody cares any more for names and passes; the replies will still come. */
extern void redis_queue_abandon(RedisQueue *queue);

#endif
