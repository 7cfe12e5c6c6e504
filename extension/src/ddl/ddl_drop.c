/*-------------------------------------------------------------------------
 *
 * ddl_drop.c
 *	  Event triggers sql_drop and table_rewrite: what becomes of rules when tables
 *	  are dropped or their rows are rewritten.
 *
 * Tables also go with a schema, an owner or a type, and columns with a type or a
 * function.  What ALTER TABLE drops, ddl_follow.c sees.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/guc.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/event_trigger.h"
#include "commands/trigger.h"
#include "ddl/ddl_broken.h"
#include "ddl/ddl_guarded.h"
#include "ddl/ddl_objects.h"
#include "ddl/ddl_report.h"
#include "fmgr.h"
#include "guard/admission.h"
#include "own/owner.h"
#include "rule/rule_scan.h"
#include "rule/table_family.h"
#include "rule/view_rule.h"
#include "rule/watched_schema.h"
#include "tcop/cmdtag.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "watch/renamed_columns.h"
#include "watch/renamed_tables.h"
#include "watch/rule_dependency.h"
#include "watch/rule_edit.h"
#include "watch/schema_rule.h"
#include "write/invalidate.h"

PG_FUNCTION_INFO_V1(uncache_follow_drops);
PG_FUNCTION_INFO_V1(uncache_follow_rewrite);

/* Reasons for a rewrite that change rows; neither persistence nor access method do. */
#define REWRITE_CHANGES_ROWS (AT_REWRITE_DEFAULT_VAL | AT_REWRITE_COLUMN_REWRITE)

typedef struct Drop
{
	List	   *objects;		/* DroppedObject *, but temporary ones */
	List	   *triggers;		/* OIDs of triggers among them */
	List	   *lost_triggers;	/* those that the command does not name */
	bool		is_alter;		/* the command is an ALTER */
} Drop;

static bool
is_of_type(const DroppedObject *object, const char *const *types)
{
	for (; *types != NULL; types++)
	{
		if (strcmp(object->type, *types) == 0)
			return true;
	}
	return false;
}

static bool
is_table(const DroppedObject *object)
{
	static const char *const types[] = {"table", "foreign table", NULL};

	return object->address.objectSubId == 0 && is_of_type(object, types);
}

static bool
is_column(const DroppedObject *object)
{
	static const char *const types[] = {"table column", "foreign table column", "composite type column", NULL};

	return is_of_type(object, types);
}

/* --- tables --- */

static void
follow_table(Oid relation_id)
{
	ListCell   *cell;

	admission_forget_relation(relation_id);
	renamed_columns_forget(relation_id, NULL);
	renamed_tables_forget(relation_id);
	if (!guc_enabled)
		return;
	foreach(cell, rule_scan_dropped(relation_id))
		invalidate_rule(lfirst(cell));
}

/* Tables that stay, and have shown its rows. */
static List *
find_parents(Oid relation_id)
{
	List	   *tables = table_family_former_parents(relation_id);
	List	   *ancestors = NIL;
	ListCell   *cell;

	foreach(cell, tables)
		ancestors = list_concat_unique_oid(ancestors, table_family_ancestors(lfirst_oid(cell)));
	return list_concat_unique_oid(tables, ancestors);
}

/* --- materialized views --- */

static bool
is_view(const DroppedObject *object)
{
	static const char *const types[] = {"materialized view", NULL};

	return is_of_type(object, types);
}

static void
follow_view(const DroppedObject *object)
{
	Oid			view_id = object->address.objectId;

	if (object->schema_name == NULL || object->name == NULL)
		elog(ERROR, "PostgreSQL does not tell the name of materialized view %u", view_id);
	if (guc_enabled)
	{
		ListCell   *cell;

		foreach(cell, view_rule_list_named(view_id, object->schema_name, object->name))
			invalidate_rule(lfirst(cell));
		invalidate_view_named(view_id, object->schema_name, object->name);
	}
	view_rule_forget(view_id, object->schema_name, object->name);
	renamed_tables_forget(view_id);
}

/* A watched schema that goes is still known. */
static void
follow_views(const Drop *drop)
{
	ListCell   *cell;

	foreach(cell, drop->objects)
	{
		if (is_view(lfirst(cell)))
			follow_view(lfirst(cell));
	}
}

/* --- rules that went with something that they depend on --- */

/* The rule, or clone of it, that a table has lost, or NULL. */
static const RuleTrigger *
find_lost(Oid relation_id, const char *name)
{
	ListCell   *cell;

	foreach(cell, rule_scan_dropped(relation_id))
	{
		const RuleTrigger *lost = lfirst(cell);

		/* of its versions the one that no other has followed */
		if (lost->is_for_rows && strcmp(lost->name, name) == 0 &&
			ItemPointerEquals(unconstify(ItemPointerData *, &lost->place), unconstify(ItemPointerData *, &lost->next_place)))
			return lost;
	}
	return NULL;
}

/* As it was, on each partition by itself, too. */
static void
restore_enabled(const RuleTrigger *rule)
{
	ListCell   *cell;

	foreach(cell, table_family_partitions(rule->relation_id))
	{
		const RuleTrigger *lost = lfirst_oid(cell) == rule->relation_id ? rule : find_lost(lfirst_oid(cell), rule->name);
		Oid			trigger_id = get_trigger_oid(lfirst_oid(cell), rule->name, true);
		const RuleTrigger *made = OidIsValid(trigger_id) ? rule_scan_trigger(trigger_id) : NULL;

		if (lost != NULL && made != NULL && made->enabled != lost->enabled)
			rule_edit_enable(made, lost->enabled);
	}
}

static void
make_again(const RuleTrigger *rule)
{
	Admission	admission = admission_find(rule);
	OwnerActing before = owner_enter();
	const RuleTrigger *made;

	rule_edit_create(rule->relation_id, rule->name, rule->action, &rule->arguments, rule->is_for_rows);
	owner_leave(before);
	made = rule_scan_trigger(get_trigger_oid(rule->relation_id, rule->name, false));
	restore_enabled(rule);
	if (admission.author.name[0] == '\0')
		return;
	admission_forget(rule);
	admission_put(made, &rule->arguments, &admission.author, &admission.objects);
}

/*
 * A column that UPDATE OF or WHEN names, a function or type that WHEN uses, has taken the
 * whole trigger with it: the rule stays, for every row.  Whoever drops the rule itself, or
 * its table, gets what he asks for.
 */
static void
follow_lost_rule(Oid trigger_id)
{
	const RuleTrigger *rule = rule_scan_dropped_trigger(trigger_id);

	if (rule == NULL || OidIsValid(rule->parent_id) || get_rel_name(rule->relation_id) == NULL ||
		OidIsValid(get_trigger_oid(rule->relation_id, rule->name, true)))
		return;
	make_again(rule);
	if (guc_enabled)
		invalidate_rule(rule);
	ddl_report_widened(rule);
}

static void
follow_lost_rules(const Drop *drop)
{
	ListCell   *cell;

	foreach(cell, drop->lost_triggers)
		follow_lost_rule(lfirst_oid(cell));
}

/* --- columns --- */

static void
follow_column(const Drop *drop, Oid relation_id)
{
	List	   *tables;

	if (drop->is_alter)
		return;
	tables = table_family_users(RelationRelationId, relation_id);
	if (guc_enabled)
		invalidate_tables(tables);
	schema_rule_follow(relation_id, false);
	ddl_broken_look_at(list_make1_oid(relation_id));
}

static void
follow_tables_and_columns(const Drop *drop)
{
	List	   *done = NIL;
	List	   *parents = NIL;
	ListCell   *cell;

	foreach(cell, drop->objects)
	{
		const DroppedObject *object = lfirst(cell);

		if (object->address.classId != RelationRelationId)
			continue;
		if (is_table(object))
		{
			follow_table(object->address.objectId);
			parents = list_concat_unique_oid(parents, find_parents(object->address.objectId));
		}
		else if (is_column(object) && get_rel_name(object->address.objectId) != NULL &&
				 !list_member_oid(done, object->address.objectId))
		{
			/* the column's, of a table that stays */
			done = lappend_oid(done, object->address.objectId);
			follow_column(drop, object->address.objectId);
		}
	}
	if (guc_enabled)
		invalidate_tables(parents);
}

/* --- what else --- */

static void
forget_schemas_and_rules(const Drop *drop)
{
	ListCell   *cell;

	foreach(cell, drop->objects)
	{
		const DroppedObject *object = lfirst(cell);

		if (object->address.classId == NamespaceRelationId && object->name != NULL)
			watched_schema_forget(object->name);
	}
	foreach(cell, drop->triggers)
	{
		const RuleTrigger *rule = rule_scan_dropped_trigger(lfirst_oid(cell));

		rule_dependency_forget(lfirst_oid(cell));
		if (rule != NULL && rule_action_has_queries(rule->action))
			admission_forget(rule);
	}
}

static void
warn_readers(const Drop *drop)
{
	ListCell   *cell;

	foreach(cell, drop->objects)
	{
		const DroppedObject *object = lfirst(cell);
		Oid			class_id = object->address.classId;

		if (object->is_asked_for &&
			(class_id == RelationRelationId || class_id == ProcedureRelationId || class_id == TypeRelationId))
			ddl_broken_warn_of_drop(&object->address);
	}
}

static Drop
read_drop(const EventTriggerData *event)
{
	Drop		drop = {.is_alter = strncmp(GetCommandTagName(event->tag), "ALTER ", strlen("ALTER ")) == 0};
	ListCell   *cell;

	foreach(cell, ddl_objects_dropped())
	{
		DroppedObject *object = lfirst(cell);

		if (object->address.classId == TriggerRelationId)
			drop.triggers = lappend_oid(drop.triggers, object->address.objectId);
		if (object->address.classId == TriggerRelationId && !object->is_named)
			drop.lost_triggers = lappend_oid(drop.lost_triggers, object->address.objectId);
		if (!object->is_temporary)
			drop.objects = lappend(drop.objects, object);
	}
	return drop;
}

static void
follow(void *argument)
{
	Drop		drop = read_drop(argument);

	follow_views(&drop);
	follow_lost_rules(&drop);
	forget_schemas_and_rules(&drop);
	follow_tables_and_columns(&drop);
	warn_readers(&drop);
}

/* No rule reads an index, and a primary key's goes with its constraint. */
static bool
may_matter(const Node *statement)
{
	return !IsA(statement, DropStmt) || ((const DropStmt *) statement)->removeType != OBJECT_INDEX;
}

/* follow_drops() → event_trigger */
Datum
uncache_follow_drops(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		elog(ERROR, "uncache_internal.follow_drops: must be called as event trigger");
	if (guc_follow_ddl && may_matter(((const EventTriggerData *) fcinfo->context)->parsetree))
		ddl_guarded(follow, fcinfo->context);
	PG_RETURN_NULL();
}

static void
follow_rewrite(void *argument)
{
	if (DatumGetInt32(OidFunctionCall0(F_PG_EVENT_TRIGGER_TABLE_REWRITE_REASON)) & REWRITE_CHANGES_ROWS)
		invalidate_tables(list_make1_oid(DatumGetObjectId(OidFunctionCall0(F_PG_EVENT_TRIGGER_TABLE_REWRITE_OID))));
}

/* follow_rewrite() → event_trigger */
Datum
uncache_follow_rewrite(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		elog(ERROR, "uncache_internal.follow_rewrite: must be called as event trigger");
	if (guc_follow_ddl && guc_enabled)
		ddl_guarded(follow_rewrite, NULL);
	PG_RETURN_NULL();
}
