/*-------------------------------------------------------------------------
 *
 * keyset.c
 *	  A set of byte strings, stored as the arguments of a Redis command.
 *
 *-------------------------------------------------------------------------
 */
#include "batch/keyset.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What keyset_reset keeps: a fetch's 256 kB of keys with their encoding. */
#define KEEP_BYTES ((size_t) 1024 * 1024)
#define FIRST_BYTES ((size_t) 4096)
#define FIRST_SLOTS ((size_t) 1024)

/* "$" + 20 digits + "\r\n" */
#define HEAD_MAX_BYTES 24

void
keyset_init(KeySet *set, uint64_t seed)
{
	memset(set, 0, sizeof(*set));
	set->seed = seed;
}

static void
drop_slots(KeySet *set)
{
	free(set->slots);
	set->slots = NULL;
	set->slot_count = 0;
}

/*
 * A table that was hardly used is dropped: clearing it for each of many small
 * batches would cost more than the batches.
 */
void
keyset_reset(KeySet *set)
{
	if (set->slot_count > FIRST_SLOTS && set->key_count < set->slot_count / 8)
		drop_slots(set);
	else if (set->slot_count > 0 && set->key_count > 0)
		memset(set->slots, 0, set->slot_count * sizeof(KeySetSlot));
	if (set->byte_capacity > KEEP_BYTES)
	{
		free(set->bytes);
		set->bytes = NULL;
		set->byte_capacity = 0;
		drop_slots(set);
	}
	set->byte_count = 0;
	set->key_count = 0;
}

void
keyset_free(KeySet *set)
{
	drop_slots(set);
	free(set->bytes);
	keyset_init(set, set->seed);
}

static bool
reserve_bytes(KeySet *set, size_t more)
{
	size_t		needed = set->byte_count + more;
	size_t		capacity = set->byte_capacity > 0 ? set->byte_capacity : FIRST_BYTES;
	char	   *bytes;

	if (needed <= set->byte_capacity)
		return true;
	if (needed >= UINT32_MAX)
		return false;
	while (capacity < needed)
		capacity *= 2;
	bytes = realloc(set->bytes, capacity);
	if (bytes == NULL)
		return false;
	set->bytes = bytes;
	set->byte_capacity = capacity;
	return true;
}

/* Eight bytes a step, folded by multiplication (as MurmurHash3 finishes). */
static uint32_t
hash_bytes(uint64_t seed, const char *bytes, size_t count)
{
	uint64_t	hash = seed ^ (count * UINT64_C(0x9e3779b97f4a7c15));

	while (count > 0)
	{
		uint64_t	word = 0;
		size_t		taken = count < sizeof(word) ? count : sizeof(word);

		memcpy(&word, bytes, taken);
		hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
		hash ^= hash >> 32;
		bytes += taken;
		count -= taken;
	}
	hash *= UINT64_C(0xc4ceb9fe1a85ec53);
	return (uint32_t) (hash >> 32);
}

/* The table is kept at most half full, so an empty slot is always met. */
static bool
grow_slots(KeySet *set)
{
	size_t		count = set->slot_count > 0 ? set->slot_count * 2 : FIRST_SLOTS;
	KeySetSlot *slots;

	if (set->key_count < set->slot_count / 2)
		return true;
	slots = calloc(count, sizeof(KeySetSlot));
	if (slots == NULL)
		return false;
	for (size_t i = 0; i < set->slot_count; i++)
	{
		size_t		at = set->slots[i].hash & (count - 1);

		if (set->slots[i].place == 0)
			continue;
		while (slots[at].place != 0)
			at = (at + 1) & (count - 1);
		slots[at] = set->slots[i];
	}
	free(set->slots);
	set->slots = slots;
	set->slot_count = count;
	return true;
}

/* The slot of the string encoded at the arena's end, empty if it is new. */
static KeySetSlot *
find_slot(const KeySet *set, uint32_t hash, size_t encoded_bytes)
{
	const char *encoded = set->bytes + set->byte_count;
	size_t		at = hash & (set->slot_count - 1);

	while (set->slots[at].place != 0)
	{
		const KeySetSlot *slot = &set->slots[at];
		size_t		offset = slot->place - 1;

		if (slot->hash == hash &&
			encoded_bytes <= set->byte_count - offset &&
			memcmp(set->bytes + offset, encoded, encoded_bytes) == 0)
			break;
		at = (at + 1) & (set->slot_count - 1);
	}
	return &set->slots[at];
}

static size_t
append(char *to, const char *from, size_t count)
{
	if (count > 0)
		memcpy(to, from, count);
	return count;
}

/* Decimal digits of "value" behind a "$"; returns the head's length. */
static size_t
encode_head(char *to, size_t value)
{
	char		digits[HEAD_MAX_BYTES];
	size_t		first = sizeof(digits);
	size_t		count = 0;

	do
	{
		digits[--first] = (char) ('0' + value % 10);
		value /= 10;
	} while (value > 0);
	to[count++] = '$';
	count += append(to + count, digits + first, sizeof(digits) - first);
	to[count++] = '\r';
	to[count++] = '\n';
	return count;
}

bool
keyset_add(KeySet *set, const char *prefix, size_t prefix_bytes,
		   const char *key, size_t key_bytes)
{
	char	   *encoded;
	size_t		count;
	uint32_t	hash;
	KeySetSlot *slot;

	if (key_bytes >= UINT32_MAX || prefix_bytes >= UINT32_MAX ||
		!grow_slots(set) ||
		!reserve_bytes(set, prefix_bytes + key_bytes + HEAD_MAX_BYTES + 2))
		return false;

	encoded = set->bytes + set->byte_count;
	count = encode_head(encoded, prefix_bytes + key_bytes);
	count += append(encoded + count, prefix, prefix_bytes);
	count += append(encoded + count, key, key_bytes);
	encoded[count++] = '\r';
	encoded[count++] = '\n';

	hash = hash_bytes(set->seed, encoded, count);
	slot = find_slot(set, hash, count);
	if (slot->place == 0)
	{
		slot->hash = hash;
		slot->place = (uint32_t) set->byte_count + 1;
		set->byte_count += count;
		set->key_count++;
	}
	return true;
}

bool
keyset_merge(KeySet *set, const KeySet *from)
{
	size_t		position = 0;
	const char *key;
	size_t		key_bytes;

	while (keyset_next(from, &position, &key, &key_bytes))
		if (!keyset_add(set, NULL, 0, key, key_bytes))
			return false;
	return true;
}

/* Of the string whose encoding begins there; returns what stands behind that. */
static const char *
decode(const char *encoded, const char **key, size_t *key_bytes)
{
	size_t		length = 0;

	for (encoded++; *encoded != '\r'; encoded++)
		length = length * 10 + (size_t) (*encoded - '0');
	*key = encoded + 2;
	*key_bytes = length;
	return *key + length + 2;
}

bool
keyset_next(const KeySet *set, size_t *position,
			const char **key, size_t *key_bytes)
{
	if (*position >= set->byte_count)
		return false;
	*position = (size_t) (decode(set->bytes + *position, key, key_bytes) - set->bytes);
	return true;
}

void
keyset_slice_first(const KeySlice *slice, const char **key, size_t *key_bytes)
{
	(void) decode(slice->bytes, key, key_bytes);
}

bool
keyset_next_slice(const KeySet *set, size_t *position, size_t max_keys,
				  KeySlice *slice)
{
	size_t		start = *position;
	size_t		key_count = 0;
	const char *key;
	size_t		key_bytes;

	while (key_count < max_keys && keyset_next(set, position, &key, &key_bytes))
		key_count++;
	if (key_count == 0)
		return false;
	slice->bytes = set->bytes + start;
	slice->byte_count = *position - start;
	slice->key_count = key_count;
	return true;
}
