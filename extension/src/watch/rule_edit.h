/*-------------------------------------------------------------------------
 *
 * rule_edit.h
 *	  Makes, rewrites and removes the triggers of rules, in the catalog.
 *
 * Not by SQL commands: event triggers of other people, which audit or forbid
 * commands, are not concerned when a rule follows a table.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_RULE_EDIT_H
#define UNCACHE_RULE_EDIT_H

#include "rule/rule_scan.h"

/*
 * Makes a rule that is enabled ALWAYS: for rows and INSERT, UPDATE and DELETE, or
 * for TRUNCATE.  A partitioned table's partitions get clones of one for rows.
 * Needs the privileges that CREATE TRIGGER needs, of the current user.
 */
extern void rule_edit_create(Oid relation_id, const char *name, RuleAction action,
							 const StringArray *arguments, bool is_for_rows);

/* Removes a rule, with its clones; the current user's privileges are not asked for. */
extern void rule_edit_drop(const RuleTrigger *rule);

/*
 * Gives a rule another name and other arguments, either NULL: as it was.  Neither
 * locks the table nor minds events that wait.
 */
extern void rule_edit_rewrite(const RuleTrigger *rule, const char *name,
							  const StringArray *arguments);

/*
 * Replaces UPDATE OF by these columns, any if there are none, and WHEN by what
 * nodeToString() has made of one, or nothing if that is NULL.
 */
extern void rule_edit_restrict(const RuleTrigger *rule, const int16 *columns, int column_count,
							   const char *condition);

/* Sets in which sessions a rule fires, as pg_trigger.tgenabled has it. */
extern void rule_edit_enable(const RuleTrigger *rule, char enabled);

/* What nodeToString() has made of a rule's WHEN, palloc'd; NULL if it has none. */
extern char *rule_edit_condition(const RuleTrigger *rule);

#endif
