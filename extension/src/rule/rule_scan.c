/*-------------------------------------------------------------------------
 *
 * rule_scan.c
 *	  The rules of a table, from pg_trigger.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "base/dead_row.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "own/catalog.h"
#include "rule/rule_scan.h"
#include "rule/trigger_arguments.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

Oid
rule_scan_function(RuleAction action)
{
	oidvector  *no_arguments = buildoidvector(NULL, 0);

	return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
						   CStringGetDatum(rule_action_name(action)),
						   PointerGetDatum(no_arguments),
						   ObjectIdGetDatum(get_namespace_oid(CATALOG_SCHEMA, true)));
}

static void
set_columns(RuleTrigger *rule, const int2vector * columns)
{
	int			i;

	rule->column_count = columns->dim1;
	rule->columns = palloc(Max(columns->dim1, 1) * sizeof(AttrNumber));
	for (i = 0; i < columns->dim1; i++)
		rule->columns[i] = columns->values[i];
}

static RuleTrigger *
read_rule(Relation triggers, HeapTuple tuple)
{
	Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);
	RuleTrigger *rule;
	RuleAction	action;

	if (!trigger_arguments_find_action(form->tgfoid, &action))
		return NULL;
	rule = palloc(sizeof(RuleTrigger));
	rule->trigger_id = form->oid;
	rule->relation_id = form->tgrelid;
	rule->parent_id = form->tgparentid;
	rule->name = pstrdup(NameStr(form->tgname));
	rule->action = action;
	rule->arguments = trigger_arguments_read(triggers, tuple);
	rule->type = form->tgtype;
	rule->enabled = form->tgenabled;
	rule->is_for_rows = TRIGGER_FOR_ROW(form->tgtype);
	rule->is_conditional = !heap_attisnull(tuple, Anum_pg_trigger_tgqual, NULL);
	set_columns(rule, &form->tgattr);
	rule->is_made_here = TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(tuple->t_data));
	rule->place = tuple->t_self;
	rule->next_place = tuple->t_data->t_ctid;
	return rule;
}

/* The rules with this value of an indexed column; of dead rows, those that died here. */
static List *
scan(AttrNumber column, Oid value, Oid index_id, bool of_dead)
{
	Relation	triggers = table_open(TriggerRelationId, AccessShareLock);
	List	   *rules = NIL;
	ScanKeyData key;
	SysScanDesc scan_desc;
	HeapTuple	tuple;

	ScanKeyInit(&key, column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(value));
	scan_desc = systable_beginscan(triggers, index_id, true, of_dead ? SnapshotAny : NULL, 1, &key);
	while ((tuple = systable_getnext(scan_desc)) != NULL)
	{
		RuleTrigger *rule = !of_dead || dead_row_died_here(tuple) ? read_rule(triggers, tuple) : NULL;

		if (rule != NULL)
			rules = lappend(rules, rule);
	}
	systable_endscan(scan_desc);
	table_close(triggers, AccessShareLock);
	return rules;
}

List *
rule_scan_relation(Oid relation_id)
{
	return scan(Anum_pg_trigger_tgrelid, relation_id, TriggerRelidNameIndexId, false);
}

void
rule_scan_each(Oid relation_id, RuleFunction function, void *argument)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "uncache rule of many", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old_context;
	List	   *rules = rule_scan_relation(relation_id);
	ListCell   *cell;

	old_context = MemoryContextSwitchTo(context);
	foreach(cell, rules)
	{
		function(lfirst(cell), argument);
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(old_context);
	MemoryContextDelete(context);
}

List *
rule_scan_dropped(Oid relation_id)
{
	return scan(Anum_pg_trigger_tgrelid, relation_id, TriggerRelidNameIndexId, true);
}

RuleTrigger *
rule_scan_trigger(Oid trigger_id)
{
	List	   *rules = scan(Anum_pg_trigger_oid, trigger_id, TriggerOidIndexId, false);

	return rules == NIL ? NULL : linitial(rules);
}

/* Of its versions the one that no other has followed. */
RuleTrigger *
rule_scan_dropped_trigger(Oid trigger_id)
{
	ListCell   *cell;

	foreach(cell, scan(Anum_pg_trigger_oid, trigger_id, TriggerOidIndexId, true))
	{
		RuleTrigger *rule = lfirst(cell);

		if (ItemPointerEquals(&rule->place, &rule->next_place))
			return rule;
	}
	return NULL;
}

RuleTrigger *
rule_scan_previous(const RuleTrigger *rule)
{
	ListCell   *cell;

	foreach(cell, scan(Anum_pg_trigger_oid, rule->trigger_id, TriggerOidIndexId, true))
	{
		RuleTrigger *previous = lfirst(cell);

		if (ItemPointerEquals(&previous->next_place, (ItemPointer) & rule->place))
			return previous;
	}
	return NULL;
}
