/*-------------------------------------------------------------------------
 *
 * ddl_objects.h
 *	  The objects that a command has made, altered or dropped, as PostgreSQL
 *	  tells event triggers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_DDL_OBJECTS_H
#define UNCACHE_DDL_OBJECTS_H

#include "catalog/objectaddress.h"
#include "nodes/pg_list.h"
#include "tcop/deparse_utility.h"

typedef struct DdlObject
{
	ObjectAddress address;
	const CollectedCommand *command;	/* PostgreSQL's own */
} DdlObject;

typedef struct DroppedObject
{
	ObjectAddress address;
	bool		is_temporary;
	bool		is_named;		/* by the command itself */
	bool		is_asked_for;	/* by the command, or with what it belongs to;
								 * not by CASCADE or as an inner part */
	char	   *type;			/* "table", "table column", ... */
	char	   *schema_name;	/* that it was in, or NULL */
	char	   *name;			/* of a schema, a table, a trigger; NULL of
								 * what has none */
} DroppedObject;

/* What the command at hand made or altered: DdlObjects; in ddl_command_end. */
extern List *ddl_objects_altered(void);

/* What it dropped: DroppedObjects; in sql_drop. */
extern List *ddl_objects_dropped(void);

#endif
