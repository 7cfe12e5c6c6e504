/*-------------------------------------------------------------------------
 *
 * batch.c
 *	  The invalidations of one fetch as a target's keys and patterns,
 *	  without duplicates, the target's key prefix in front.
 *
 *-------------------------------------------------------------------------
 */
#include "batch.h"

#include <stdlib.h>
#include <string.h>

#include "glob.h"

bool
batch_init(Batch *batch, const char *prefix, size_t prefix_bytes, uint64_t seed)
{
	memset(batch, 0, sizeof(*batch));
	batch->prefix = prefix;
	batch->prefix_bytes = prefix_bytes;
	keyset_init(&batch->keys, seed);
	keyset_init(&batch->patterns, seed);

	/* escaping at most doubles; one more, since malloc(0) may return NULL */
	batch->escaped_prefix = malloc(2 * prefix_bytes + 1);
	if (batch->escaped_prefix == NULL)
		return false;
	batch->escaped_prefix_bytes = glob_escape(prefix, prefix_bytes,
											  batch->escaped_prefix);
	return true;
}

void
batch_reset(Batch *batch)
{
	keyset_reset(&batch->keys);
	keyset_reset(&batch->patterns);
}

void
batch_free(Batch *batch)
{
	keyset_free(&batch->keys);
	keyset_free(&batch->patterns);
	free(batch->escaped_prefix);
	free(batch->scratch);
	memset(batch, 0, sizeof(*batch));
}

bool
batch_add_key(Batch *batch, const char *key, size_t key_bytes)
{
	return keyset_add(&batch->keys, batch->prefix, batch->prefix_bytes,
					  key, key_bytes);
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
batch_add_pattern(Batch *batch, const char *pattern, size_t pattern_bytes)
{
	size_t		literal_bytes;

	if (!reserve_scratch(batch, pattern_bytes))
		return false;
	if (glob_literal_prefix(pattern, pattern_bytes, batch->scratch, &literal_bytes))
		return batch_add_key(batch, batch->scratch, literal_bytes);
	return keyset_add(&batch->patterns, batch->escaped_prefix,
					  batch->escaped_prefix_bytes, pattern, pattern_bytes);
}
