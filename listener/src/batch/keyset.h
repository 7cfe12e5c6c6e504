/*-------------------------------------------------------------------------
 *
 * keyset.h
 *	  A set of byte strings, stored as the arguments of a Redis command.
 *
 * Each string lies in one arena as RESP's "$<length>\r\n<bytes>\r\n", in the
 * order of first addition, so that any run of neighbours can be put behind a
 * command's head as it is.  The encoding begins with the length: two strings
 * are equal exactly if their encodings are.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_KEYSET_H
#define UNCACHED_KEYSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct KeySetSlot
{
	uint32_t	hash;
	uint32_t	place;			/* offset in the arena plus one; 0 is empty */
} KeySetSlot;

typedef struct KeySet
{
	char	   *bytes;			/* owned; the arena */
	size_t		byte_count;
	size_t		byte_capacity;
	KeySetSlot *slots;			/* owned; open addressing */
	size_t		slot_count;		/* a power of two, or 0 */
	size_t		key_count;
	uint64_t	seed;			/* of the hash: unknown to whoever names keys */
} KeySet;

/* A run of encoded strings; borrowed from the set until it is changed. */
typedef struct KeySlice
{
	const char *bytes;
	size_t		byte_count;
	size_t		key_count;
} KeySlice;

/* Prepares caller's storage; allocates nothing. */
extern void keyset_init(KeySet *set, uint64_t seed);

/* Empties the set; keeps what memory a usual batch needs. */
extern void keyset_reset(KeySet *set);

/* Frees all memory; the set is empty then, and may be used again. */
extern void keyset_free(KeySet *set);

/*
 * Adds "prefix" followed by "key" unless the set has it.  False if memory is
 * exhausted or the arena would exceed 4 GiB: then nothing changed.
 */
extern bool keyset_add(KeySet *set, const char *prefix, size_t prefix_bytes,
					   const char *key, size_t key_bytes)
			__attribute__((warn_unused_result));

/* Adds all of "from"; false as above, with a part of it added. */
extern bool keyset_merge(KeySet *set, const KeySet *from)
			__attribute__((warn_unused_result));

/*
 * The next at most max_keys strings from *position, which starts at 0 and is
 * moved behind them.  False at the end.
 */
extern bool keyset_next_slice(const KeySet *set, size_t *position, size_t max_keys,
							  KeySlice *slice);

/* The same for one string, without its encoding. */
extern bool keyset_next(const KeySet *set, size_t *position,
						const char **key, size_t *key_bytes);

/* The first string of a slice, likewise. */
extern void keyset_slice_first(const KeySlice *slice, const char **key, size_t *key_bytes);

#endif
