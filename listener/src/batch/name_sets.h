/*-------------------------------------------------------------------------
 *
 * name_sets.h
 *	  Names in Redis, or patterns over names, by what a target does with them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_NAME_SETS_H
#define UNCACHED_NAME_SETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "batch/keyset.h"
#include "batch/name_kind.h"

/*
 * All names as Redis knows them, the target's key prefix included; an image brings
 * it along.  Of images there are no patterns.
 */
typedef struct NameSets
{
	KeySet		of[NAME_KIND_COUNT];
} NameSets;

/* As keyset_init, keyset_reset and keyset_free. */
extern void name_sets_init(NameSets *sets, uint64_t seed);
extern void name_sets_reset(NameSets *sets);
extern void name_sets_free(NameSets *sets);

/* As keyset_merge and keyset_reset, of some kinds. */
extern bool name_sets_merge(NameSets *sets, const NameSets *from, unsigned int kinds)
			__attribute__((warn_unused_result));
extern void name_sets_reset_kinds(NameSets *sets, unsigned int kinds);

/* Of some kinds, and of all, together. */
extern size_t name_sets_count_kinds(const NameSets *sets, unsigned int kinds);
extern size_t name_sets_count(const NameSets *sets);
extern size_t name_sets_bytes(const NameSets *sets);

#endif
