/*-------------------------------------------------------------------------
 *
 * ddl_command.h
 *	  What a command does that matters to rules.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_DDL_COMMAND_H
#define UNCACHE_DDL_COMMAND_H

#include "nodes/parsenodes.h"
#include "tcop/deparse_utility.h"

typedef enum DdlRenamed
{
	DDL_RENAMED_NOTHING,
	DDL_RENAMED_COLUMN,
	DDL_RENAMED_RELATION,		/* or put into another schema */
	DDL_RENAMED_SCHEMA
} DdlRenamed;

typedef struct DdlCommand
{
	bool		changes_rows;	/* they, or what is shown of them, come out
								 * otherwise */
	bool		changes_source; /* of foreign tables: a server or the like */
	bool		changes_columns;	/* drops some or gives them other types */
	bool		refreshes;		/* a materialized view */
	bool		switches_triggers;	/* off, on, or on for other sessions */
	bool		makes_table;	/* or puts one where it was not before */
	bool		changes_identity;	/* name, schema, primary key, parents */
	List	   *parents;		/* tables (OIDs) that have won or lost ... */
	List	   *children;		/* ... these, partitions or heirs */
	List	   *heirs;			/* tables (OIDs) that inherit from more tables
								 * than before, and are no partitions */
	const CreateTrigStmt *trigger;	/* that is made, or NULL */
	List	   *attached;		/* those of the children that are partitions
								 * now */
	DdlRenamed	renamed;
	Oid			old_schema_id;	/* of a relation */
	const char *old_name;
	const char *new_name;
} DdlCommand;

/* Of a command that PostgreSQL has collected for an object. */
extern DdlCommand ddl_command_describe(const CollectedCommand *command, Oid object_id);

/* Can an ALTER TABLE matter at all?  Told from its text alone. */
extern bool ddl_command_may_matter(const AlterTableStmt *statement);

/* Can it change what rows there are, or what is shown of them? */
extern bool ddl_command_may_change_rows(const AlterTableStmt *statement);

/* Can it add or drop a primary key? */
extern bool ddl_command_may_change_key(const AlterTableStmt *statement);

/* The parents and partitions (OIDs) that it names beside the table. */
extern List *ddl_command_find_others(const AlterTableStmt *statement);

/* Does it drop columns, or give them other types? */
extern bool ddl_command_changes_columns(const AlterTableStmt *statement);

/* Does a subcommand? */
extern bool ddl_command_changes_column(const AlterTableCmd *command);

#endif
