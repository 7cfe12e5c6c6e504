/*-------------------------------------------------------------------------
 *
 * ddl_command.c
 *	  Tells event triggers what a command does that matters to rules.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "tcop/deparse_utility.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/syscache.h"

PG_FUNCTION_INFO_V1(uncache_describe_command);

/* Columns of describe_command()'s result. */
enum
{
	COMMAND_CHANGES_ROWS,
	COMMAND_ATTACHES_PARTITION,
	COMMAND_MAKES_TABLE,
	COMMAND_CHANGES_IDENTITY,
	COMMAND_RENAMED,
	COMMAND_OLD_NAME,
	COMMAND_NEW_NAME,
	COMMAND_RELATIONS,
	COMMAND_COLUMN_COUNT
};

typedef struct CommandDescription
{
	bool		changes_rows;	/* they, or what is shown of them, come out
								 * otherwise */
	bool		attaches_partition;
	bool		makes_table;	/* or puts one where it was not before */
	bool		changes_identity;	/* name, primary key, parents, owner */
	const char *renamed;		/* what, or NULL */
	const char *old_name;
	const char *new_name;
	List	   *relations;		/* parents and partitions that are named in
								 * it, by oid */
} CommandDescription;

static bool
changes_parents(AlterTableType type)
{
	return type == AT_AttachPartition || compat_is_detach(type) ||
		type == AT_AddInherit || type == AT_DropInherit;
}

/* A column that was to be added or dropped, but was there or was not, has no address. */
static bool
changes_rows(AlterTableType type, const ObjectAddress * address)
{
	if (type == AT_AddColumn || type == AT_DropColumn)
		return OidIsValid(address->objectId);
	return changes_parents(type) || type == AT_AlterColumnType ||
		type == AT_DropExpression || compat_is_set_expression(type);
}

/*
 * A primary key only: pg_restore adds other constraints when some of a table's
 * rules are there already, and has yet to create others.
 */
static bool
adds_primary_key(const AlterTableCmd * command)
{
	return (command->subtype == AT_AddIndex || command->subtype == AT_AddIndexConstraint) &&
		castNode(IndexStmt, command->def)->primary;
}

/*
 * A detached partition has no address, and its name need not be qualified while
 * the search path is pinned here: it is what has the name and is locked as only
 * a command that changes it does.
 */
static List *
find_detached(const RangeVar * name)
{
	CatCList   *list = SearchSysCacheList1(RELNAMENSP, CStringGetDatum(name->relname));
	List	   *found = NIL;
	int			i;

	for (i = 0; i < list->n_members; i++)
	{
		Oid			relation_id = ((Form_pg_class) GETSTRUCT(&list->members[i]->tuple))->oid;
		LOCKTAG		tag;

		SET_LOCKTAG_RELATION(tag, MyDatabaseId, relation_id);
		if (compat_lock_held_by_me(&tag, AccessExclusiveLock))
			found = lappend_oid(found, relation_id);
	}
	ReleaseSysCacheList(list);
	return found;
}

static void
describe_subcommand(CommandDescription *description, const AlterTableCmd * command,
					const ObjectAddress * address)
{
	AlterTableType type = compat_alter_type(command->subtype);

	description->changes_rows |= changes_rows(type, address);
	description->attaches_partition |= type == AT_AttachPartition;
	description->makes_table |= compat_is_detach(type);
	description->changes_identity |= changes_parents(type) || adds_primary_key(command) ||
		type == AT_DropConstraint || type == AT_DropColumn || type == AT_ChangeOwner;
	if (compat_is_detach(type))
		description->relations = list_concat_unique_oid(description->relations,
														find_detached(castNode(PartitionCmd, command->def)->name));
	else if (changes_parents(type) && address->classId == RelationRelationId)
		description->relations = list_append_unique_oid(description->relations, address->objectId);
}

static void
describe_alter_table(CommandDescription *description, const CollectedCommand * command)
{
	ListCell   *cell;

	foreach(cell, command->d.alterTable.subcmds)
	{
		const		CollectedATSubcmd *subcommand = lfirst(cell);

		if (IsA(subcommand->parsetree, AlterTableCmd))
			describe_subcommand(description, (const AlterTableCmd *) subcommand->parsetree,
								&subcommand->address);
	}
}

static void
describe_rename(CommandDescription *description, const RenameStmt * statement)
{
	description->old_name = statement->subname;
	switch (statement->renameType)
	{
		case OBJECT_COLUMN:
		case OBJECT_ATTRIBUTE:
			description->renamed = "column";
			break;
		case OBJECT_SCHEMA:
			description->renamed = "schema";
			break;
		default:
			/* "ALTER INDEX" and others rename tables, too */
			if (statement->relation == NULL || statement->subname != NULL)
				return;
			description->renamed = "relation";
			description->old_name = statement->relation->relname;
			description->makes_table = description->changes_identity = true;
			break;
	}
	description->new_name = statement->newname;
}

/* To another schema: no less another name, but one that looks the same. */
static void
describe_move(CommandDescription *description, const AlterObjectSchemaStmt * statement)
{
	if (statement->relation == NULL)
		return;
	description->renamed = "relation";
	description->old_name = description->new_name = statement->relation->relname;
	description->makes_table = description->changes_identity = true;
}

static void
describe_simple(CommandDescription *description, Node *statement)
{
	if (IsA(statement, RenameStmt))
		describe_rename(description, (const RenameStmt *) statement);
	else if (IsA(statement, AlterEnumStmt))
		description->changes_rows = ((const AlterEnumStmt *) statement)->oldVal != NULL;
	else if (IsA(statement, AlterObjectSchemaStmt))
		describe_move(description, (const AlterObjectSchemaStmt *) statement);
	else if (IsA(statement, CreateStmt) || IsA(statement, CreateTableAsStmt))
		description->makes_table = description->changes_identity = true;
}

static ArrayType *
oid_array(const List *oids)
{
	Datum	   *elements = palloc(Max(list_length(oids), 1) * sizeof(Datum));
	ListCell   *cell;
	int			count = 0;

	foreach(cell, oids)
		elements[count++] = ObjectIdGetDatum(lfirst_oid(cell));
	return construct_array(elements, count, OIDOID, sizeof(Oid), true, TYPALIGN_INT);
}

static void
set_text(Datum *values, bool *nulls, int column, const char *string)
{
	nulls[column] = string == NULL;
	if (string != NULL)
		values[column] = CStringGetTextDatum(string);
}

/*
 * describe_command(command pg_ddl_command) → (changes_rows boolean,
 * attaches_partition boolean, makes_table boolean, changes_identity boolean,
 * renamed text, old_name text, new_name text, relations oid[])
 */
Datum
uncache_describe_command(PG_FUNCTION_ARGS)
{
	const		CollectedCommand *command = (const CollectedCommand *) PG_GETARG_POINTER(0);
	CommandDescription description = {0};
	Datum		values[COMMAND_COLUMN_COUNT];
	bool		nulls[COMMAND_COLUMN_COUNT] = {false};
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (command->type == SCT_AlterTable)
		describe_alter_table(&description, command);
	else if (command->type == SCT_Simple)
		describe_simple(&description, command->parsetree);
	values[COMMAND_CHANGES_ROWS] = BoolGetDatum(description.changes_rows);
	values[COMMAND_ATTACHES_PARTITION] = BoolGetDatum(description.attaches_partition);
	values[COMMAND_MAKES_TABLE] = BoolGetDatum(description.makes_table);
	values[COMMAND_CHANGES_IDENTITY] = BoolGetDatum(description.changes_identity);
	set_text(values, nulls, COMMAND_RENAMED, description.renamed);
	set_text(values, nulls, COMMAND_OLD_NAME, description.old_name);
	set_text(values, nulls, COMMAND_NEW_NAME, description.new_name);
	values[COMMAND_RELATIONS] = PointerGetDatum(oid_array(description.relations));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
