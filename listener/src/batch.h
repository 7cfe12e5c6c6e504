/*-------------------------------------------------------------------------
 *
 * batch.h
 *	  The invalidations of one fetch as a target's keys and patterns,
 *	  without duplicates, the target's key prefix in front.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_BATCH_H
#define UNCACHED_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keyset.h"

typedef struct Batch
{
	KeySet		keys;
	KeySet		patterns;
	const char *prefix;			/* borrowed */
	size_t		prefix_bytes;
	char	   *escaped_prefix; /* owned; the prefix as a glob pattern */
	size_t		escaped_prefix_bytes;
	char	   *scratch;		/* owned; a pattern without its backslashes */
	size_t		scratch_capacity;
} Batch;

/*
 * Prepares caller's storage, to be freed by batch_free; "prefix" is borrowed
 * until then.  False if memory is exhausted: then there is nothing to free.
 */
extern bool batch_init(Batch *batch, const char *prefix, size_t prefix_bytes,
					   uint64_t seed) __attribute__((warn_unused_result));

/* Empties the batch; its memory is used again. */
extern void batch_reset(Batch *batch);
extern void batch_free(Batch *batch);

/* False if memory is exhausted: then nothing changed. */
extern bool batch_add_key(Batch *batch, const char *key, size_t key_bytes)
			__attribute__((warn_unused_result));

/*
 * The same for a glob pattern.  One without any wildcard is a key, and goes
 * to the keys: deleting a key is cheap, looking for it is not.
 */
extern bool batch_add_pattern(Batch *batch, const char *pattern, size_t pattern_bytes)
			__attribute__((warn_unused_result));

#endif
