/*-------------------------------------------------------------------------
 *
 * batch.c
 *	  The invalidations of one fetch as a target's names and patterns,
 *	  without duplicates, the target's key prefix in front.
 *
 *-------------------------------------------------------------------------
 */
#include "batch/batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch/glob.h"

/* Digits of a size_t and a colon. */
#define LENGTH_BYTES 24

static bool
init_prefix(BatchPrefix *prefix, const NameTraits *traits, const char *target_prefix,
			size_t target_bytes)
{
	char		length[LENGTH_BYTES] = "";
	size_t		length_bytes;
	size_t		head_bytes = strlen(traits->head);

	if (traits->has_prefix_length)
		(void) snprintf(length, sizeof(length), "%zu:", target_bytes);
	length_bytes = strlen(length);
	prefix->literal_bytes = length_bytes + target_bytes + head_bytes;

	/* escaping at most doubles; one more, since malloc(0) may return NULL */
	prefix->literal = malloc(prefix->literal_bytes + 1);
	prefix->pattern = malloc(2 * prefix->literal_bytes + 1);
	if (prefix->literal == NULL || prefix->pattern == NULL)
		return false;
	memcpy(prefix->literal, length, length_bytes);
	memcpy(prefix->literal + length_bytes, target_prefix, target_bytes);
	memcpy(prefix->literal + length_bytes + target_bytes, traits->head, head_bytes);
	prefix->pattern_bytes = glob_escape(prefix->literal, prefix->literal_bytes,
										prefix->pattern);
	return true;
}

bool
batch_init(Batch *batch, const char *prefix, size_t prefix_bytes, uint64_t seed)
{
	memset(batch, 0, sizeof(*batch));
	name_sets_init(&batch->names, seed);
	name_sets_init(&batch->patterns, seed);
	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
		if (!init_prefix(&batch->prefixes[kind], &name_traits[kind], prefix, prefix_bytes))
			return false;
	return true;
}

void
batch_reset(Batch *batch)
{
	name_sets_reset(&batch->names);
	name_sets_reset(&batch->patterns);
}

void
batch_free(Batch *batch)
{
	name_sets_free(&batch->names);
	name_sets_free(&batch->patterns);
	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
	{
		free(batch->prefixes[kind].literal);
		free(batch->prefixes[kind].pattern);
	}
	free(batch->scratch);
	memset(batch, 0, sizeof(*batch));
}

bool
batch_add_name(Batch *batch, NameKind kind, const char *name, size_t name_bytes)
{
	const BatchPrefix *prefix = &batch->prefixes[kind];

	return keyset_add(&batch->names.of[kind], prefix->literal, prefix->literal_bytes,
					  name, name_bytes);
}

static bool
reserve_scratch(Batch *batch, size_t byte_count)
{
	char	   *scratch;

	if (byte_count <= batch->scratch_capacity)
		return true;
	scratch = realloc(batch->scratch, byte_count);
	if (scratch == NULL)
		return false;
	batch->scratch = scratch;
	batch->scratch_capacity = byte_count;
	return true;
}

bool
batch_add_pattern(Batch *batch, NameKind kind, const char *pattern, size_t pattern_bytes)
{
	const BatchPrefix *prefix = &batch->prefixes[kind];
	size_t		literal_bytes;

	if (!reserve_scratch(batch, pattern_bytes))
		return false;
	if (glob_literal_prefix(pattern, pattern_bytes, batch->scratch, &literal_bytes))
		return batch_add_name(batch, kind, batch->scratch, literal_bytes);
	return keyset_add(&batch->patterns.of[kind], prefix->pattern,
					  prefix->pattern_bytes, pattern, pattern_bytes);
}

bool
batch_add_cacheops_table(Batch *batch, const char *table, size_t table_bytes)
{
	static const char schemes[] = "schemes:";
	static const char sets[] = "conj:";
	size_t		length = sizeof(schemes) - 1;

	if (!reserve_scratch(batch, sizeof(schemes) + sizeof(sets) + 2 * table_bytes))
		return false;
	memcpy(batch->scratch, schemes, length);
	memcpy(batch->scratch + length, table, table_bytes);
	if (!batch_add_name(batch, NAME_KEY, batch->scratch, length + table_bytes))
		return false;

	length = sizeof(sets) - 1;
	memcpy(batch->scratch, sets, length);
	length += glob_escape(table, table_bytes, batch->scratch + length);
	batch->scratch[length++] = ':';
	batch->scratch[length++] = '*';
	return keyset_add(&batch->patterns.of[NAME_SET], batch->prefixes[NAME_SET].pattern,
					  batch->prefixes[NAME_SET].pattern_bytes, batch->scratch, length);
}
