/*-------------------------------------------------------------------------
 *
 * ddl_concern.c
 *	  Which commands can concern a rule at all.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "ddl/ddl_broken.h"
#include "ddl/ddl_command.h"
#include "ddl/ddl_concern.h"
#include "nodes/makefuncs.h"
#include "parser/parse_type.h"
#include "rule/rule_scan.h"
#include "rule/table_family.h"
#include "rule/view_rule.h"
#include "rule/watched_schema.h"
#include "utils/lsyscache.h"
#include "watch/renamed_tables.h"

/* --- what can concern no rule --- */

/* A new table concerns rules if it is a partition, an heir, or of a watched schema. */
static bool
may_new_table_matter(const RangeVar *name, bool has_parents)
{
	Oid			relation_id;

	if (has_parents)
		return true;
	if (name->relpersistence == RELPERSISTENCE_TEMP || creating_extension)
		return false;
	relation_id = RangeVarGetRelid(name, NoLock, true);
	return watched_schema_find(relation_id) != NULL || OidIsValid(renamed_tables_find_former(relation_id));
}

/* Has this table or view rules, or is it in a watched schema? */
static bool
is_watched(Oid relation_id)
{
	return rule_scan_relation(relation_id) != NIL || watched_schema_find(relation_id) != NULL ||
		(view_rule_is_view(relation_id) && view_rule_list(relation_id) != NIL);
}

static bool
any_is_watched(const List *relation_ids)
{
	ListCell   *cell;

	foreach(cell, relation_ids)
	{
		if (is_watched(lfirst_oid(cell)))
			return true;
	}
	return false;
}

/* Are partitions or parents that an ALTER TABLE names watched? */
static bool
others_are_watched(const AlterTableStmt *statement)
{
	return any_is_watched(ddl_command_find_others(statement));
}

/* The tables that show what is altered; but for parents and partitions. */
static List *
find_shown(const AlterTableStmt *statement, Oid relation_id)
{
	if (ddl_command_may_change_rows(statement))
		return table_family_users(RelationRelationId, relation_id);
	return ddl_command_may_change_key(statement) ? table_family_heirs(relation_id) : NIL;
}

/* Cheapest first: a table's own triggers, those above it, those that show its rows. */
static bool
may_alter_table_matter(const AlterTableStmt *statement)
{
	Oid			relation_id;

	if (!ddl_command_may_matter(statement))
		return false;
	relation_id = RangeVarGetRelid(statement->relation, NoLock, true);
	if (!OidIsValid(relation_id))
		return false;
	return is_watched(relation_id) ||
		any_is_watched(table_family_ancestors(relation_id)) ||
		others_are_watched(statement) ||
		any_is_watched(find_shown(statement, relation_id));
}

bool
ddl_concern_may_matter(const Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_CreateStmt:
		case T_CreateForeignTableStmt:
			return may_new_table_matter(((const CreateStmt *) statement)->relation,
										((const CreateStmt *) statement)->inhRelations != NIL);
		case T_CreateTableAsStmt:
			return may_new_table_matter(((const CreateTableAsStmt *) statement)->into->rel, false);
		case T_CreateSchemaStmt:
			return ((const CreateSchemaStmt *) statement)->schemaElts != NIL;
		case T_CreateTrigStmt:
			return ddl_broken_may_be_by((const CreateTrigStmt *) statement);
		case T_AlterTableStmt:
			return may_alter_table_matter((const AlterTableStmt *) statement);
		case T_AlterEnumStmt:
			return ((const AlterEnumStmt *) statement)->oldVal != NULL;
		default:
			return true;
	}
}

/* --- where PostgreSQL does not tell what was altered --- */

static bool
has_concern(Oid relation_id)
{
	return is_watched(relation_id) ||
		any_is_watched(table_family_ancestors(relation_id)) ||
		OidIsValid(renamed_tables_find_former(relation_id));
}

/* By the name that it has now. */
static bool
is_renamed_concern(const RenameStmt *statement)
{
	RangeVar   *now;

	if (statement->renameType == OBJECT_SCHEMA)
		return !statement->missing_ok;
	if (statement->relation == NULL)
		return false;
	now = copyObject(statement->relation);
	if (statement->subname == NULL)
		now->relname = statement->newname;
	else
		return any_is_watched(table_family_users(RelationRelationId, RangeVarGetRelid(now, NoLock, true)));
	return has_concern(RangeVarGetRelid(now, NoLock, true));
}

static bool
is_moved_concern(const AlterObjectSchemaStmt *statement)
{
	if (statement->relation == NULL)
		return false;
	return has_concern(get_relname_relid(statement->relation->relname,
										 get_namespace_oid(statement->newschema, true)));
}

static bool
is_enum_concern(const AlterEnumStmt * statement)
{
	TypeName   *name = makeTypeNameFromNameList(unconstify(AlterEnumStmt *, statement)->typeName);

	return any_is_watched(table_family_users(TypeRelationId, typenameTypeId(NULL, name)));
}

bool
ddl_concern_is_missing(const Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_AlterTableStmt:
			/* its tables have been looked up */
			return true;
		case T_RefreshMatViewStmt:
			return has_concern(RangeVarGetRelid(((const RefreshMatViewStmt *) statement)->relation, NoLock, true));
		case T_AlterEnumStmt:
			return is_enum_concern((const AlterEnumStmt *) statement);
		case T_RenameStmt:
			return is_renamed_concern((const RenameStmt *) statement);
		case T_AlterObjectSchemaStmt:
			return is_moved_concern((const AlterObjectSchemaStmt *) statement);
		case T_CreateStmt:
		case T_CreateForeignTableStmt:
			return !((const CreateStmt *) statement)->if_not_exists;
		case T_CreateTableAsStmt:
			return !((const CreateTableAsStmt *) statement)->if_not_exists;
		case T_CreateSchemaStmt:
			return !((const CreateSchemaStmt *) statement)->if_not_exists;
		default:
			return false;
	}
}
