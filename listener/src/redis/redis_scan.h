/*-------------------------------------------------------------------------
 *
 * redis_scan.h
 *	  One pass over a Redis database that finds the names which match any of
 *	  many patterns, by their kinds.
 *
 * Sends nothing itself: it says which SCAN comes next and reads its answer.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_SCAN_H
#define UNCACHED_REDIS_SCAN_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "batch/name_sets.h"
#include "batch/pattern_set.h"
#include "redis/redis_output.h"

#define REDIS_SCAN_CURSOR_BYTES 24

typedef struct RedisScan
{
	PatternSet *patterns;		/* owned; NULL if there is no pass */
	char		cursor[REDIS_SCAN_CURSOR_BYTES];	/* "0" at both ends */
	bool		is_awaited;		/* a slice was asked for */
	bool		is_through;		/* the last slice was answered */
	NameSets	found;			/* by the last slice */
} RedisScan;

/* Prepares caller's storage; there is no pass. */
extern void redis_scan_init(RedisScan *scan, uint64_t seed);

/* Begins a pass; the patterns are copied.  False if memory is exhausted. */
extern bool redis_scan_begin(RedisScan *scan, const NameSets *patterns)
			__attribute__((warn_unused_result));

/*
 * The pass starts again: Redis may have lost deletes.  Nothing
 * is found or awaited any more.
 */
extern void redis_scan_restart(RedisScan *scan);

/* Forgets the pass, if there is one, and frees its memory. */
extern void redis_scan_end(RedisScan *scan);

extern bool redis_scan_is_active(const RedisScan *scan);

/* How many keys the next SCAN should look at, as far as Redis is concerned. */
extern size_t redis_scan_slice_keys(const RedisScan *scan);

/*
 * Fills in the arguments of the next SCAN and returns their number.  They are
 * borrowed from the scan and from "count_text".  A reply is awaited then.
 */
#define REDIS_SCAN_MAX_ARGUMENTS 6
extern size_t redis_scan_ask(RedisScan *scan, size_t slice_keys,
							 RedisArgument arguments[REDIS_SCAN_MAX_ARGUMENTS],
							 char count_text[REDIS_SCAN_CURSOR_BYTES]);

/*
 * Reads the answer to a SCAN: fills "found" and moves the cursor.  On failure
 * returns a static text that says why, else NULL.
 */
extern const char *redis_scan_take(RedisScan *scan, const redisReply *reply)
			__attribute__((warn_unused_result));

#endif
