/*-------------------------------------------------------------------------
 *
 * invalidate.h
 *	  Invalidates all that rules can produce, for whatever row.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_INVALIDATE_H
#define UNCACHE_INVALIDATE_H

#include "rule/rule_scan.h"

/* What one rule can produce; a resync of all targets where nobody knows. */
extern void invalidate_rule(const RuleTrigger *rule);

/* What the rules of these tables (OIDs) can produce, and invalidate_view() of views among them. */
extern void invalidate_tables(const List *relation_ids);

/* What the rules of a materialized view, and its tag in a watched schema, name. */
extern void invalidate_view(Oid view_id);

/* The tag that a materialized view of this name has, or had, in a watched schema. */
extern void invalidate_view_named(Oid view_id, const char *schema_name, const char *name);

/* What any rule can produce: a resync of all targets. */
extern void invalidate_everything(void);

#endif
