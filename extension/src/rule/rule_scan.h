/*-------------------------------------------------------------------------
 *
 * rule_scan.h
 *	  The rules of a table, from pg_trigger.
 *
 * What a look costs depends on the table's own triggers alone.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_RULE_SCAN_H
#define UNCACHE_RULE_SCAN_H

#include "access/htup.h"
#include "base/array.h"
#include "nodes/pg_list.h"
#include "rule/rule_action.h"
#include "storage/itemptr.h"
#include "utils/relcache.h"

/* A trigger that is a rule; palloc'd with all that it names. */
typedef struct RuleTrigger
{
	Oid			trigger_id;
	Oid			relation_id;
	Oid			parent_id;		/* the trigger that a partition's is a clone
								 * of, or InvalidOid */
	char	   *name;
	RuleAction	action;
	StringArray arguments;		/* all, the author of queries included */
	int16		type;			/* pg_trigger.tgtype */
	char		enabled;		/* pg_trigger.tgenabled */
	bool		is_for_rows;	/* else for TRUNCATE */
	bool		is_conditional; /* has WHEN */
	int			column_count;	/* of UPDATE OF; 0: any */
	AttrNumber *columns;
	bool		is_made_here;	/* this version, by this transaction */
	ItemPointerData place;		/* of this version, and of that which took */
	ItemPointerData next_place; /* its place, or the same */
} RuleTrigger;

/* The OID of an action's trigger function, or InvalidOid. */
extern Oid	rule_scan_function(RuleAction action);

/* The rules of a table, as RuleTriggers, by name; a partition's clones too. */
extern List *rule_scan_relation(Oid relation_id);

/*
 * Calls a function for each of them, in a memory context that is reset behind it: a rule may
 * have tens of thousands of arguments.
 */
typedef void (*RuleFunction) (const RuleTrigger *rule, void *argument);
extern void rule_scan_each(Oid relation_id, RuleFunction function, void *argument);

/* A trigger that is a rule, or NULL. */
extern RuleTrigger *rule_scan_trigger(Oid trigger_id);

/* The rules of a table that this transaction has dropped. */
extern List *rule_scan_dropped(Oid relation_id);

/* A rule that this transaction has dropped, as it was then, or NULL. */
extern RuleTrigger *rule_scan_dropped_trigger(Oid trigger_id);

/* What a rule was before this transaction changed it last, or NULL if it has not. */
extern RuleTrigger *rule_scan_previous(const RuleTrigger *rule);

#endif
