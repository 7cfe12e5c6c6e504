/*-------------------------------------------------------------------------
 *
 * rule_edit.c
 *	  Makes, rewrites and removes the triggers of rules, in the catalog.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "base/compat.h"
#include "base/settings.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "guard/admission.h"
#include "nodes/makefuncs.h"
#include "own/brief_lock.h"
#include "rule/table_family.h"
#include "rule/trigger_arguments.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "watch/rule_edit.h"

/*
 * What PostgreSQL locks for a trigger and its clones.  Whoever must not wait takes it before;
 * behind the table's own lock nobody makes partitions.
 */
static void
lock_at_once(Oid relation_id, LOCKMODE mode)
{
	ListCell   *cell;

	if (!settings_must_not_wait())
		return;
	brief_lock_at_once(relation_id, mode);
	foreach(cell, table_family_partitions(relation_id))
		brief_lock_at_once(lfirst_oid(cell), mode);
}

void
rule_edit_create(Oid relation_id, const char *name, RuleAction action,
				 const StringArray *arguments, bool is_for_rows)
{
	CreateTrigStmt *statement = makeNode(CreateTrigStmt);
	int			i;

	lock_at_once(relation_id, ShareRowExclusiveLock);
	statement->trigname = pstrdup(name);
	for (i = 0; i < arguments->count; i++)
		statement->args = lappend(statement->args, makeString(arguments->strings[i]));
	statement->row = is_for_rows;
	statement->timing = TRIGGER_TYPE_AFTER;
	statement->events = is_for_rows ?
		TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE | TRIGGER_TYPE_DELETE : TRIGGER_TYPE_TRUNCATE;
	(void) CreateTriggerFiringOn(statement, "", relation_id, InvalidOid, InvalidOid, InvalidOid,
								 rule_scan_function(action), InvalidOid, NULL, false, false,
								 TRIGGER_FIRES_ALWAYS);
	CommandCounterIncrement();
}

void
rule_edit_drop(const RuleTrigger *rule)
{
	ObjectAddress address;

	lock_at_once(rule->relation_id, AccessExclusiveLock);
	if (rule_action_has_queries(rule->action))
		admission_forget(rule);
	ObjectAddressSet(address, TriggerRelationId, rule->trigger_id);
	performDeletion(&address, DROP_RESTRICT, PERFORM_DELETION_INTERNAL | PERFORM_DELETION_QUIETLY);
	CommandCounterIncrement();
}

/* --- columns of pg_trigger --- */

/* New values of a trigger's row. */
typedef struct TriggerChange
{
	Datum		values[Natts_pg_trigger];
	bool		nulls[Natts_pg_trigger];
	bool		replaced[Natts_pg_trigger];
} TriggerChange;

static void
set_value(TriggerChange *change, AttrNumber column, Datum value)
{
	change->values[column - 1] = value;
	change->nulls[column - 1] = false;
	change->replaced[column - 1] = true;
}

static void
set_null(TriggerChange *change, AttrNumber column)
{
	change->nulls[column - 1] = true;
	change->replaced[column - 1] = true;
}

static void
apply_change(const RuleTrigger *rule, TriggerChange *change)
{
	Relation	triggers = table_open(TriggerRelationId, RowExclusiveLock);
	HeapTuple	tuple = trigger_arguments_find_trigger(triggers, rule->trigger_id);

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "could not find trigger %u", rule->trigger_id);
	tuple = heap_modify_tuple(tuple, RelationGetDescr(triggers),
							  change->values, change->nulls, change->replaced);
	CatalogTupleUpdate(triggers, &tuple->t_self, tuple);
	CacheInvalidateRelcacheByRelid(rule->relation_id);
	table_close(triggers, RowExclusiveLock);
	CommandCounterIncrement();
}

void
rule_edit_rewrite(const RuleTrigger *rule, const char *name, const StringArray *arguments)
{
	Relation	triggers = table_open(TriggerRelationId, RowExclusiveLock);
	HeapTuple	tuple = trigger_arguments_find_trigger(triggers, rule->trigger_id);

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "could not find trigger %u", rule->trigger_id);
	trigger_arguments_write(triggers, tuple, name != NULL ? name : rule->name,
							arguments != NULL ? arguments : &rule->arguments);
	table_close(triggers, RowExclusiveLock);
	CommandCounterIncrement();

}

void
rule_edit_restrict(const RuleTrigger *rule, const int16 *columns, int column_count,
				   const char *condition)
{
	TriggerChange change = {.values = {0}};

	set_value(&change, Anum_pg_trigger_tgattr,
			  PointerGetDatum(buildint2vector(columns, column_count)));
	if (condition == NULL)
		set_null(&change, Anum_pg_trigger_tgqual);
	else
		set_value(&change, Anum_pg_trigger_tgqual, CStringGetTextDatum(condition));
	apply_change(rule, &change);
}

void
rule_edit_enable(const RuleTrigger *rule, char enabled)
{
	TriggerChange change = {.values = {0}};

	set_value(&change, Anum_pg_trigger_tgenabled, CharGetDatum(enabled));
	apply_change(rule, &change);
}

char *
rule_edit_condition(const RuleTrigger *rule)
{
	Relation	triggers = table_open(TriggerRelationId, AccessShareLock);
	HeapTuple	tuple = trigger_arguments_find_trigger(triggers, rule->trigger_id);
	bool		is_null = true;
	Datum		condition = (Datum) 0;
	char	   *result;

	if (HeapTupleIsValid(tuple))
		condition = heap_getattr(tuple, Anum_pg_trigger_tgqual, RelationGetDescr(triggers), &is_null);
	result = is_null ? NULL : TextDatumGetCString(condition);
	table_close(triggers, AccessShareLock);
	return result;
}
