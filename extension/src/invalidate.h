/*-------------------------------------------------------------------------
 *
 * invalidate.h
 *	  Invalidates all that rules can produce, for whatever row.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_INVALIDATE_H
#define UNCACHE_INVALIDATE_H

#include "rule_scan.h"

/* What one rule can produce; a resync of all targets where nobody knows. */
extern void invalidate_rule(const RuleTrigger *rule);

/* What the rules of these tables (OIDs) can produce. */
extern void invalidate_tables(const List *relation_ids);

/* What any rule can produce: a resync of all targets. */
extern void invalidate_everything(void);

#endif
