/*-------------------------------------------------------------------------
 *
 * own_sql.h
 *	  Reads and changes the extension's own tables by SQL, as their owner.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_OWN_SQL_H
#define UNCACHE_OWN_SQL_H

#include "base/array.h"
#include "nodes/pg_list.h"

/*
 * Executes a statement whose parameters are texts, none of them NULL, with
 * settings pinned.  Who calls needs no privilege, so the statement must be a
 * constant and touch nothing but tables of the schema uncache.  Returns the number
 * of rows; raises what goes wrong.
 */
extern uint64 own_sql_execute(const char *statement, int argument_count, const char *const *arguments);

/*
 * The same of a query whose columns are texts: its rows as a list of char **, NULL for
 * a null, palloc'd in the caller's context.
 */
extern List *own_sql_query(const char *statement, int argument_count, const char *const *arguments);

/* An oid as an argument, palloc'd; for statements that cast it. */
extern char *own_sql_oid(Oid id);

/* A text[] as an argument, palloc'd; for statements that cast it. */
extern char *own_sql_array(const StringArray *array);

#endif
