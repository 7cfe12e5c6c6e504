/*-------------------------------------------------------------------------
 *
 * trigger_arguments.h
 *	  The arguments of a trigger, from its catalog row.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_TRIGGER_ARGUMENTS_H
#define UNCACHE_TRIGGER_ARGUMENTS_H

#include "access/htup.h"
#include "base/array.h"
#include "rule/rule_action.h"
#include "utils/relcache.h"

/* Below, "triggers" is pg_trigger, and "tuple" a row of it. */

/* False if a function is not one of uncache's trigger functions. */
extern bool trigger_arguments_find_action(Oid function_id, RuleAction *action);

/* All of a trigger's arguments, the author of queries included.  palloc'd. */
extern StringArray trigger_arguments_read(Relation triggers, HeapTuple tuple);

/* Those that say what a rule does: without an author.  A palloc'd text[]. */
extern ArrayType *trigger_arguments_get(Relation triggers, HeapTuple tuple);

/* Gives a trigger that name and all of these arguments. */
extern void trigger_arguments_write(Relation triggers, HeapTuple tuple, const char *name,
									const StringArray *arguments);

/* A trigger's row of pg_trigger, copied; NULL if there is none. */
extern HeapTuple trigger_arguments_find_trigger(Relation triggers, Oid trigger_id);

#endif
