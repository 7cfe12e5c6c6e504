/*-------------------------------------------------------------------------
 *
 * ddl_due.c
 *	  What a command leaves for later because somebody is writing: uncache.due.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/guarded.h"
#include "base/guc.h"
#include "base/settings.h"
#include "catalog/pg_class.h"
#include "ddl/ddl_due.h"
#include "ddl/ddl_patience.h"
#include "ddl/ddl_replaced.h"
#include "ddl/ddl_report.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "own/own_sql.h"
#include "rule/rule_scan.h"
#include "rule/table_family.h"
#include "rule/view_rule.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"
#include "watch/schema_rule.h"
#include "write/invalidate.h"

PG_FUNCTION_INFO_V1(uncache_do_due);

/* With a role, the table's rules are to be made as this role makes them. */
static void
put(Oid relation_id, Oid role_id)
{
	const char *const row[] = {own_sql_oid(relation_id), own_sql_oid(role_id)};

	(void) own_sql_execute("INSERT INTO uncache.due (relation, role) VALUES ($1::oid, $2::oid)", lengthof(row), row);
}

/* --- one table's rules --- */

typedef struct Attempt
{
	Oid			relation_id;
	DdlDueFunction function;
} Attempt;

static void
attempt(void *argument)
{
	const Attempt *what = argument;

	what->function(what->relation_id);
}

void
ddl_due_follow(Oid relation_id, DdlDueFunction function)
{
	Attempt		what = {relation_id, function};
	ErrorData  *error = ddl_patience_call(attempt, &what);

	if (error == NULL)
		return;
	if (guarded_classify(error) == GUARDED_BROKEN)
		ddl_report_failure(error);
	else
	{
		put(relation_id, GetUserId());
		ddl_report_postponed(relation_id);
	}
	if (guc_enabled)
		invalidate_everything();
}

/* --- who has rendered old names --- */

static bool
is_locked_here(Oid relation_id)
{
	Relation	relation = RelationIdGetRelation(relation_id);
	bool		result = relation == NULL || CheckRelationLockedByMe(relation, ShareRowExclusiveLock, true);

	if (relation != NULL)
		RelationClose(relation);
	return result;
}

static bool
may_be_written_to(Oid relation_id)
{
	ListCell   *cell;

	foreach(cell, table_family_heirs(relation_id))
	{
		if (!is_locked_here(lfirst_oid(cell)))
			return true;
	}
	return false;
}

/* That have another name, or values that have. */
static const List *
find_renamed(const ObjectAddress *address, const DdlCommand *command, const List *tables)
{
	if (command->renamed == DDL_RENAMED_SCHEMA)
		return list_concat(table_family_in_schema(address->objectId), view_rule_views_in_schema(address->objectId));
	if (command->renamed == DDL_RENAMED_RELATION && address->classId == RelationRelationId)
		return list_make1_oid(address->objectId);
	return command->changes_rows || command->renamed == DDL_RENAMED_COLUMN ? tables : NIL;
}

void
ddl_due_invalidate(const ObjectAddress *address, const DdlCommand *command, const List *tables)
{
	ListCell   *cell;

	if (!guc_enabled)
		return;
	foreach(cell, find_renamed(address, command, tables))
	{
		Oid			relation_id = lfirst_oid(cell);

		if ((view_rule_is_view(relation_id) || rule_scan_relation(relation_id) != NIL) && may_be_written_to(relation_id))
			put(relation_id, InvalidOid);
	}
}

void
ddl_due_resync(void *unused)
{
	if (guc_enabled)
		put(InvalidOid, InvalidOid);
}

/* --- later --- */

typedef struct Due
{
	Oid			relation_id;
	Oid			role_id;
	bool		is_done;		/* the result */
} Due;

/* Nobody who writes later waits for this transaction longer than it takes. */
static bool
lock_without_waiting(Oid relation_id)
{
	ListCell   *cell;

	foreach(cell, table_family_partitions(relation_id))
	{
		if (!ConditionalLockRelationOid(lfirst_oid(cell), ShareRowExclusiveLock))
			return false;
	}
	return true;
}

static void
make_rules(const Due *due)
{
	Oid			user_id;
	int			security_context;

	if (SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(due->role_id)))
	{
		GetUserIdAndSecContext(&user_id, &security_context);
		SetUserIdAndSecContext(due->role_id, security_context | SECURITY_LOCAL_USERID_CHANGE);
		ddl_replaced_take(due->relation_id);
		SetUserIdAndSecContext(user_id, security_context);
	}
	schema_rule_follow(due->relation_id, true);
}

static void
do_due(void *argument)
{
	Due		   *due = argument;
	int			nest_level = settings_pin_no_wait();

	due->is_done = !OidIsValid(due->role_id) || lock_without_waiting(due->relation_id);
	if (!OidIsValid(due->relation_id))
		invalidate_everything();
	else if (due->is_done && get_rel_name(due->relation_id) != NULL)
	{
		if (OidIsValid(due->role_id))
			make_rules(due);
		invalidate_tables(list_make1_oid(due->relation_id));
	}
	settings_restore(nest_level);
}

/*
 * do_due(relation oid, role oid) → boolean: whether what is due of a table is done.  What
 * does not fail for want of a lock would fail again: check_rules() has the rule that is missing.
 */
Datum
uncache_do_due(PG_FUNCTION_ARGS)
{
	Due			due = {.relation_id = PG_GETARG_OID(0),.role_id = PG_GETARG_OID(1)};
	ErrorData  *error = guarded_call(do_due, &due);

	if (error == NULL)
		PG_RETURN_BOOL(due.is_done);
	if (guarded_classify(error) != GUARDED_BROKEN)
		PG_RETURN_BOOL(false);
	ddl_report_failure(error);
	invalidate_everything();
	PG_RETURN_BOOL(true);
}
