/*-------------------------------------------------------------------------
 *
 * invalidation.h
 *	  What a target is told to delete: (target, action, key).
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_INVALIDATION_H
#define UNCACHE_INVALIDATION_H

typedef enum InvalidationAction
{
	INVALIDATION_KEYS,			/* unlink a key */
	INVALIDATION_PATTERNS,		/* unlink the keys that match a glob */
	INVALIDATION_TAGS,			/* unlink what is registered under a tag */
	INVALIDATION_TAG_PATTERNS,	/* the same for the tags that match a glob */
	INVALIDATION_VERSIONS,		/* give a counter a new value */
	INVALIDATION_VERSION_PATTERNS,	/* the same for those that match a glob */
	INVALIDATION_CACHEOPS,		/* unlink what cacheops has registered for
								 * rows of an image */
	INVALIDATION_CACHEOPS_TABLES,	/* the same for all rows of a table */
	INVALIDATION_RESYNC			/* do all that the target's rules can produce;
								 * its key is empty */
} InvalidationAction;

#define INVALIDATION_ACTION_COUNT 9

/* The action's name in the journal. */
static inline const char *
invalidation_action_name(InvalidationAction action)
{
	static const char *const names[INVALIDATION_ACTION_COUNT] = {
		"keys", "patterns", "tags", "tag_patterns", "versions", "version_patterns",
		"cacheops", "cacheops_tables", "resync"
	};

	return names[action];
}

/* The action that does for every match of a glob what this one does for a key. */
static inline InvalidationAction
invalidation_action_by_glob(InvalidationAction action)
{
	switch (action)
	{
		case INVALIDATION_KEYS:
			return INVALIDATION_PATTERNS;
		case INVALIDATION_TAGS:
			return INVALIDATION_TAG_PATTERNS;
		case INVALIDATION_VERSIONS:
			return INVALIDATION_VERSION_PATTERNS;
		default:
			return action;
	}
}

#endif
