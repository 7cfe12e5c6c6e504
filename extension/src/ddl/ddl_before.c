/*-------------------------------------------------------------------------
 *
 * ddl_before.c
 *	  Event trigger ddl_command_start: clears the way for commands that
 *	  PostgreSQL would refuse because of a rule, and sees those that commit early.
 *
 * Only for whoever may issue the command, and under the locks that it takes
 * anyway; whom PostgreSQL is going to refuse finds all as it was, since a
 * command that fails is rolled back with what was done here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "base/guc.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_event_trigger.h"
#include "catalog/pg_inherits.h"
#include "commands/event_trigger.h"
#include "commands/trigger.h"
#include "ddl/ddl_command.h"
#include "ddl/ddl_guard.h"
#include "ddl/ddl_guarded.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "rule/table_family.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "watch/rule_columns.h"
#include "watch/rule_pair.h"
#include "write/invalidate.h"

PG_FUNCTION_INFO_V1(uncache_clear_way);

/* --- columns that a rule's UPDATE OF or WHEN names --- */

/* Does a rule of a table depend on a column that the statement drops or retypes? */
static bool
is_concerned(const RuleTrigger *rule, Oid relation_id, const AlterTableStmt *statement)
{
	ListCell   *cell;

	if (rule->column_count == 0 && !rule->is_conditional)
		return false;
	foreach(cell, statement->cmds)
	{
		const AlterTableCmd *command = lfirst_node(AlterTableCmd, cell);
		AttrNumber	column;

		if (!ddl_command_changes_column(command) || command->name == NULL ||
			get_attnum(relation_id, command->name) <= 0)
			continue;
		column = get_attnum(rule->relation_id, command->name);
		if (column > 0 && rule_columns_name(rule, column))
			return true;
	}
	return false;
}

/* The rules of a table, and of those that share its columns, that hold one. */
static List *
find_concerned(Oid relation_id, const AlterTableStmt *statement)
{
	List	   *rules = NIL;
	ListCell   *table;
	ListCell   *cell;

	foreach(table, table_family_sharers(relation_id))
	{
		foreach(cell, rule_scan_relation(lfirst_oid(table)))
		{
			if (is_concerned(lfirst(cell), relation_id, statement))
				rules = lappend(rules, lfirst(cell));
		}
	}
	return rules;
}

/* Will follow_command() fit to the columns what is released here? */
static bool
will_be_restored(void)
{
	HeapTuple	tuple = SearchSysCache1(EVENTTRIGGERNAME, CStringGetDatum("uncache_follow_command"));
	char		enabled = TRIGGER_DISABLED;

	if (HeapTupleIsValid(tuple))
	{
		enabled = ((Form_pg_event_trigger) GETSTRUCT(tuple))->evtenabled;
		ReleaseSysCache(tuple);
	}
	return enabled == TRIGGER_FIRES_ALWAYS ||
		enabled == (SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA ?
					TRIGGER_FIRES_ON_REPLICA : TRIGGER_FIRES_ON_ORIGIN);
}

/*
 * The command takes the same lock on the table and all below it.  Where the other event
 * trigger is switched off, PostgreSQL refuses the command: better than writes that fail.
 */
static void
release_columns(Oid relation_id, const AlterTableStmt *statement)
{
	ListCell   *cell;

	if (!ddl_command_changes_columns(statement) || find_concerned(relation_id, statement) == NIL ||
		!will_be_restored())
		return;
	LockRelationOid(relation_id, AccessExclusiveLock);
	if (statement->relation->inh)
		(void) find_all_inheritors(relation_id, AccessExclusiveLock, NULL);
	foreach(cell, find_concerned(relation_id, statement))
		rule_columns_release(lfirst(cell));
}

/* --- a partition that has rules of the same names as its future parent --- */

static void
make_room(Oid parent_id, const RangeVar *partition)
{
	Oid			partition_id = RangeVarGetRelid(partition, NoLock, true);

	if (!OidIsValid(partition_id) || !compat_owns_table(partition_id, GetUserId()) ||
		!rule_pair_is_in_the_way(parent_id, partition_id))
		return;
	/* in the order of the command, which takes these locks */
	LockRelationOid(parent_id, ShareUpdateExclusiveLock);
	LockRelationOid(partition_id, AccessExclusiveLock);
	(void) find_all_inheritors(partition_id, AccessExclusiveLock, NULL);
	rule_pair_make_room(parent_id, partition_id);
}

static void
make_room_for_partitions(Oid relation_id, const AlterTableStmt *statement)
{
	ListCell   *cell;

	foreach(cell, statement->cmds)
	{
		const AlterTableCmd *command = lfirst_node(AlterTableCmd, cell);

		if (command->subtype == AT_AttachPartition)
			make_room(relation_id, castNode(PartitionCmd, command->def)->name);
	}
}

/* --- a partition whose rows vanish before the command ends --- */

/*
 * DETACH CONCURRENTLY commits twice, and the first time takes the rows out of the table.  Event
 * triggers do not run in between, and never after it where it is broken off.
 */
static void
invalidate_detached(void *argument)
{
	const AlterTableStmt *statement = argument;
	Oid			relation_id = RangeVarGetRelid(statement->relation, NoLock, true);

	if (!OidIsValid(relation_id) || !compat_owns_table(relation_id, GetUserId()))
		return;
	invalidate_tables(lcons_oid(relation_id, table_family_ancestors(relation_id)));
}

static bool
detaches_concurrently(const AlterTableStmt *statement)
{
	ListCell   *cell;

	foreach(cell, statement->cmds)
	{
		if (compat_is_detach_concurrently(lfirst_node(AlterTableCmd, cell)))
			return true;
	}
	return false;
}

/* --- the event --- */

static void
clear_way_with_snapshot(void *argument)
{
	const AlterTableStmt *statement = argument;
	Oid			relation_id = RangeVarGetRelid(statement->relation, NoLock, true);

	if (!OidIsValid(relation_id) || !compat_owns_table(relation_id, GetUserId()))
		return;
	release_columns(relation_id, statement);
	make_room_for_partitions(relation_id, statement);
}

static void
clear_way(void *argument)
{
	ddl_with_snapshot(clear_way_with_snapshot, argument);
}

/*
 * A lock that is not had here the command would not have had either.  What else fails,
 * PostgreSQL says better when it looks at the command.
 */
static void
clear_way_guarded(Node *statement)
{
	ErrorData  *error = guarded_call(clear_way, statement);

	if (error != NULL && (error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE ||
						  error->sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED))
		ReThrowError(error);
}

/* clear_way() → event_trigger */
Datum
uncache_clear_way(PG_FUNCTION_ARGS)
{
	const EventTriggerData *event = (const EventTriggerData *) fcinfo->context;

	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		elog(ERROR, "uncache_internal.clear_way: must be called as event trigger");
	if (IsA(event->parsetree, AlterTableStmt))
	{
		if (ddl_command_may_matter((const AlterTableStmt *) event->parsetree))
			clear_way_guarded(event->parsetree);
		if (guc_follow_ddl && guc_enabled && detaches_concurrently((const AlterTableStmt *) event->parsetree))
			ddl_guarded(invalidate_detached, event->parsetree);
	}
	else if (IsA(event->parsetree, IndexStmt))
		ddl_guard_check_index((const IndexStmt *) event->parsetree);
	PG_RETURN_NULL();
}
