/*-------------------------------------------------------------------------
 *
 * pattern_set.h
 *	  Many glob patterns of several kinds, matched together against one key at
 *	  a time.
 *
 * A key is compared only with those patterns whose literal prefix it begins
 * with: with "a:1:*" to "a:10000:*" that is one comparison, not 10,000.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_PATTERN_SET_H
#define UNCACHED_PATTERN_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "batch/name_sets.h"

typedef struct PatternSet PatternSet;

/*
 * Compiles the strings of "patterns", which are copied.  NULL if memory is
 * exhausted.
 */
extern PatternSet *pattern_set_create(const NameSets *patterns);

/* NULL is allowed. */
extern void pattern_set_destroy(PatternSet *set);

/* The kinds (NAME_KIND_BIT) of which any pattern matches; 0 if none does. */
extern unsigned int pattern_set_match(const PatternSet *set,
									  const char *key, size_t key_bytes);

/* How many patterns a key is compared with at worst. */
extern size_t pattern_set_depth(const PatternSet *set);

/*
 * One pattern that matches everything the set matches, to let the server
 * sort out most of the rest; borrowed from the set.  NULL if that is "*".
 */
extern const char *pattern_set_cover(const PatternSet *set, size_t *cover_bytes);

#endif
