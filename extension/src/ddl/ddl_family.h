/*-------------------------------------------------------------------------
 *
 * ddl_family.h
 *	  Warns of heirs and partitions that rules do not suit.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_DDL_FAMILY_H
#define UNCACHE_DDL_FAMILY_H

#include "nodes/pg_list.h"

/* Of tables (OIDs) that inherit from those with rules. */
extern void ddl_family_warn_of_heirs(const List *heirs);

/* Of those among new partitions (OIDs), and theirs, whose rows PostgreSQL changes one by one from now on. */
extern void ddl_family_warn_of_partitions(const List *partitions);

/* The same, of a table for which a trigger has been made; it need not be a rule. */
extern void ddl_family_warn_of_rule(Oid trigger_id);

#endif
