/*-------------------------------------------------------------------------
 *
 * admission.h
 *	  What was admitted as a rule with queries, and as whose: uncache.admissions.
 *
 * A trigger's arguments are text that whoever makes the trigger chooses.  What they
 * say of an author counts when the rule is admitted, and nowhere else: queries are run
 * only if a row of this table, which nobody but the event trigger writes, has the very
 * arguments for the very table, and only with what they used when they were admitted.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_ADMISSION_H
#define UNCACHE_ADMISSION_H

#include "rule/rule_author.h"
#include "rule/rule_scan.h"

typedef struct Admission
{
	RuleAuthor	author;			/* without a name if the rule was not admitted */
	StringArray objects;		/* what its queries may use, see
								 * admission_use_describe() */
} Admission;

/*
 * Of a rule, or of what it is a clone of; palloc'd.  Needs no privilege.  A table that
 * is not what this library knows has no rows.
 */
extern Admission admission_find(const RuleTrigger *rule);

/* Admits a rule with these arguments, in place of what was admitted of them. */
extern void admission_put(const RuleTrigger *rule, const StringArray *arguments,
						  const RuleAuthor *author, const StringArray *objects);

/*
 * A rule that was admitted has other arguments now, which differ in the names of columns
 * alone: for nothing else may an admission move.
 */
extern void admission_rewrite(const RuleTrigger *rule, const StringArray *new_arguments);

/* A rule, as it was, is gone. */
extern void admission_forget(const RuleTrigger *rule);

/* A table with all of its rules is gone. */
extern void admission_forget_relation(Oid relation_id);

#endif
