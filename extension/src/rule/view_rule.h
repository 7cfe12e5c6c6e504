/*-------------------------------------------------------------------------
 *
 * view_rule.h
 *	  The rules of materialized views: uncache.view_rules.
 *
 * A materialized view has no triggers, and REFRESH tells of no rows: its rules are
 * rows of a table, without placeholders.  A dump has them by the view's name, and may
 * be restored when there is no such view yet.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_VIEW_RULE_H
#define UNCACHE_VIEW_RULE_H

#include "rule/rule_scan.h"

extern bool view_rule_is_view(Oid relation_id);

/* The rules of a view, as RuleTriggers that have no trigger and are for no event. */
extern List *view_rule_list(Oid view_id);

/* The same of one that is gone, or was called otherwise until now. */
extern List *view_rule_list_named(Oid view_id, const char *schema_name, const char *name);

/* Gives a view a rule, in place of that of the same action. */
extern void view_rule_put(Oid view_id, RuleAction action, const StringArray *arguments);

/* The view has another name, or another schema, than this. */
extern void view_rule_rename(Oid view_id, const char *old_schema_name, const char *old_name);

/* The view of this name is gone. */
extern void view_rule_forget(Oid view_id, const char *schema_name, const char *name);

/* The materialized views of a schema (OIDs). */
extern List *view_rule_views_in_schema(Oid schema_id);

#endif
