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
#include "compile/rule.h"

/*
 * Never fails on account of what the rule says: a placeholder that does not
 * compile becomes a wildcard, with a warning unless *has_warned; if it may compile
 * in another transaction, rule_is_outdated() says so there.  The rule lives
 * in a context of its own below CacheMemoryContext; has_warned is borrowed.
 */
extern Rule *rule_compile(Relation relation, const Trigger *trigger, RuleAction action,
						  bool *has_warned);

/* The columns that a rule reads, as pull_varattnos() has them. */
extern Bitmapset * rule_columns_read(const Rule *rule);

/* What a rule of some arguments uses. */
typedef struct RuleAnalysis
{
	Bitmapset  *columns;		/* numbers of the columns that it reads */
	List	   *objects;		/* ObjectAddress *: see rule_objects_add() */
} RuleAnalysis;

/* How closely to look. */
typedef enum RuleScrutiny
{
	RULE_SCRUTINY_ALL,
	RULE_SCRUTINY_OWN_TABLE		/* of queries the placeholders only: locks no
								 * other table */
} RuleScrutiny;

/*
 * Looks at arguments for a rule of this action on a relation, as the current user, and
 * raises what is wrong with them.  Parses and analyzes, and runs nobody's code.
 * Tables that queries read get an AccessShareLock.  An author in front of queries is
 * passed over.
 */
extern RuleAnalysis rule_analyze(Relation relation, RuleAction action, char *const *arguments,
								 int argument_count, RuleScrutiny scrutiny);

#endif
