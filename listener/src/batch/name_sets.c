/*-------------------------------------------------------------------------
 *
 * name_sets.c
 *	  Names in Redis, or patterns over names, by what a target does with them.
 *
 *-------------------------------------------------------------------------
 */
#include "batch/name_sets.h"

void
name_sets_init(NameSets *sets, uint64_t seed)
{
	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
		keyset_init(&sets->of[kind], seed);
}

void
name_sets_reset(NameSets *sets)
{
	name_sets_reset_kinds(sets, NAME_KINDS_ALL);
}

void
name_sets_reset_kinds(NameSets *sets, unsigned int kinds)
{
	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
		if ((kinds & NAME_KIND_BIT(kind)) != 0)
			keyset_reset(&sets->of[kind]);
}

void
name_sets_free(NameSets *sets)
{
	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
		keyset_free(&sets->of[kind]);
}

bool
name_sets_merge(NameSets *sets, const NameSets *from, unsigned int kinds)
{
	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
		if ((kinds & NAME_KIND_BIT(kind)) != 0 &&
			!keyset_merge(&sets->of[kind], &from->of[kind]))
			return false;
	return true;
}

size_t
name_sets_count(const NameSets *sets)
{
	return name_sets_count_kinds(sets, NAME_KINDS_ALL);
}

size_t
name_sets_count_kinds(const NameSets *sets, unsigned int kinds)
{
	size_t		count = 0;

	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
		if ((kinds & NAME_KIND_BIT(kind)) != 0)
			count += sets->of[kind].key_count;
	return count;
}

size_t
name_sets_bytes(const NameSets *sets)
{
	size_t		byte_count = 0;

	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
		byte_count += sets->of[kind].byte_count;
	return byte_count;
}
