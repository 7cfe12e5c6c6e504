/*-------------------------------------------------------------------------
 *
 * schema_tags.h
 *	  The tags of a table in a watched schema.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_SCHEMA_TAGS_H
#define UNCACHE_SCHEMA_TAGS_H

#include "array.h"

/*
 * The templates of the table's automatic rule, palloc'd: "schema.table" and
 * "schema.table:{primary key}", behind the target if it is not the default one.  A
 * table that inherits from a watched one carries that one's tags behind its own,
 * since its rows are seen there.  NULL if it is to have no rule.
 */
extern StringArray *schema_tags_get(Oid relation_id);

#endif
