/*-------------------------------------------------------------------------
 *
 * rule_share.h
 *	  Compiled rules that serve the triggers of several tables.
 *
 * A rule on a partitioned table has a trigger on each partition.  Where the columns that it
 * reads have the same numbers and types, what is compiled of it is the same, unless it
 * reads whole rows, which are of the table's type, or has queries.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_RULE_SHARE_H
#define UNCACHE_RULE_SHARE_H

#include "compile/rule.h"
#include "utils/rel.h"

/*
 * A rule that was offered and is what compiling this trigger's would make, but for the
 * table that it names in messages; or NULL.  Borrowed from who has offered it.
 */
extern Rule *rule_share_find(Relation relation, const Trigger *trigger, RuleAction action);

/*
 * Lets a rule that was compiled of a trigger be found, if it can serve others.  May raise for
 * want of memory; it cannot be found then.
 */
extern void rule_share_offer(Rule *rule, Relation relation, const Trigger *trigger);

/* The rule, or any, is not found any more.  Neither raises. */
extern void rule_share_withdraw(Rule *rule);
extern void rule_share_withdraw_all(void);

#endif
