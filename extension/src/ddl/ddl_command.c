/*-------------------------------------------------------------------------
 *
 * ddl_command.c
 *	  What a command does that matters to rules.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "ddl/ddl_command.h"
#include "rule/table_family.h"
#include "utils/lsyscache.h"

static bool
changes_heirs(AlterTableType type)
{
	return type == AT_AddInherit || type == AT_DropInherit;
}

static bool
changes_partitions(AlterTableType type)
{
	return type == AT_AttachPartition || compat_is_detach(type);
}

static bool
switches_triggers(AlterTableType type)
{
	switch (type)
	{
		case AT_EnableTrig:
		case AT_EnableAlwaysTrig:
		case AT_EnableReplicaTrig:
		case AT_DisableTrig:
		case AT_EnableTrigAll:
		case AT_DisableTrigAll:
		case AT_EnableTrigUser:
		case AT_DisableTrigUser:
			return true;
		default:
			return false;
	}
}

/* Where a foreign table gets its rows from, or a column of it. */
static bool
changes_options(AlterTableType type)
{
	return type == AT_GenericOptions || type == AT_AlterColumnGenericOptions;
}

bool
ddl_command_changes_column(const AlterTableCmd *command)
{
	AlterTableType type = compat_alter_type(command->subtype);

	return type == AT_DropColumn || type == AT_AlterColumnType;
}

/* A column that was to be added or dropped, but was there or was not, has no address. */
static bool
changes_rows(AlterTableType type, const ObjectAddress *address)
{
	if (type == AT_AddColumn || type == AT_DropColumn)
		return OidIsValid(address->objectId);
	return type == AT_AlterColumnType || type == AT_DropExpression || compat_is_set_expression(type) ||
		changes_options(type);
}

/*
 * A primary key only: pg_restore adds other constraints when some of a table's
 * rules are there already, and has yet to create others.
 */
static bool
adds_primary_key(const AlterTableCmd *command)
{
	return (command->subtype == AT_AddIndex || command->subtype == AT_AddIndexConstraint) &&
		castNode(IndexStmt, command->def)->primary;
}

/* A detached partition has no address. */
static Oid
find_partition(const AlterTableCmd *command)
{
	return RangeVarGetRelid(castNode(PartitionCmd, command->def)->name, NoLock, true);
}

static void
describe_partition(DdlCommand *description, const AlterTableCmd *command, Oid table_id)
{
	Oid			partition_id = find_partition(command);

	if (!OidIsValid(partition_id))
		return;
	description->parents = list_append_unique_oid(description->parents, table_id);
	description->children = list_append_unique_oid(description->children, partition_id);
	if (command->subtype == AT_AttachPartition)
		description->attached = list_append_unique_oid(description->attached, partition_id);
	else
		description->makes_table = true;
}

static void
describe_subcommand(DdlCommand *description, const AlterTableCmd *command,
					const ObjectAddress *address, Oid table_id)
{
	AlterTableType type = compat_alter_type(command->subtype);

	description->changes_rows |= changes_rows(type, address);
	description->changes_columns |= ddl_command_changes_column(command);
	description->switches_triggers |= switches_triggers(type);
	description->changes_identity |= adds_primary_key(command) ||
		type == AT_DropConstraint || type == AT_DropColumn;
	if (changes_options(type))	/* loses all its rows and gets others */
		description->parents = list_append_unique_oid(description->parents, table_id);
	if (changes_partitions(type))
		describe_partition(description, command, table_id);
	else if (changes_heirs(type) && address->classId == RelationRelationId)
	{
		description->parents = list_append_unique_oid(description->parents, address->objectId);
		description->children = list_append_unique_oid(description->children, table_id);
		if (type == AT_AddInherit)
			description->heirs = list_append_unique_oid(description->heirs, table_id);
	}
}

static void
describe_alter_table(DdlCommand *description, const CollectedCommand *command, Oid table_id)
{
	ListCell   *cell;

	foreach(cell, command->d.alterTable.subcmds)
	{
		const CollectedATSubcmd *subcommand = lfirst(cell);

		if (IsA(subcommand->parsetree, AlterTableCmd))
			describe_subcommand(description, (const AlterTableCmd *) subcommand->parsetree,
								&subcommand->address, table_id);
	}
}

static void
describe_relation(DdlCommand *description, const RangeVar *relation, const char *new_name)
{
	description->renamed = DDL_RENAMED_RELATION;
	description->old_name = relation->relname;
	description->new_name = new_name;
	description->makes_table = description->changes_identity = true;
}

static void
describe_rename(DdlCommand *description, const RenameStmt *statement)
{
	switch (statement->renameType)
	{
		case OBJECT_COLUMN:
		case OBJECT_ATTRIBUTE:
			description->renamed = DDL_RENAMED_COLUMN;
			description->changes_identity = true;
			break;
		case OBJECT_SCHEMA:
			description->renamed = DDL_RENAMED_SCHEMA;
			break;
		default:
			/* "ALTER INDEX" and others rename tables, too */
			if (statement->relation != NULL && statement->subname == NULL)
				describe_relation(description, statement->relation, statement->newname);
			return;
	}
	description->old_name = statement->subname;
	description->new_name = statement->newname;
}

/* CREATE TABLE or CREATE FOREIGN TABLE, else NULL. */
static const CreateStmt *
get_create(const Node *statement)
{
	return IsA(statement, CreateStmt) || IsA(statement, CreateForeignTableStmt) ? (const CreateStmt *) statement : NULL;
}

/* A foreign table has rows from the beginning. */
static void
describe_create(DdlCommand *description, const CreateStmt *statement, Oid object_id)
{
	description->makes_table = description->changes_identity = true;
	if (statement->inhRelations == NIL)
		return;
	if (statement->partbound == NULL)
		description->heirs = list_make1_oid(object_id);
	if (!IsA(statement, CreateForeignTableStmt))
		return;
	description->parents = table_family_ancestors(object_id);
	if (statement->partbound != NULL)
		description->attached = list_make1_oid(object_id);
}

static bool
is_of_server(const Node *statement)
{
	return IsA(statement, AlterForeignServerStmt) || IsA(statement, AlterFdwStmt) ||
		IsA(statement, AlterUserMappingStmt) || IsA(statement, CreateUserMappingStmt);
}

static void
describe_simple(DdlCommand *description, const Node *statement, Oid object_id)
{
	if (IsA(statement, RenameStmt))
		describe_rename(description, (const RenameStmt *) statement);
	else if (IsA(statement, AlterEnumStmt))
		description->changes_rows = ((const AlterEnumStmt *) statement)->oldVal != NULL;
	else if (IsA(statement, AlterObjectSchemaStmt))
	{
		const AlterObjectSchemaStmt *move = (const AlterObjectSchemaStmt *) statement;

		/* no less another name, but one that looks the same */
		if (move->relation != NULL)
			describe_relation(description, move->relation, move->relation->relname);
	}
	else if (IsA(statement, RefreshMatViewStmt))
		description->refreshes = true;
	else if (IsA(statement, CreateTrigStmt))
		description->trigger = (const CreateTrigStmt *) statement;
	else if (get_create(statement) != NULL)
		describe_create(description, get_create(statement), object_id);
	else if (IsA(statement, CreateTableAsStmt))
		description->makes_table = description->changes_identity = true;
	else
		description->changes_source = is_of_server(statement);
}

DdlCommand
ddl_command_describe(const CollectedCommand *command, Oid object_id)
{
	DdlCommand	description = {0};

	if (command->type == SCT_AlterTable)
		describe_alter_table(&description, command, object_id);
	else if (command->type == SCT_Simple)
	{
		describe_simple(&description, command->parsetree, object_id);
		if (IsA(command->parsetree, AlterObjectSchemaStmt))
			description.old_schema_id = command->d.simple.secondaryObject.objectId;
		else if (description.renamed == DDL_RENAMED_RELATION)
			description.old_schema_id = get_rel_namespace(object_id);
	}
	return description;
}

static bool
may_change_rows(const AlterTableCmd *command)
{
	AlterTableType type = compat_alter_type(command->subtype);

	return type == AT_AddColumn || type == AT_DropExpression ||
		ddl_command_changes_column(command) || compat_is_set_expression(type) || changes_options(type);
}

static bool
may_change_key(const AlterTableCmd *command)
{
	if (command->subtype == AT_AddConstraint && IsA(command->def, Constraint))
		return ((const Constraint *) command->def)->contype == CONSTR_PRIMARY;
	return command->subtype == AT_AddIndex || command->subtype == AT_AddIndexConstraint ||
		compat_alter_type(command->subtype) == AT_DropConstraint;
}

static bool
changes_family(const AlterTableCmd *command)
{
	AlterTableType type = compat_alter_type(command->subtype);

	return changes_heirs(type) || changes_partitions(type);
}

static bool
may_switch_triggers(const AlterTableCmd *command)
{
	return switches_triggers(command->subtype);
}

static bool
any_subcommand(const AlterTableStmt *statement, bool (*predicate) (const AlterTableCmd *))
{
	ListCell   *cell;

	foreach(cell, statement->cmds)
	{
		if (predicate(lfirst_node(AlterTableCmd, cell)))
			return true;
	}
	return false;
}

bool
ddl_command_may_change_rows(const AlterTableStmt *statement)
{
	return any_subcommand(statement, may_change_rows);
}

bool
ddl_command_may_change_key(const AlterTableStmt *statement)
{
	return any_subcommand(statement, may_change_key);
}

bool
ddl_command_changes_columns(const AlterTableStmt *statement)
{
	return any_subcommand(statement, ddl_command_changes_column);
}

bool
ddl_command_may_matter(const AlterTableStmt *statement)
{
	return ddl_command_may_change_rows(statement) || ddl_command_may_change_key(statement) ||
		any_subcommand(statement, changes_family) || any_subcommand(statement, may_switch_triggers);
}

List *
ddl_command_find_others(const AlterTableStmt *statement)
{
	List	   *tables = NIL;
	ListCell   *cell;

	foreach(cell, statement->cmds)
	{
		const AlterTableCmd *command = lfirst_node(AlterTableCmd, cell);
		AlterTableType type = compat_alter_type(command->subtype);
		Oid			relation_id = InvalidOid;

		if (changes_partitions(type))
			relation_id = find_partition(command);
		else if (changes_heirs(type))
			relation_id = RangeVarGetRelid(castNode(RangeVar, command->def), NoLock, true);
		if (OidIsValid(relation_id))
			tables = lappend_oid(tables, relation_id);
	}
	return tables;
}
