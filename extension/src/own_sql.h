/*-------------------------------------------------------------------------
 *
 * own_sql.h
 *	  Changes the extension's own tables by SQL, as their owner.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_OWN_SQL_H
#define UNCACHE_OWN_SQL_H

/*
 * Executes a statement whose parameters are texts, none of them NULL, with
 * settings pinned.  Who calls needs no privilege, so the statement must be a
 * constant and touch nothing but tables of the schema uncache.  Returns the number
 * of rows; raises what goes wrong.
 */
extern uint64 own_sql_execute(const char *statement, int argument_count, const char *const *arguments);

#endif
