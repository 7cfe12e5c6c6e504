/*-------------------------------------------------------------------------
 *
 * rule_action.c
 *	  What a rule's trigger function makes of its arguments.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rule/rule_action.h"

typedef struct ActionProperties
{
	const char *name;
	InvalidationAction invalidation;
	bool		is_glob;
} ActionProperties;

static const ActionProperties properties[RULE_ACTION_COUNT] = {
	[RULE_ACTION_KEYS] = {"keys", INVALIDATION_KEYS, false},
	[RULE_ACTION_PATTERNS] = {"patterns", INVALIDATION_PATTERNS, true},
	[RULE_ACTION_TAGS] = {"tags", INVALIDATION_TAGS, false},
	[RULE_ACTION_VERSIONS] = {"versions", INVALIDATION_VERSIONS, false},
	[RULE_ACTION_QUERY] = {"query", INVALIDATION_PATTERNS, true},
	[RULE_ACTION_CACHEOPS] = {"cacheops", INVALIDATION_CACHEOPS, false},
};

const char *
rule_action_name(RuleAction action)
{
	return properties[action].name;
}

bool
rule_action_parse(const char *name, RuleAction *action)
{
	int			i;

	for (i = 0; i < RULE_ACTION_COUNT; i++)
	{
		if (strcmp(name, properties[i].name) == 0)
		{
			*action = (RuleAction) i;
			return true;
		}
	}
	return false;
}

InvalidationAction
rule_action_invalidation(RuleAction action)
{
	return properties[action].invalidation;
}

bool
rule_action_is_glob(RuleAction action)
{
	return properties[action].is_glob;
}
