/*-------------------------------------------------------------------------
 *
 * rule_reach.h
 *	  A rule's arguments → all that it can produce, for whatever row.
 *
 * Looks at nothing but the arguments: works for a table that is gone as well.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_RULE_REACH_H
#define UNCACHE_RULE_REACH_H

#include "rule/rule_action.h"

/*
 * Takes what one argument can produce.  With INVALIDATION_RESYNC nobody knows:
 * target is "" then.  All is valid during the call only.
 */
typedef void (*RuleReachSink) (const char *target, InvalidationAction action,
							   const char *key, Size key_length, void *argument);

extern void rule_reach(RuleAction action, char *const *arguments, int argument_count,
					   RuleReachSink sink, void *sink_argument);

#endif
