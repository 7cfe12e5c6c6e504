/*-------------------------------------------------------------------------
 *
 * watched_schema.h
 *	  The schemas that uncache.watch_schema() was called for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_WATCHED_SCHEMA_H
#define UNCACHE_WATCHED_SCHEMA_H

#include "nodes/pg_list.h"

typedef struct WatchedSchema
{
	char	   *name;
	char	   *target;
	List	   *excluded;		/* names of tables, char * */
} WatchedSchema;

/*
 * The watched schema that a table or materialized view lies in, palloc'd, or NULL.  It has no temporary
 * tables, nor those of another extension, to which pg_dump leaves triggers and all.
 */
extern WatchedSchema *watched_schema_find(Oid relation_id);

/* The same by the schema's name. */
extern WatchedSchema *watched_schema_find_named(const char *name);

/* Is a table, or a materialized view, of that name watched with it?  Either may be NULL: it is gone. */
extern bool watched_schema_covers_name(const WatchedSchema *schema, const char *table_name);

/*
 * Is a table watched with its schema?  A partition is covered, or excluded, with
 * the table that it belongs to.
 */
extern bool watched_schema_covers(Oid relation_id);

/* A schema has another name; true if it is watched. */
extern bool watched_schema_rename(const char *old_name, const char *new_name);

/* A schema is gone. */
extern void watched_schema_forget(const char *name);

#endif
