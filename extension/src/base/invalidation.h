/*-------------------------------------------------------------------------
 *
 * invalidation.h
 *	  What a target is told to delete: (target, action, key).
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_INVALIDATION_H
#define UNCACHE_INVALIDATION_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/*
 * The actions of the journal, one a row: symbol, name in the journal, and the symbol of the
 * action that does for every match of a glob what this one does for a key.
 */
#define INVALIDATION_ACTIONS(ROW) \
	/* unlink a key; the keys that match a glob */ \
	ROW(KEYS, "keys", PATTERNS) \
	ROW(PATTERNS, "patterns", PATTERNS) \
	/* unlink what is registered under a tag; under those that match a glob */ \
	ROW(TAGS, "tags", TAG_PATTERNS) \
	ROW(TAG_PATTERNS, "tag_patterns", TAG_PATTERNS) \
	/* give a counter a new value; those that match a glob */ \
	ROW(VERSIONS, "versions", VERSION_PATTERNS) \
	ROW(VERSION_PATTERNS, "version_patterns", VERSION_PATTERNS) \
	/* unlink what cacheops has registered for rows of an image; for all rows of a table */ \
	ROW(CACHEOPS, "cacheops", CACHEOPS) \
	ROW(CACHEOPS_TABLES, "cacheops_tables", CACHEOPS_TABLES) \
	/* do all that the target's rules can produce; its key is empty */ \
	ROW(RESYNC, "resync", RESYNC)

#define INVALIDATION_SYMBOL(symbol, name, by_glob) INVALIDATION_##symbol,
#define INVALIDATION_NAME(symbol, name, by_glob) name,
#define INVALIDATION_BY_GLOB(symbol, name, by_glob) INVALIDATION_##by_glob,

typedef enum InvalidationAction
{
	INVALIDATION_ACTIONS(INVALIDATION_SYMBOL)
	INVALIDATION_ACTION_COUNT
} InvalidationAction;

/* The action's name in the journal. */
static inline const char *
invalidation_action_name(InvalidationAction action)
{
	static const char *const names[] = {INVALIDATION_ACTIONS(INVALIDATION_NAME)};

	return names[action];
}

/* The action of a name of length bytes; false: there is none. */
static inline bool
invalidation_action_parse(const char *name, size_t length, InvalidationAction *action)
{
	int			i;

	for (i = 0; i < INVALIDATION_ACTION_COUNT; i++)
	{
		const char *known = invalidation_action_name((InvalidationAction) i);

		if (strlen(known) == length && memcmp(known, name, length) == 0)
		{
			*action = (InvalidationAction) i;
			return true;
		}
	}
	return false;
}

/* The action that does for every match of a glob what this one does for a key. */
static inline InvalidationAction
invalidation_action_by_glob(InvalidationAction action)
{
	static const InvalidationAction by_glob[] = {INVALIDATION_ACTIONS(INVALIDATION_BY_GLOB)};

	return by_glob[action];
}

#endif
