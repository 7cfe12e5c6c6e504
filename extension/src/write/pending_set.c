/*-------------------------------------------------------------------------
 *
 * pending_set.c
 *	  A set of invalidations that is cut back by savepoint level.
 *
 *-------------------------------------------------------------------------
 */
#include "write/pending_set.h"

#include <string.h>

#define ENTRY_COUNT_START 8
#define ENTRY_COUNT_KEPT 1024
#define SLOT_COUNT_START 16
#define LEVEL_COUNT_START 4
#define CHUNK_BYTES_START 1000	/* 1024 with a header */
#define CHUNK_BYTES_MAX (64 * 1024)

/* The slots are grown when more than this share of them is taken. */
#define SLOTS_TAKEN_MAX(slot_count) ((slot_count) / 4 * 3)

/* Beyond these the set is full: an index + 1 has to fit a slot. */
#define ENTRY_COUNT_MAX (UINT32_C(1) << 30)

struct PendingChunk
{
	PendingChunk *previous;
	size_t		used;			/* of bytes */
	size_t		capacity;
	char		bytes[];
};

static void *
allocate(PendingSet *set, size_t bytes)
{
	void	   *memory = set->allocator.allocate(set->allocator.argument, bytes);

	if (memory != NULL)
		set->allocated_bytes += bytes;
	return memory;
}

static void
release(PendingSet *set, void *memory, size_t bytes)
{
	if (memory == NULL)
		return;
	set->allocator.release(set->allocator.argument, memory);
	set->allocated_bytes -= bytes;
}

/* An array with room for more; the old one stays if there is no memory. */
static void *
grow(PendingSet *set, void *array, size_t old_bytes, size_t new_bytes)
{
	void	   *grown = allocate(set, new_bytes);

	if (grown == NULL)
		return NULL;
	if (old_bytes > 0)
		memcpy(grown, array, old_bytes);
	release(set, array, old_bytes);
	return grown;
}

bool
pending_set_init(PendingSet *set, const PendingAllocator *allocator)
{
	memset(set, 0, sizeof(*set));
	set->allocator = *allocator;
	set->levels = allocate(set, LEVEL_COUNT_START * sizeof(PendingLevel));
	if (set->levels == NULL)
		return false;
	set->level_capacity = LEVEL_COUNT_START;
	set->levels[0].nest_level = 1;
	set->levels[0].first_entry = 0;
	set->levels[0].first_byte = 0;
	set->level_count = 1;
	return true;
}

bool
pending_set_enter_level(PendingSet *set, int nest_level)
{
	PendingLevel *level;

	if (pending_set_top(set)->nest_level == nest_level)
		return true;
	if (set->level_count == set->level_capacity)
	{
		size_t		bytes = (size_t) set->level_capacity * sizeof(PendingLevel);
		PendingLevel *levels = grow(set, set->levels, bytes, 2 * bytes);

		if (levels == NULL)
			return false;
		set->levels = levels;
		set->level_capacity *= 2;
	}
	level = &set->levels[set->level_count++];
	level->nest_level = nest_level;
	level->first_entry = set->entry_count;
	level->first_byte = set->key_bytes;
	return true;
}

int
pending_set_find_target(PendingSet *set, const char *name)
{
	size_t		bytes = (size_t) set->target_count * sizeof(PendingTarget);
	size_t		name_bytes = strlen(name) + 1;
	PendingTarget *targets;
	char	   *copy;
	int			i;

	for (i = 0; i < set->target_count; i++)
	{
		if (strcmp(set->targets[i].name, name) == 0)
			return i;
	}
	if (set->target_count == PENDING_SET_TARGET_MAX)
		return -1;
	copy = allocate(set, name_bytes);
	if (copy == NULL)
		return -1;
	targets = grow(set, set->targets, bytes, bytes + sizeof(PendingTarget));
	if (targets == NULL)
	{
		release(set, copy, name_bytes);
		return -1;
	}
	memcpy(copy, name, name_bytes);
	set->targets = targets;
	targets[set->target_count].name = copy;
	targets[set->target_count].actions = 0;
	targets[set->target_count].is_written = false;
	return set->target_count++;
}

/* --- the table of entries --- */

static bool
is_entry(const PendingEntry *entry, int target, uint8_t action, const char *key, uint32_t length)
{
	return entry->target == target && entry->action == action &&
		entry->length == length && memcmp(entry->key, key, length) == 0;
}

/* Where a probe for the hash goes on after a slot. */
static uint32_t
next_slot(const PendingSet *set, uint32_t slot)
{
	return (slot + 1) & (set->slot_count - 1);
}

static void
put_into_slots(PendingSlot *slots, uint32_t slot_count, uint32_t hash, uint32_t entry)
{
	uint32_t	slot = hash & (slot_count - 1);

	while (slots[slot].entry != 0)
		slot = (slot + 1) & (slot_count - 1);
	slots[slot].hash = hash;
	slots[slot].entry = entry + 1;
}

static bool
contains(const PendingSet *set, int target, uint8_t action,
		 uint32_t hash, const char *key, uint32_t length)
{
	uint32_t	slot;

	if (set->slot_count == 0)
		return false;
	for (slot = hash & (set->slot_count - 1); set->slots[slot].entry != 0; slot = next_slot(set, slot))
	{
		if (set->slots[slot].hash == hash &&
			is_entry(&set->entries[set->slots[slot].entry - 1], target, action, key, length))
			return true;
	}
	return false;
}

/*
 * Entries that a probe would no longer find because of the gap move up into it, so
 * that no slot is ever marked as deleted.
 */
static void
remove_from_slots(PendingSet *set, uint32_t entry)
{
	uint32_t	mask = set->slot_count - 1;
	uint32_t	gap = set->entries[entry].hash & mask;
	uint32_t	slot;

	while (set->slots[gap].entry != entry + 1)
		gap = next_slot(set, gap);
	for (slot = next_slot(set, gap); set->slots[slot].entry != 0; slot = next_slot(set, slot))
	{
		uint32_t	home = set->slots[slot].hash & mask;

		if (((slot - home) & mask) >= ((slot - gap) & mask))
		{
			set->slots[gap] = set->slots[slot];
			gap = slot;
		}
	}
	set->slots[gap].entry = 0;
}

/* --- growing --- */

static bool
slots_are_full(const PendingSet *set)
{
	return set->entry_count >= SLOTS_TAKEN_MAX(set->slot_count);
}

static uint32_t
next_slot_count(const PendingSet *set)
{
	return set->slot_count == 0 ? SLOT_COUNT_START : 2 * set->slot_count;
}

static uint32_t
next_entry_capacity(const PendingSet *set)
{
	return set->entry_capacity == 0 ? ENTRY_COUNT_START : 2 * set->entry_capacity;
}

/* What a key takes of a chunk, its header included. */
static size_t
key_bytes(uint32_t length)
{
	size_t		bytes = PENDING_SET_HEADER_BYTES + (size_t) length;

	return (bytes + PENDING_SET_HEADER_BYTES - 1) / PENDING_SET_HEADER_BYTES * PENDING_SET_HEADER_BYTES;
}

static bool
chunk_has_room(const PendingSet *set, uint32_t length)
{
	return set->chunk != NULL && set->chunk->capacity - set->chunk->used >= key_bytes(length);
}

/* Of the next chunk, without its header. */
static size_t
next_chunk_capacity(const PendingSet *set, uint32_t length)
{
	size_t		capacity = CHUNK_BYTES_START;

	if (set->chunk != NULL)
		capacity = 2 * set->chunk->capacity;
	if (capacity > CHUNK_BYTES_MAX)
		capacity = CHUNK_BYTES_MAX;
	return capacity < key_bytes(length) ? key_bytes(length) : capacity;
}

size_t
pending_set_growth(const PendingSet *set, int nest_level, uint32_t length)
{
	size_t		bytes = 0;

	if (pending_set_top(set)->nest_level != nest_level && set->level_count == set->level_capacity)
		bytes += 2 * (size_t) set->level_capacity * sizeof(PendingLevel);
	if (set->entry_count == set->entry_capacity)
		bytes += next_entry_capacity(set) * sizeof(PendingEntry);
	if (slots_are_full(set))
		bytes += next_slot_count(set) * sizeof(PendingSlot);
	if (!chunk_has_room(set, length))
		bytes += sizeof(PendingChunk) + next_chunk_capacity(set, length);
	return bytes;
}

static bool
grow_entries(PendingSet *set)
{
	uint32_t	capacity = next_entry_capacity(set);
	PendingEntry *entries;

	if (set->entry_count < set->entry_capacity)
		return true;
	if (capacity > ENTRY_COUNT_MAX)
		return false;
	entries = grow(set, set->entries, set->entry_capacity * sizeof(PendingEntry),
				   capacity * sizeof(PendingEntry));
	if (entries == NULL)
		return false;
	set->entries = entries;
	set->entry_capacity = capacity;
	return true;
}

static bool
grow_slots(PendingSet *set)
{
	uint32_t	count = next_slot_count(set);
	PendingSlot *slots;
	uint32_t	i;

	if (!slots_are_full(set))
		return true;
	slots = allocate(set, count * sizeof(PendingSlot));
	if (slots == NULL)
		return false;
	memset(slots, 0, count * sizeof(PendingSlot));
	for (i = 0; i < set->entry_count; i++)
		put_into_slots(slots, count, set->entries[i].hash, i);
	release(set, set->slots, set->slot_count * sizeof(PendingSlot));
	set->slots = slots;
	set->slot_count = count;
	return true;
}

static bool
grow_chunks(PendingSet *set, uint32_t length)
{
	size_t		capacity = next_chunk_capacity(set, length);
	PendingChunk *chunk;

	if (chunk_has_room(set, length))
		return true;
	chunk = allocate(set, sizeof(PendingChunk) + capacity);
	if (chunk == NULL)
		return false;
	chunk->previous = set->chunk;
	chunk->used = 0;
	chunk->capacity = capacity;
	set->chunk = chunk;
	return true;
}

PendingSetResult
pending_set_add(PendingSet *set, int target, uint8_t action,
				uint32_t hash, const char *key, uint32_t length)
{
	PendingEntry *entry;

	if (contains(set, target, action, hash, key, length))
		return PENDING_SET_FOUND;
	if (!grow_entries(set) || !grow_slots(set) || !grow_chunks(set, length))
		return PENDING_SET_NO_MEMORY;
	entry = &set->entries[set->entry_count];
	entry->key = set->chunk->bytes + set->chunk->used + PENDING_SET_HEADER_BYTES;
	entry->length = length;
	entry->hash = hash;
	entry->target = (uint16_t) target;
	entry->action = action;
	memcpy(entry->key, key, length);
	set->chunk->used += key_bytes(length);
	set->key_bytes += key_bytes(length);
	put_into_slots(set->slots, set->slot_count, hash, set->entry_count);
	set->targets[target].actions |= (uint16_t) (1u << action);
	set->entry_count++;
	return PENDING_SET_ADDED;
}

/* --- shrinking --- */

static void
release_chunk(PendingSet *set)
{
	PendingChunk *chunk = set->chunk;

	set->chunk = chunk->previous;
	release(set, chunk, sizeof(PendingChunk) + chunk->capacity);
}

static bool
chunk_holds(const PendingChunk *chunk, const PendingEntry *entry)
{
	return (uintptr_t) entry->key >= (uintptr_t) chunk->bytes &&
		(uintptr_t) entry->key <= (uintptr_t) (chunk->bytes + chunk->capacity);
}

/* The first chunk stays: most transactions need no other. */
static void
cut_chunks(PendingSet *set, const PendingEntry *first)
{
	while (!chunk_holds(set->chunk, first))
		release_chunk(set);
	set->chunk->used = (size_t) (first->key - PENDING_SET_HEADER_BYTES - set->chunk->bytes);
	if (set->chunk->used == 0 && set->chunk->previous != NULL)
		release_chunk(set);
}

/* What many entries needed is kept for as many, but not for few. */
static void
empty_arrays(PendingSet *set, uint32_t entry_count)
{
	if (set->entry_capacity <= ENTRY_COUNT_KEPT || entry_count >= set->entry_capacity / 4)
	{
		memset(set->slots, 0, set->slot_count * sizeof(PendingSlot));
		return;
	}
	release(set, set->slots, set->slot_count * sizeof(PendingSlot));
	release(set, set->entries, set->entry_capacity * sizeof(PendingEntry));
	set->slots = NULL;
	set->slot_count = 0;
	set->entries = NULL;
	set->entry_capacity = 0;
}

void
pending_set_cut(PendingSet *set, uint32_t first)
{
	uint32_t	count = set->entry_count;
	uint32_t	entry;

	if (first >= count)
		return;
	for (entry = count; entry-- > first;)
	{
		set->key_bytes -= key_bytes(set->entries[entry].length);
		if (first > 0)
			remove_from_slots(set, entry);
	}
	cut_chunks(set, &set->entries[first]);
	set->entry_count = first;
	if (first == 0)
		empty_arrays(set, count);
}

size_t
pending_set_used_bytes(const PendingSet *set, int level)
{
	uint32_t	count = set->entry_count - set->levels[level].first_entry;

	/* the slots are half empty on average */
	return set->key_bytes - set->levels[level].first_byte +
		count * (sizeof(PendingEntry) + 2 * sizeof(PendingSlot));
}

void
pending_set_destroy(PendingSet *set)
{
	int			i;

	while (set->chunk != NULL)
		release_chunk(set);
	for (i = 0; i < set->target_count; i++)
		release(set, set->targets[i].name, strlen(set->targets[i].name) + 1);
	release(set, set->targets, (size_t) set->target_count * sizeof(PendingTarget));
	release(set, set->slots, set->slot_count * sizeof(PendingSlot));
	release(set, set->entries, set->entry_capacity * sizeof(PendingEntry));
	release(set, set->levels, (size_t) set->level_capacity * sizeof(PendingLevel));
	memset(set, 0, sizeof(*set));
}
