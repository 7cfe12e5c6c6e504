/*-------------------------------------------------------------------------
 *
 * ddl_rename.h
 *	  Rules whose columns get other names.
 *
 * A rule follows a column to its new name, as a view does.  But whoever makes the
 * cache's keys goes by names: where the table has a column of the name that the rule
 * was written for again (a type that is changed online swaps two columns), the rule
 * reads that one, and whoever issues the command is told.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_DDL_RENAME_H
#define UNCACHE_DDL_RENAME_H

#include "nodes/pg_list.h"

/*
 * A column of these tables (OIDs) has another name.  Expressions and the text of
 * queries are left as they are.
 */
extern void ddl_rename_column(const List *relation_ids, const char *old_name, const char *new_name);

/* Columns of these tables have come or gone: are there some that rules were written for? */
extern void ddl_rename_settle(const List *relation_ids);

#endif
