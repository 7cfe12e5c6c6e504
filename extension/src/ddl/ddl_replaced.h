/*-------------------------------------------------------------------------
 *
 * ddl_replaced.h
 *	  Tables that take the name of a table with rules.
 *
 * A rule stays with its table, whatever that is called.  But whoever makes the cache's
 * keys reads a table by its name: where another table takes it, the rules hold for
 * that one, too, if that can be, and whoever issues the command is told.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_DDL_REPLACED_H
#define UNCACHE_DDL_REPLACED_H

/* A table has had another name: that may be taken, and what its rules can produce is stale. */
extern void ddl_replaced_rename(Oid relation_id, const char *old_schema, const char *old_name);

/* The same, but that nothing is invalidated. */
extern void ddl_replaced_remember(Oid relation_id, const char *old_schema, const char *old_name);

/* A table has this name now: has another one with rules given it up? */
extern void ddl_replaced_take(Oid relation_id);

#endif
