/*-------------------------------------------------------------------------
 *
 * pending_set.h
 *	  A set of invalidations that is cut back by savepoint level.
 *
 * Pure C without PostgreSQL's headers.  A stack: entries in the order of their
 * arrival, their keys' bytes in chunks that never move, an open-addressing table
 * of the entries' indexes, and for each level the entry at which it starts.
 *
 * No function changes anything before it has all the memory that it needs: one
 * that reports PENDING_SET_NO_MEMORY leaves the set as it was.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_PENDING_SET_H
#define UNCACHE_PENDING_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In front of each key the owner has this many bytes to himself, aligned to them. */
#define PENDING_SET_HEADER_BYTES 4

#define PENDING_SET_TARGET_MAX UINT16_MAX

typedef struct PendingAllocator
{
	void	   *(*allocate) (void *argument, size_t bytes); /* NULL: no memory */
	void		(*release) (void *argument, void *memory);
	void	   *argument;
} PendingAllocator;

typedef struct PendingEntry
{
	char	   *key;			/* its bytes, behind the owner's header */
	uint32_t	length;			/* of the key, in bytes */
	uint32_t	hash;
	uint16_t	target;			/* index into targets */
	uint8_t		action;
} PendingEntry;

typedef struct PendingSlot
{
	uint32_t	hash;			/* of the entry: others' are passed by unseen */
	uint32_t	entry;			/* its index + 1; 0: the slot is free */
} PendingSlot;

typedef struct PendingTarget
{
	char	   *name;
	uint16_t	actions;		/* bit set of the actions that came */
	bool		is_written;		/* the owner's */
} PendingTarget;

typedef struct PendingLevel
{
	int			nest_level;		/* of the (sub)transaction */
	uint32_t	first_entry;
	size_t		first_byte;		/* of its keys, among all keys' */
} PendingLevel;

typedef struct PendingChunk PendingChunk;

typedef struct PendingSet
{
	PendingAllocator allocator;
	PendingEntry *entries;
	uint32_t	entry_count;
	uint32_t	entry_capacity;
	PendingSlot *slots;
	uint32_t	slot_count;		/* a power of two, or 0 */
	PendingChunk *chunk;		/* the newest; each knows the one before */
	size_t		key_bytes;		/* of all keys, with their headers */
	PendingLevel *levels;		/* level 1 is always there */
	int			level_count;
	int			level_capacity;
	PendingTarget *targets;
	int			target_count;
	size_t		allocated_bytes;	/* all that was had and not released */
} PendingSet;

typedef enum PendingSetResult
{
	PENDING_SET_ADDED,
	PENDING_SET_FOUND,			/* it was there already */
	PENDING_SET_NO_MEMORY
} PendingSetResult;

/* False if there is no memory; then there is nothing to destroy. */
extern bool pending_set_init(PendingSet *set, const PendingAllocator *allocator);

/* Opens a level for the nesting depth unless it is on top; false: no memory. */
extern bool pending_set_enter_level(PendingSet *set, int nest_level);

/* The index of a target, which is made if it is new; -1: no memory. */
extern int	pending_set_find_target(PendingSet *set, const char *name);

/*
 * Adds an entry to the level on top.  Equal entries must have equal hashes.  If
 * it was added, it is the last one, and its header is the owner's to fill in.
 */
extern PendingSetResult pending_set_add(PendingSet *set, int target, uint8_t action,
										uint32_t hash, const char *key, uint32_t length);

/*
 * The memory that would be had at once to add a key of this length, in bytes, to
 * the level of a nesting depth.
 */
extern size_t pending_set_growth(const PendingSet *set, int nest_level, uint32_t length);

/* Forgets the entries from first on; releases the chunks that it empties. */
extern void pending_set_cut(PendingSet *set, uint32_t first);

/* The memory that the entries of a level and of those above it use, in bytes. */
extern size_t pending_set_used_bytes(const PendingSet *set, int level);

/* Releases everything; the set may be initialised again. */
extern void pending_set_destroy(PendingSet *set);

/* The level on top. */
static inline PendingLevel *
pending_set_top(const PendingSet *set)
{
	return &set->levels[set->level_count - 1];
}

#endif
