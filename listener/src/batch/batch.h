/*-------------------------------------------------------------------------
 *
 * batch.h
 *	  The invalidations of one fetch as a target's names and patterns,
 *	  without duplicates, the target's key prefix in front.
 *
 * What stands in front besides the prefix is a trait of each kind, name_kind.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_BATCH_H
#define UNCACHED_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "batch/name_sets.h"

/* What stands in front of names of a kind. */
typedef struct BatchPrefix
{
	char	   *literal;		/* owned */
	size_t		literal_bytes;
	char	   *pattern;		/* owned; matches exactly the literal */
	size_t		pattern_bytes;
} BatchPrefix;

typedef struct Batch
{
	NameSets	names;
	NameSets	patterns;
	BatchPrefix prefixes[NAME_KIND_COUNT];
	char	   *scratch;		/* owned; a pattern without its backslashes */
	size_t		scratch_capacity;
} Batch;

/*
 * Prepares caller's storage, to be freed by batch_free, on false too: then
 * memory is exhausted.
 */
extern bool batch_init(Batch *batch, const char *prefix, size_t prefix_bytes,
					   uint64_t seed) __attribute__((warn_unused_result));

/* Empties the batch; its memory is used again. */
extern void batch_reset(Batch *batch);
extern void batch_free(Batch *batch);

/* False if memory is exhausted: then nothing changed. */
extern bool batch_add_name(Batch *batch, NameKind kind,
						   const char *name, size_t name_bytes)
			__attribute__((warn_unused_result));

/*
 * The same for a glob pattern.  One without any wildcard is a name, and goes
 * to the names: to delete a name is cheap, to look for it is not.
 */
extern bool batch_add_pattern(Batch *batch, NameKind kind,
							  const char *pattern, size_t pattern_bytes)
			__attribute__((warn_unused_result));

/*
 * All that django-cacheops has cached from a table: its sets by a pattern, and
 * before that the key under which it keeps what they are named by.  cacheops fills
 * that key in one step with a set; so a set whose name is unknown afterwards was
 * there before the pass began, which finds it.
 */
extern bool batch_add_cacheops_table(Batch *batch, const char *table, size_t table_bytes)
			__attribute__((warn_unused_result));

#endif
