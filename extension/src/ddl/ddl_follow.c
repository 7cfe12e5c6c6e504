/*-------------------------------------------------------------------------
 *
 * ddl_follow.c
 *	  Event trigger ddl_command_end: what becomes of rules when tables are made
 *	  and altered.
 *
 * A command of the customer's never fails because of this, but where WHEN or UPDATE
 * OF cannot be fitted to the columns that are left.  What it costs depends on what the
 * command touches, never on how many rules there are: what can concern no rule leaves
 * before anything is looked up, and no table is locked that the command does not
 * touch.  Where it fails, it warns, and since nobody knows any more what became stale,
 * all targets are resynced.  It runs as whoever issues the command; only rules that
 * are made of names of columns are made as the extension's owner, since whoever
 * changes a table need not be an author.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/guc.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_trigger.h"
#include "commands/event_trigger.h"
#include "commands/trigger.h"
#include "ddl/ddl_broken.h"
#include "ddl/ddl_command.h"
#include "ddl/ddl_concern.h"
#include "ddl/ddl_due.h"
#include "ddl/ddl_family.h"
#include "ddl/ddl_foreign.h"
#include "ddl/ddl_guard.h"
#include "ddl/ddl_guarded.h"
#include "ddl/ddl_objects.h"
#include "ddl/ddl_rename.h"
#include "ddl/ddl_replaced.h"
#include "ddl/ddl_report.h"
#include "fmgr.h"
#include "rule/table_family.h"
#include "rule/view_rule.h"
#include "rule/watched_schema.h"
#include "utils/lsyscache.h"
#include "watch/rule_columns.h"
#include "watch/rule_edit.h"
#include "watch/rule_pair.h"
#include "watch/schema_rule.h"
#include "write/invalidate.h"

PG_FUNCTION_INFO_V1(uncache_follow_command);

/* --- what follows, one kind after the other, each for all that was altered --- */

typedef struct Change
{
	ObjectAddress address;
	DdlCommand	command;
	List	   *tables;			/* OIDs: those that show what was altered */
} Change;

typedef void (*Follower) (const Change *change);

/* New partitions get their rules for TRUNCATE. */
static void
cover_partitions(const Change *change)
{
	ListCell   *partition;
	ListCell   *cell;

	if (change->command.makes_table && change->address.classId == RelationRelationId)
		rule_pair_cover(change->address.objectId);
	foreach(partition, change->command.attached)
	{
		foreach(cell, table_family_heirs(lfirst_oid(partition)))
			rule_pair_cover(lfirst_oid(cell));
	}
}

/* A new parent shows the rows, an old one does not any more. */
static void
invalidate_families(const Change *change)
{
	List	   *tables = NIL;
	ListCell   *cell;

	foreach(cell, change->command.parents)
	{
		tables = list_append_unique_oid(tables, lfirst_oid(cell));
		tables = list_concat_unique_oid(tables, table_family_ancestors(lfirst_oid(cell)));
	}
	foreach(cell, change->command.children)
		tables = list_concat(tables, table_family_heirs(lfirst_oid(cell)));
	invalidate_tables(tables);
}

static void
follow_columns(const Change *change)
{
	const DdlCommand *command = &change->command;

	if (command->renamed == DDL_RENAMED_COLUMN)
		ddl_rename_column(table_family_sharers(change->address.objectId), command->old_name, command->new_name);
	else if (command->changes_rows)
		ddl_rename_settle(table_family_sharers(change->address.objectId));
}

static void
rename_view_rules(const Change *change)
{
	const DdlCommand *command = &change->command;
	ListCell   *cell;

	if (command->renamed == DDL_RENAMED_RELATION && change->address.classId == RelationRelationId &&
		view_rule_is_view(change->address.objectId))
		view_rule_rename(change->address.objectId, get_namespace_name(command->old_schema_id), command->old_name);
	if (command->renamed != DDL_RENAMED_SCHEMA)
		return;
	foreach(cell, view_rule_views_in_schema(change->address.objectId))
		view_rule_rename(lfirst_oid(cell), command->old_name, get_rel_name(lfirst_oid(cell)));
}

/* By the name that it has, and that it had. */
static void
invalidate_view_of(const Change *change)
{
	const DdlCommand *command = &change->command;
	Oid			view_id = change->address.objectId;

	if (command->refreshes || command->makes_table)
		invalidate_view(view_id);
	if (command->renamed == DDL_RENAMED_RELATION)
		invalidate_view_named(view_id, get_namespace_name(command->old_schema_id), command->old_name);
}

static void
invalidate_views(const Change *change)
{
	ListCell   *cell;

	if (!guc_enabled)
		return;
	if (change->address.classId == RelationRelationId && view_rule_is_view(change->address.objectId))
		invalidate_view_of(change);
	if (change->command.renamed != DDL_RENAMED_SCHEMA)
		return;
	foreach(cell, view_rule_views_in_schema(change->address.objectId))
		invalidate_view_named(lfirst_oid(cell), change->command.old_name, get_rel_name(lfirst_oid(cell)));
}

static void
invalidate(const Change *change)
{
	if (!guc_enabled)
		return;
	if (change->command.changes_rows || change->command.changes_source || change->command.renamed == DDL_RENAMED_COLUMN)
		invalidate_tables(change->tables);
	invalidate_families(change);
}

/* A rule that has just been made has let nothing pass by. */
static bool
may_have_missed(const RuleTrigger *rule, const RuleTrigger *previous)
{
	return !(previous->is_made_here && previous->enabled == TRIGGER_FIRES_ON_ORIGIN &&
			 rule->enabled == TRIGGER_FIRES_ALWAYS);
}

/*
 * Nobody knows what passed by a rule that has just been switched.  One that is on again fires
 * always, as watch() makes it, and not in ordinary sessions only.
 */
static void
follow_switch(const RuleTrigger *rule)
{
	const RuleTrigger *previous = rule_scan_previous(rule);

	if (previous == NULL || previous->enabled == rule->enabled)
		return;
	if (guc_enabled && may_have_missed(rule, previous))
		invalidate_rule(rule);
	if (rule->enabled == TRIGGER_FIRES_ON_ORIGIN)
		rule_edit_enable(rule, TRIGGER_FIRES_ALWAYS);
}

/* A rule's clones are switched with it, and so is that for TRUNCATE if it is asked for. */
static void
switch_rules(const Change *change)
{
	ListCell   *table;
	ListCell   *cell;

	if (!change->command.switches_triggers)
		return;
	foreach(table, table_family_heirs(change->address.objectId))
	{
		foreach(cell, rule_scan_relation(lfirst_oid(table)))
			follow_switch(lfirst(cell));
	}
}

static void
warn_readers(const Change *change)
{
	ObjectAddress object = change->address;
	ListCell   *cell;

	if (change->command.renamed == DDL_RENAMED_RELATION)
		ddl_broken_warn_of_rename(&object);
	if (change->command.renamed != DDL_RENAMED_COLUMN)
		return;
	object.classId = RelationRelationId;
	foreach(cell, change->tables)
	{
		object.objectId = lfirst_oid(cell);
		object.objectSubId = get_attnum(object.objectId, change->command.new_name);
		if (object.objectSubId != 0)
			ddl_broken_warn_of_rename(&object);
	}
}

static void
warn_of_broken_rules(const Change *change)
{
	if (change->command.changes_rows || change->command.renamed == DDL_RENAMED_COLUMN)
		ddl_broken_look_at(change->tables);
	warn_readers(change);
}

static List *
find_in_schema(Oid schema_id)
{
	return list_concat(table_family_in_schema(schema_id), view_rule_views_in_schema(schema_id));
}

static void
each_renamed(const Change *change, void (*function) (Oid relation_id, const char *old_schema, const char *old_name))
{
	const DdlCommand *command = &change->command;
	ListCell   *cell;

	if (change->address.classId == RelationRelationId && command->renamed == DDL_RENAMED_RELATION)
		function(change->address.objectId, get_namespace_name(command->old_schema_id), command->old_name);
	if (command->renamed != DDL_RENAMED_SCHEMA)
		return;
	foreach(cell, find_in_schema(change->address.objectId))
		function(lfirst_oid(cell), command->old_name, get_rel_name(lfirst_oid(cell)));
}

/* catch_up() goes by the names. */
static void
remember_names(const Change *change)
{
	if (!guc_follow_ddl)
		each_renamed(change, ddl_replaced_remember);
}

/* Another table may have the name that rules were made for. */
static void
follow_names(const Change *change)
{
	const DdlCommand *command = &change->command;
	ListCell   *cell;

	each_renamed(change, ddl_replaced_rename);
	if (change->address.classId == RelationRelationId && command->makes_table)
		ddl_due_follow(change->address.objectId, ddl_replaced_take);
	if (command->renamed != DDL_RENAMED_SCHEMA)
		return;
	foreach(cell, find_in_schema(change->address.objectId))
		ddl_due_follow(lfirst_oid(cell), ddl_replaced_take);
}

static void
make_or_rewrite(Oid relation_id)
{
	schema_rule_follow(relation_id, true);
}

static void
rewrite(Oid relation_id)
{
	schema_rule_follow(relation_id, false);
}

/* A schema has another name: its tables are told of by that. */
static void
follow_schema(const Change *change)
{
	ListCell   *cell;

	if (change->command.renamed != DDL_RENAMED_SCHEMA ||
		!watched_schema_rename(change->command.old_name, change->command.new_name))
		return;
	foreach(cell, table_family_in_schema(change->address.objectId))
	{
		ListCell   *heir;

		foreach(heir, table_family_heirs(lfirst_oid(cell)))
			ddl_due_follow(lfirst_oid(heir), make_or_rewrite);
	}
}

/* A table that was made where nobody was told of it has missed what happened since. */
static void
make_up_for(Oid relation_id)
{
	int			count = list_length(rule_scan_relation(relation_id));

	schema_rule_follow(relation_id, true);
	if (guc_enabled && list_length(rule_scan_relation(relation_id)) > count)
		invalidate_tables(list_make1_oid(relation_id));
}

/* An heir carries the tags of the tables that it inherits from. */
static void
follow_tables(const Change *change)
{
	const DdlCommand *command = &change->command;
	DdlDueFunction function = command->makes_table ? make_or_rewrite : rewrite;
	ListCell   *table;
	ListCell   *cell;

	if (change->address.classId == RelationRelationId && command->changes_rows)
		make_up_for(change->address.objectId);
	/* not those that have values of the row's type: they are other people's */
	if (command->changes_identity)
	{
		foreach(cell, table_family_sharers(change->address.objectId))
			ddl_due_follow(lfirst_oid(cell), function);
	}
	foreach(table, command->children)
	{
		foreach(cell, table_family_heirs(lfirst_oid(table)))
			ddl_due_follow(lfirst_oid(cell), function);
	}
}

static void
remember_writers(const Change *change)
{
	ddl_due_invalidate(&change->address, &change->command, change->tables);
}

static void
remember_reads(const Change *change)
{
	if (change->address.classId == TriggerRelationId)
		ddl_broken_remember(change->address.objectId);
}

static void
warn_of_trigger(const Change *change)
{
	if (change->command.trigger != NULL)
		ddl_broken_warn_of_trigger(change->command.trigger);
}

static void
warn_of_family(const Change *change)
{
	ddl_family_warn_of_heirs(change->command.heirs);
	ddl_family_warn_of_partitions(change->command.attached);
	if (change->address.classId == TriggerRelationId)
		ddl_family_warn_of_rule(change->address.objectId);
}

/*
 * Tables that show what was altered.  A table that is made, or only gets another
 * name, is shown by its heirs at most; what it is the type of does not change.
 */
static List *
find_tables(const ObjectAddress *address, const DdlCommand *command)
{
	if (address->classId == RelationRelationId &&
		!command->changes_rows && command->renamed != DDL_RENAMED_COLUMN)
		return command->changes_identity ? table_family_heirs(address->objectId) : NIL;
	if (command->changes_rows || command->renamed == DDL_RENAMED_COLUMN)
		return table_family_users(address->classId, address->objectId);
	return command->changes_source ? ddl_foreign_find_tables(address) : NIL;
}

/*
 * In this order: rules of partitions, rules as they read now, what they tell; last what
 * tells of rules that were made, which nothing must undo.  What a trigger's function reads, and what tables were called, is remembered also
 * where nothing is followed.
 */
static const Follower followers[] = {
	remember_reads,
	remember_names,
	cover_partitions,
	invalidate,
	rename_view_rules,
	invalidate_views,
	follow_columns,
	switch_rules,
	warn_of_broken_rules,
	warn_of_trigger,
	warn_of_family,
	follow_schema,
	follow_tables,
	remember_writers,
	follow_names
};
#define ALWAYS_DUE 2

static void
follow_all(const List *objects)
{
	List	   *changes = NIL;
	ListCell   *cell;
	int			i;

	foreach(cell, objects)
	{
		const DdlObject *object = lfirst(cell);
		Change	   *change = palloc0(sizeof(Change));

		change->address = object->address;
		change->command = ddl_command_describe(object->command, object->address.objectId);
		change->tables = find_tables(&change->address, &change->command);
		changes = lappend(changes, change);
	}
	for (i = 0; i < (guc_follow_ddl ? lengthof(followers) : ALWAYS_DUE); i++)
	{
		foreach(cell, changes)
			followers[i] (lfirst(cell));
	}
}

/*
 * Within REFRESH MATERIALIZED VIEW and the like PostgreSQL does not tell event triggers
 * what was altered.
 */
static void
follow(void *argument)
{
	List	   *objects;

	if (!ddl_concern_may_matter(argument))
		return;
	objects = ddl_objects_altered();
	if (objects == NIL && ddl_concern_is_missing(argument))
		elog(ERROR, "PostgreSQL does not report what the command has altered");
	follow_all(objects);
}

/* --- UPDATE OF and WHEN, which clear_way() has made room with --- */

static void
restore_columns_of(Oid relation_id)
{
	ListCell   *cell;

	foreach(cell, rule_scan_relation(relation_id))
	{
		const RuleTrigger *rule = lfirst(cell);

		if ((rule->column_count > 0 || rule->is_conditional) &&
			!rule_columns_restore(rule) && !OidIsValid(rule->parent_id))
			ddl_report_widened(rule);
	}
}

static void
restore_columns(void *argument)
{
	const AlterTableStmt *statement = argument;
	Oid			relation_id = RangeVarGetRelid(statement->relation, NoLock, true);
	ListCell   *cell;

	if (!OidIsValid(relation_id))
		return;
	foreach(cell, table_family_sharers(relation_id))
		restore_columns_of(lfirst_oid(cell));
}

/*
 * Whatever else fails, and whether or not PostgreSQL tells what was altered: a rule that
 * kept WHEN or UPDATE OF of a column that is gone would fail every write.  So here an
 * error does end the command, with all that it did.
 */
static void
restore_changed_columns(Node *statement)
{
	if (IsA(statement, AlterTableStmt) && ddl_command_changes_columns((const AlterTableStmt *) statement))
		ddl_with_snapshot(restore_columns, statement);
}

/* follow_command() → event_trigger */
Datum
uncache_follow_command(PG_FUNCTION_ARGS)
{
	const EventTriggerData *event = (const EventTriggerData *) fcinfo->context;

	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		elog(ERROR, "uncache_internal.follow_command: must be called as event trigger");
	ddl_guard_check_tables(event->parsetree);
	restore_changed_columns(event->parsetree);
	ddl_guarded(follow, event->parsetree);
	PG_RETURN_NULL();
}
