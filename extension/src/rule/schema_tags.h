/*-------------------------------------------------------------------------
 *
 * schema_tags.h
 *	  The tags of a table in a watched schema.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_SCHEMA_TAGS_H
#define UNCACHE_SCHEMA_TAGS_H

#include "base/array.h"

/*
 * The templates of the table's automatic rule, palloc'd: "schema.table" and
 * "schema.table:{primary key}", behind the target if it is not the default one.  A
 * table that inherits from a watched one carries that one's tags behind its own,
 * since its rows are seen there.  NULL if it is to have no rule.
 */
extern StringArray *schema_tags_get(Oid relation_id);

/* The tag of a materialized view in a watched schema: "schema.view"; NULL if it has none. */
extern StringArray *schema_tags_of_view(Oid view_id);

/* That of a view of this name. */
extern StringArray *schema_tags_of_view_named(const char *schema_name, const char *name);

#endif
