/*-------------------------------------------------------------------------
 *
 * invalidation.h
 *	  What a target is told to forget: (target, action, key).
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_INVALIDATION_H
#define UNCACHE_INVALIDATION_H

typedef enum InvalidationAction
{
	INVALIDATION_KEYS,
	INVALIDATION_PATTERNS
} InvalidationAction;

#define INVALIDATION_ACTION_COUNT 2

/* The action's name in the journal. */
static inline const char *
invalidation_action_name(InvalidationAction action)
{
	return action == INVALIDATION_KEYS ? "keys" : "patterns";
}

#endif
