/*-------------------------------------------------------------------------
 *
 * ddl_guard.c
 *	  Keeps the extension's own tables such that writers can use them.
 *
 * Where the event triggers were switched off, writers find out by themselves:
 * see own_table.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/index.h"
#include "catalog/namespace.h"
#include "commands/extension.h"
#include "ddl/ddl_command.h"
#include "ddl/ddl_guard.h"
#include "own/catalog.h"
#include "own/own_table.h"
#include "utils/lsyscache.h"

static bool
is_own(const RangeVar *name)
{
	Oid			relation_id = name == NULL ? InvalidOid : RangeVarGetRelid(name, NoLock, true);

	return OidIsValid(relation_id) && catalog_is_own(relation_id);
}

/* Writers fill indexes without the executor: see journal.c. */
static bool
is_plain(const IndexStmt *statement)
{
	ListCell   *cell;

	foreach(cell, statement->indexParams)
	{
		const char *column = lfirst_node(IndexElem, cell)->name;

		/* the keys of a row may be longer than an entry of an index */
		if (column == NULL || strcmp(column, "keys") == 0)
			return false;
	}
	return !statement->unique && statement->whereClause == NULL && statement->excludeOpNames == NIL &&
		(statement->accessMethod == NULL || strcmp(statement->accessMethod, DEFAULT_INDEX_TYPE) == 0);
}

void
ddl_guard_check_index(const IndexStmt *statement)
{
	if (!creating_extension && is_own(statement->relation) && !is_plain(statement))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("table \"%s\" of uncache cannot have such an index", statement->relation->relname),
				 errhint("It may have B-trees on columns other than keys, neither unique nor partial.")));
}

/* Those that own_shape.c does not judge: what event triggers and SQL functions keep there they find by name. */
static const char *const other_tables[] = {
	"admissions", "dependencies", "due", "positions", "renamed_columns", "renamed_tables", "schemas", "view_rules"
};

static bool
is_other_table(const char *name)
{
	int			i;

	for (i = 0; i < lengthof(other_tables); i++)
	{
		if (strcmp(name, other_tables[i]) == 0)
			return true;
	}
	return false;
}

/* Those that are found by their names: of the journal, its segments are judged. */
static bool
is_named_table(const char *name)
{
	return strcmp(name, "journal") == 0 || is_other_table(name);
}

/* Has a command given a column of one of them another name or type, or dropped one? */
static const char *
find_column_problem(const Node *statement)
{
	const RangeVar *relation = NULL;

	if (IsA(statement, RenameStmt) && ((const RenameStmt *) statement)->renameType == OBJECT_COLUMN)
		relation = ((const RenameStmt *) statement)->relation;
	else if (IsA(statement, AlterTableStmt) && ddl_command_changes_columns((const AlterTableStmt *) statement))
		relation = ((const AlterTableStmt *) statement)->relation;
	if (relation == NULL || !is_other_table(relation->relname))
		return NULL;
	return psprintf("columns of table uncache.%s must not be changed", relation->relname);
}

/* Does a name that one of our tables had lead to none of them any more? */
static bool
is_lost_name(const RangeVar *name)
{
	int			table;

	if (name == NULL || (name->schemaname != NULL && strcmp(name->schemaname, CATALOG_SCHEMA) != 0) ||
		OidIsValid(get_relname_relid(name->relname, catalog_find_schema())))
		return false;
	for (table = 0; table < CATALOG_TABLE_COUNT; table++)
	{
		if (strcmp(name->relname, catalog_table_name((CatalogTable) table)) == 0)
			return true;
	}
	return is_named_table(name->relname);
}

/* The problem of a table that is not found any more, unless it is one that is judged. */
static const char *
find_name_problem(const Node *statement)
{
	const RangeVar *relation = IsA(statement, RenameStmt) ? ((const RenameStmt *) statement)->relation :
	IsA(statement, AlterObjectSchemaStmt) ? ((const AlterObjectSchemaStmt *) statement)->relation : NULL;

	if (relation == NULL || !is_named_table(relation->relname) || !is_lost_name(relation))
		return NULL;
	return psprintf("table uncache.%s has another name", relation->relname);
}

/* SQL finds the extension's functions by the names of its schemas. */
static const char *
find_schema_problem(const Node *statement)
{
	const char *name;

	if (!IsA(statement, RenameStmt) || ((const RenameStmt *) statement)->renameType != OBJECT_SCHEMA)
		return NULL;
	name = ((const RenameStmt *) statement)->subname;
	if (strcmp(name, CATALOG_SCHEMA) == 0)
		return "their schema has another name";
	return strcmp(name, CATALOG_INTERNAL_SCHEMA) == 0 ? "the schema of its functions has another name" : NULL;
}

/* May a command have altered one of our tables, or where they are found? */
static bool
is_concerned(const Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_AlterTableStmt:
			return is_own(((const AlterTableStmt *) statement)->relation);
		case T_RenameStmt:
			return find_schema_problem(statement) != NULL || is_own(((const RenameStmt *) statement)->relation) ||
				is_lost_name(((const RenameStmt *) statement)->relation);
		case T_AlterObjectSchemaStmt:
			return is_lost_name(((const AlterObjectSchemaStmt *) statement)->relation);
		default:
			return false;
	}
}

void
ddl_guard_check_tables(const Node *statement)
{
	const char *problem;

	if (creating_extension || !is_concerned(statement))
		return;
	problem = find_schema_problem(statement);
	if (problem == NULL)
		problem = find_name_problem(statement);
	if (problem == NULL)
		problem = find_column_problem(statement);
	if (problem == NULL)
		problem = own_table_find_problem();
	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("uncache could no longer use its own tables: %s", problem),
				 errhint("The extension's tables may be given other storage, statistics, plain indexes, and nullable columns.")));
}
