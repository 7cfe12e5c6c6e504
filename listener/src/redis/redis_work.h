/*-------------------------------------------------------------------------
 *
 * redis_work.h
 *	  Names to delete: which of them were sent, and which are proven.
 *
 * Keys and counters are sent one command behind the other.  Of sets and images,
 * which go by steps, what an answer says decides what comes next, so that only
 * one command for a kind of them is under way.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_WORK_H
#define UNCACHED_REDIS_WORK_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>

#include "batch/name_sets.h"

typedef struct RedisWork
{
	const NameSets *names;		/* borrowed; NULL while there is no work */
	size_t		position[NAME_KIND_COUNT];	/* sent up to here; by steps:
											 * finished */
	size_t		awaited[NAME_KIND_COUNT];	/* commands without a reply */
	bool		is_asking;		/* each command stands behind an ASKING */
	bool		is_single;		/* a command has one name, and answered is
								 * kept */
	size_t		answered[NAME_KIND_COUNT];	/* up to here */
} RedisWork;

/* All zero has no work; is_single is for its owner to set, at first. */

/* Begins with the names, or without any, which must not change until the end. */
extern void redis_work_begin(RedisWork *work, const NameSets *names);

/* Nothing counts as sent any more. */
extern void redis_work_restart(RedisWork *work);

extern bool redis_work_is_active(const RedisWork *work);

/*
 * The names of the next command of the kind; false if there is none, or not
 * before another reply.  redis_work_send says that it was sent.
 */
extern bool redis_work_next(const RedisWork *work, NameKind kind, KeySlice *slice);
extern void redis_work_send(RedisWork *work, NameKind kind, const KeySlice *slice);

/*
 * Takes a reply that is no error, to the oldest command of the kind.  On
 * failure returns a static text that says why, else NULL.
 */
extern const char *redis_work_take(RedisWork *work, NameKind kind, size_t name_count,
								   const redisReply *reply)
			__attribute__((warn_unused_result));

/*
 * The oldest command of the kind, which has one name, was answered by an error that says that the
 * name is to be sent elsewhere: here it is done with.  Which name that is.
 */
extern void redis_work_pass_on(RedisWork *work, NameKind kind, KeySlice *name);

/* Was all of the kind sent (by steps: and answered)?  True without work. */
extern bool redis_work_is_sent(const RedisWork *work, NameKind kind);

/* Is a command of what goes by steps under way?  Is there more to be sent of it? */
extern bool redis_work_is_stepping(const RedisWork *work);
extern bool redis_work_has_steps(const RedisWork *work);

/* Has everything been answered?  True without work. */
extern bool redis_work_is_proven(const RedisWork *work);

#endif
