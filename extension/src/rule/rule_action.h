/*-------------------------------------------------------------------------
 *
 * rule_action.h
 *	  What a rule's trigger function makes of its arguments.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_RULE_ACTION_H
#define UNCACHE_RULE_ACTION_H

#include "base/invalidation.h"

typedef enum RuleAction
{
	RULE_ACTION_KEYS,			/* templates of keys */
	RULE_ACTION_PATTERNS,		/* templates of globs */
	RULE_ACTION_TAGS,			/* templates of tags */
	RULE_ACTION_VERSIONS,		/* templates of counters' keys */
	RULE_ACTION_QUERY,			/* queries that return keys, each followed by
								 * templates of globs for when it fails */
	RULE_ACTION_CACHEOPS		/* a table's name, and items: see
								 * compile/cacheops_rule.h */
} RuleAction;

#define RULE_ACTION_COUNT 6

/* The name of the trigger function in schema uncache. */
extern const char *rule_action_name(RuleAction action);

/* False if no trigger function has this name. */
extern bool rule_action_parse(const char *name, RuleAction *action);

/* What the target does with what a template renders to; a query's are globs. */
extern InvalidationAction rule_action_invalidation(RuleAction action);

/* Are glob characters of a template's own text wild? */
extern bool rule_action_is_glob(RuleAction action);

#endif
