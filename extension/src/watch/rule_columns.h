/*-------------------------------------------------------------------------
 *
 * rule_columns.h
 *	  Lets the columns be altered and dropped that a rule's UPDATE OF and WHEN
 *	  name.
 *
 * PostgreSQL refuses to drop such a column, or to give it another type, since
 * the trigger depends on it; no migration may fail because of a rule.  So before
 * the command the rule's dependencies on columns go, and when it has ended UPDATE
 * OF and WHEN are fitted to the columns that there are.  In between nothing
 * fires, and nothing is remembered but in the catalog.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_RULE_COLUMNS_H
#define UNCACHE_RULE_COLUMNS_H

#include "rule/rule_scan.h"

/*
 * Does UPDATE OF or WHEN name a column?  Told from the trigger: of a clone's WHEN PostgreSQL
 * records no dependency.
 */
extern bool rule_columns_name(const RuleTrigger *rule, AttrNumber column);

/* Removes its dependencies on columns. */
extern void rule_columns_release(const RuleTrigger *rule);

/*
 * Fits a rule, released or not, to the columns of its table, which the caller has
 * locked, and makes it depend on them.  A dropped column takes UPDATE OF with it.  WHEN
 * is kept if its columns are there and, where their types have changed, can be read as
 * the old ones without a cast that may fail.  False if it was removed: the rule fires
 * for more rows than before.
 */
extern bool rule_columns_restore(const RuleTrigger *rule);

/*
 * Where UPDATE OF names a column, it names another one beside it from now on; WHEN
 * goes if it reads that column, since it would have to read the other.  False if it
 * went.
 */
extern bool rule_columns_add(const RuleTrigger *rule, AttrNumber column, AttrNumber added);

#endif
