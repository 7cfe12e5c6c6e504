/*-------------------------------------------------------------------------
 *
 * redis_script.h
 *	  The commands that delete: UNLINK for keys, scripts for sets, for
 *	  counters and for images of rows.
 *
 * A command is a head, then some names as a KeySlice has them, then a tail.
 * Each is answered by an integer; what goes by steps by an array with that, for images
 * perhaps with patterns: so no answer can pass for one of another lane.
 *
 *	Keys	by UNLINK, staggered or not: how many of them there were.
 *
 *	Sets	of tags or others, one after the other, each behind its members; what is
 *			no set is deleted as well.  Stops after REDIS_SCRIPT_MAX_MEMBERS members,
 *			so that Redis is not blocked.  How many of the sets are finished, from the
 *			first on.
 *
 *	Counters	are renewed: each becomes Redis' time in microseconds, or is
 *			incremented if it is beyond that.  How many they were, which is all.
 *
 *	Images	see cacheops_script.h.  How many of them are finished.
 *
 * Scripts are sent whole each time, since Redis forgets what it was given
 * earlier when it restarts.  Each may be repeated, after an error as well.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_SCRIPT_H
#define UNCACHED_REDIS_SCRIPT_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "batch/name_sets.h"

/* Names in one command. */
#define REDIS_SCRIPT_MAX_NAMES ((size_t) 100)

/* A millisecond's work for Redis, three at worst. */
#define REDIS_SCRIPT_MAX_MEMBERS "250"

/* Room for any head. */
#define REDIS_SCRIPT_HEAD_BYTES 8192

/* Writes the head of a command with so many names; returns its length. */
extern size_t redis_script_head(NameKind kind, size_t name_count,
								char head[REDIS_SCRIPT_HEAD_BYTES]);

/*
 * The same for any script: keys, and arguments behind the keys, are to follow.  Returns the
 * length, which is no less than head_bytes if it was cut.
 */
extern size_t redis_script_eval(const char *script, size_t key_count, size_t argument_count,
								char *head, size_t head_bytes);

/* Room for any tail, and a zero byte. */
#define REDIS_SCRIPT_TAIL_BYTES 32

/* Writes what stands behind the names; returns its length. */
extern size_t redis_script_tail(NameKind kind, char tail[REDIS_SCRIPT_TAIL_BYTES]);

/*
 * May a command leave some of its names undone?  Then the next one can be made
 * only of its answer.
 */
extern bool redis_script_is_stepwise(NameKind kind);

/* Are the names those of sets, whose members go with them? */
extern bool redis_script_is_of_sets(NameKind kind);

/* Does the answer say how many of the names there were? */
extern bool redis_script_counts_existing(NameKind kind);

/*
 * Reads a reply that is no error: how many of the names are done, always all
 * of them unless it goes by steps.  On failure returns a static text that says
 * why, else NULL.
 */
extern const char *redis_script_read(NameKind kind, size_t name_count,
									 const redisReply *reply, size_t *done_count)
			__attribute__((warn_unused_result));

/*
 * The patterns over sets that a reply which was read so brings along, one at a
 * time by an index from 0; NULL behind the last.
 */
extern const redisReply *redis_script_pattern(const redisReply *reply, size_t index);

#endif
