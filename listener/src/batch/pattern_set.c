/*-------------------------------------------------------------------------
 *
 * pattern_set.c
 *	  Many glob patterns of several kinds, matched together against one key at
 *	  a time.
 *
 * Patterns are sorted by literal prefix, and each knows its parent: the
 * nearest one before it whose prefix its own prefix begins with (or equals).
 * Everything between a prefix of a key and the key, in byte order, begins
 * with that prefix too; so all candidates for a key lie on the chain of
 * parents from the last pattern whose prefix is not greater than the key.
 *
 *-------------------------------------------------------------------------
 */
#include "batch/pattern_set.h"

#include <stdlib.h>
#include <string.h>

#include "batch/glob.h"

#define NO_PARENT ((size_t) -1)

/* Servers before 7.0.9 take exponential time in the number of "*". */
#define COVER_MAX_STARS 4

typedef struct PatternEntry
{
	const char *pattern;		/* borrowed from the set's bytes */
	size_t		pattern_bytes;
	const char *prefix;			/* likewise */
	size_t		prefix_bytes;
	NameKind	kind;
	size_t		parent;			/* index of an entry, or NO_PARENT */
	size_t		depth;			/* length of the chain from here, at least 1 */
} PatternEntry;

struct PatternSet
{
	char	   *bytes;			/* owned: patterns, prefixes, cover */
	PatternEntry *entries;		/* owned; sorted by prefix */
	size_t		entry_count;
	size_t		depth;
	unsigned int kinds;			/* of all entries */
	const char *cover;			/* borrowed from bytes; NULL if "*" */
	size_t		cover_bytes;
};

static int
compare_bytes(const char *one, size_t one_bytes, const char *other, size_t other_bytes)
{
	size_t		common = one_bytes < other_bytes ? one_bytes : other_bytes;
	int			order = common > 0 ? memcmp(one, other, common) : 0;

	if (order != 0)
		return order;
	return (one_bytes > other_bytes) - (one_bytes < other_bytes);
}

static int
compare_entries(const void *one, const void *other)
{
	const PatternEntry *a = one;
	const PatternEntry *b = other;

	return compare_bytes(a->prefix, a->prefix_bytes, b->prefix, b->prefix_bytes);
}

static bool
begins_with(const char *text, size_t text_bytes, const PatternEntry *entry)
{
	return text_bytes >= entry->prefix_bytes &&
		(entry->prefix_bytes == 0 ||
		 memcmp(text, entry->prefix, entry->prefix_bytes) == 0);
}

/* Copies patterns and prefixes into set->bytes + used; returns the end. */
static size_t
add_entries(PatternSet *set, NameKind kind, const KeySet *patterns, size_t used)
{
	size_t		position = 0;
	const char *pattern;
	size_t		pattern_bytes;

	while (keyset_next(patterns, &position, &pattern, &pattern_bytes))
	{
		PatternEntry *entry = &set->entries[set->entry_count++];

		set->kinds |= NAME_KIND_BIT(kind);
		entry->kind = kind;
		entry->pattern = memcpy(set->bytes + used, pattern, pattern_bytes);
		entry->pattern_bytes = pattern_bytes;
		used += pattern_bytes;
		entry->prefix = set->bytes + used;
		(void) glob_literal_prefix(pattern, pattern_bytes, set->bytes + used,
								   &entry->prefix_bytes);
		used += entry->prefix_bytes;
	}
	return used;
}

static void
link_entries(PatternSet *set)
{
	for (size_t i = 0; i < set->entry_count; i++)
	{
		PatternEntry *entry = &set->entries[i];
		size_t		parent = i > 0 ? i - 1 : NO_PARENT;

		while (parent != NO_PARENT &&
			   !begins_with(entry->prefix, entry->prefix_bytes,
							&set->entries[parent]))
			parent = set->entries[parent].parent;
		entry->parent = parent;
		entry->depth = parent != NO_PARENT ? set->entries[parent].depth + 1 : 1;
		if (entry->depth > set->depth)
			set->depth = entry->depth;
	}
}

/*
 * May the pattern itself be sent to the server?  Not one that matches the
 * empty key: the server's matcher says no to that unless it is just "*".
 */
static bool
server_can_match(const PatternEntry *entry)
{
	size_t		star_count = 0;

	for (size_t i = 0; i < entry->pattern_bytes; i++)
		star_count += entry->pattern[i] == '*';
	return star_count <= COVER_MAX_STARS &&
		!glob_match(entry->pattern, entry->pattern_bytes, "", 0);
}

/* "room" has space for twice the shortest prefix and a "*". */
static void
build_cover(PatternSet *set, char *room)
{
	const PatternEntry *first = &set->entries[0];
	const PatternEntry *last = &set->entries[set->entry_count - 1];
	size_t		common = 0;

	if (set->entry_count == 1 && server_can_match(first))
	{
		set->cover = first->pattern;
		set->cover_bytes = first->pattern_bytes;
		return;
	}
	while (common < first->prefix_bytes && common < last->prefix_bytes &&
		   first->prefix[common] == last->prefix[common])
		common++;
	if (common == 0)
		return;
	set->cover = room;
	set->cover_bytes = glob_escape(first->prefix, common, room);
	room[set->cover_bytes++] = '*';
}

PatternSet *
pattern_set_create(const NameSets *patterns)
{
	PatternSet *set = calloc(1, sizeof(*set));
	size_t		used = 0;

	if (set == NULL)
		return NULL;

	/*
	 * Twice for patterns and their prefixes, twice more for the escaped
	 * cover; the encoding of the key set leaves more than the "*" over.
	 */
	set->bytes = malloc(4 * name_sets_bytes(patterns) + 1);
	set->entries = calloc(name_sets_count(patterns) + 1, sizeof(PatternEntry));
	if (set->bytes == NULL || set->entries == NULL)
	{
		pattern_set_destroy(set);
		return NULL;
	}
	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
		used = add_entries(set, kind, &patterns->of[kind], used);
	if (set->entry_count > 0)
	{
		qsort(set->entries, set->entry_count, sizeof(PatternEntry), compare_entries);
		link_entries(set);
		build_cover(set, set->bytes + used);
	}
	return set;
}

void
pattern_set_destroy(PatternSet *set)
{
	if (set == NULL)
		return;
	free(set->bytes);
	free(set->entries);
	free(set);
}

/* The last entry whose prefix is not greater than the key. */
static size_t
last_not_greater(const PatternSet *set, const char *key, size_t key_bytes)
{
	size_t		low = 0;
	size_t		high = set->entry_count;

	while (low < high)
	{
		size_t		middle = low + (high - low) / 2;
		const PatternEntry *entry = &set->entries[middle];

		if (compare_bytes(entry->prefix, entry->prefix_bytes, key, key_bytes) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? low - 1 : NO_PARENT;
}

unsigned int
pattern_set_match(const PatternSet *set, const char *key, size_t key_bytes)
{
	size_t		at = last_not_greater(set, key, key_bytes);
	unsigned int kinds = 0;

	while (at != NO_PARENT && kinds != set->kinds)
	{
		const PatternEntry *entry = &set->entries[at];
		unsigned int kind = NAME_KIND_BIT(entry->kind);

		if ((kinds & kind) == 0 && begins_with(key, key_bytes, entry) &&
			glob_match(entry->pattern, entry->pattern_bytes, key, key_bytes))
			kinds |= kind;
		at = entry->parent;
	}
	return kinds;
}

size_t
pattern_set_depth(const PatternSet *set)
{
	return set->depth;
}

const char *
pattern_set_cover(const PatternSet *set, size_t *cover_bytes)
{
	*cover_bytes = set->cover_bytes;
	return set->cover;
}
