/*-------------------------------------------------------------------------
 *
 * rule_compile.h
 *	  Compiles a trigger's arguments against its relation.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_RULE_COMPILE_H
#define UNCACHE_RULE_COMPILE_H

#include "commands/trigger.h"
#include "rule.h"

/*
 * Never fails on account of what the rule says: a placeholder that does not
 * compile becomes a wildcard, with a warning unless *has_warned.  The rule lives
 * in a context of its own below CacheMemoryContext; has_warned is borrowed.
 */
extern Rule *rule_compile(Relation relation, const Trigger *trigger, RuleAction action,
						  bool *has_warned);

/*
 * Compiles arguments for a rule of this action against a relation; raises what is
 * wrong with them.  Returns the numbers of the columns that they read.
 */
extern Bitmapset * rule_check(Relation relation, RuleAction action,
							  char *const *arguments, int argument_count);

#endif
