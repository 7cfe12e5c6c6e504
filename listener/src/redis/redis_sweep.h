/*-------------------------------------------------------------------------
 *
 * redis_sweep.h
 *	  Sweeping tags: removes the names of keys that are gone from their sets.
 *
 * A pass finds the sets, and a script goes through the members of each, so many at a
 * time.  A member is removed in the same step of Redis in which its key is seen to be
 * missing: who stores a key and registers it in one step (docs/clients.md) comes before
 * that or after, and a key that is there stays registered.
 *
 * Nothing depends on a sweep: it may be cut short, and goes on where it was.  Sends
 * nothing itself: it says which command comes next and reads its answer.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_SWEEP_H
#define UNCACHED_REDIS_SWEEP_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "redis/redis_scan.h"

/* Names that a step looks at, and names a second, at most. */
#define REDIS_SWEEP_STEP_NAMES ((size_t) 100)
#define REDIS_SWEEP_RATE 5000

/* Room for any head, and any tail. */
#define REDIS_SWEEP_HEAD_BYTES 2048
#define REDIS_SWEEP_TAIL_BYTES 128

typedef struct RedisSweep
{
	RedisScan	scan;			/* finds the sets */
	size_t		position;		/* of those found last, up to here they are
								 * finished */
	char		cursor[REDIS_SCAN_CURSOR_BYTES];	/* in the set behind that */
	size_t		awaited_sets;	/* that the command under way was given */
	bool		is_awaited;		/* a command is under way */
	size_t		surplus_names;	/* that the last command has looked at beyond
								 * its share */
	uint64_t	set_count;		/* that were gone through in this sweep */
	uint64_t	removed_count;	/* names that were removed from them */
} RedisSweep;

/* Prepares caller's storage; there is no sweep. */
extern void redis_sweep_init(RedisSweep *sweep, uint64_t seed);

/*
 * Begins a sweep of the tags of a target with this key prefix.  False if memory is
 * exhausted: there is none then.
 */
extern bool redis_sweep_begin(RedisSweep *sweep, const char *prefix, size_t prefix_bytes)
			__attribute__((warn_unused_result));

extern bool redis_sweep_is_active(const RedisSweep *sweep);

/* Is everything done, and nothing awaited? */
extern bool redis_sweep_is_through(const RedisSweep *sweep);

/* The answer to the command under way will not come: it is sent once more. */
extern void redis_sweep_repeat(RedisSweep *sweep);

/* Forgets the sweep, if there is one, and frees its memory. */
extern void redis_sweep_end(RedisSweep *sweep);

/*
 * The sets of the next command, between its head and its tail; borrowed.  False if
 * it is a SCAN, or there is none.  redis_sweep_send says that it was sent.
 */
extern bool redis_sweep_next_sets(const RedisSweep *sweep, KeySlice *sets);
extern size_t redis_sweep_head(const KeySlice *sets, char head[REDIS_SWEEP_HEAD_BYTES]);
extern size_t redis_sweep_tail(const RedisSweep *sweep, size_t step_names,
							   char tail[REDIS_SWEEP_TAIL_BYTES]);
extern void redis_sweep_send(RedisSweep *sweep, const KeySlice *sets);

/* The arguments of the SCAN, as redis_scan_ask has them, which counts as sent then. */
extern size_t redis_sweep_ask(RedisSweep *sweep, size_t step_names,
							  RedisArgument arguments[REDIS_SCAN_MAX_ARGUMENTS],
							  char count_text[REDIS_SCAN_CURSOR_BYTES]);

/*
 * Reads the answer to the command under way, which is no error.  On failure returns a static
 * text that says why, else NULL.
 */
extern const char *redis_sweep_take(RedisSweep *sweep, const redisReply *reply)
			__attribute__((warn_unused_result));

/* What to do about an answer that ends a sweep, an error or another; "" if that is not known. */
extern const char *redis_sweep_advise(const redisReply *reply);

#endif
