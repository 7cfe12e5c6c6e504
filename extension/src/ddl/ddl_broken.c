/*-------------------------------------------------------------------------
 *
 * ddl_broken.c
 *	  Warns of the rules that a command has broken.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/table.h"
#include "base/guarded.h"
#include "catalog/namespace.h"
#include "catalog/pg_trigger.h"
#include "compile/rule_compile.h"
#include "ddl/ddl_broken.h"
#include "ddl/ddl_patience.h"
#include "ddl/ddl_report.h"
#include "nodes/value.h"
#include "rule/rule_scan.h"
#include "rule/table_family.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "watch/renamed_columns.h"
#include "watch/rule_dependency.h"
#include "watch/schema_rule.h"

static bool
changes_updated_rows(const CreateTrigStmt *statement)
{
	return statement->row && (statement->timing & TRIGGER_TYPE_BEFORE) != 0 &&
		(statement->events & TRIGGER_TYPE_UPDATE) != 0;
}

bool
ddl_broken_may_be_by(const CreateTrigStmt *statement)
{
	RuleAction	action;

	return changes_updated_rows(statement) || rule_action_parse(strVal(llast(statement->funcname)), &action);
}

/* --- what a rule reads --- */

typedef struct AnalyzeCall
{
	Relation	relation;
	const RuleTrigger *rule;
	RuleScrutiny scrutiny;
	RuleAnalysis analysis;		/* the result */
} AnalyzeCall;

static void
analyze(void *argument)
{
	AnalyzeCall *call = argument;

	call->analysis = rule_analyze(call->relation, call->rule->action,
								  call->rule->arguments.strings, call->rule->arguments.count,
								  call->scrutiny);
}

/* A rule that is wrong reads nothing: whoever makes it by watch() has been told. */
void
ddl_broken_remember(Oid trigger_id)
{
	const RuleTrigger *rule = rule_scan_trigger(trigger_id);
	AnalyzeCall call = {.rule = rule,.scrutiny = RULE_SCRUTINY_ALL};

	if (rule == NULL || OidIsValid(rule->parent_id))
		return;
	renamed_columns_forget(rule->relation_id, rule->name);
	if (!rule_action_has_sql(rule->action))
		return;
	call.relation = table_open(rule->relation_id, AccessShareLock);
	if (ddl_patience_call(analyze, &call) != NULL)
		call.analysis.objects = NIL;
	table_close(call.relation, NoLock);
	rule_dependency_put(trigger_id, call.analysis.objects);
}

/* --- the tables of the command --- */

/* Clones are as broken as what they are clones of; automatic rules follow by themselves. */
static bool
is_to_be_looked_at(const RuleTrigger *rule)
{
	return !OidIsValid(rule->parent_id) && rule->is_for_rows && !schema_rule_is(rule);
}

static void
look_at_rule(Relation relation, const RuleTrigger *rule)
{
	AnalyzeCall call = {.relation = relation,.rule = rule,.scrutiny = RULE_SCRUTINY_OWN_TABLE};
	ErrorData  *error = guarded_call(analyze, &call);

	if (error != NULL)
		ddl_report_broken(rule, error->message);
}

static void
look_at_table(Oid relation_id)
{
	Relation	relation = NULL;
	ListCell   *cell;

	foreach(cell, rule_scan_relation(relation_id))
	{
		if (!is_to_be_looked_at(lfirst(cell)))
			continue;
		if (relation == NULL)
		{
			if (!ConditionalLockRelationOid(relation_id, AccessShareLock))
				return;
			relation = try_relation_open(relation_id, NoLock);
			if (relation == NULL)
				return;
		}
		look_at_rule(relation, lfirst(cell));
	}
	if (relation != NULL)
		relation_close(relation, AccessShareLock);
}

void
ddl_broken_look_at(const List *relation_ids)
{
	ListCell   *cell;

	foreach(cell, relation_ids)
		look_at_table(lfirst_oid(cell));
}

/* --- triggers that change a row before a rule sees it --- */

static void
warn_of_columns(Oid relation_id, const char *trigger_name)
{
	ListCell   *cell;

	foreach(cell, rule_scan_relation(relation_id))
	{
		const RuleTrigger *rule = lfirst(cell);

		if (rule->column_count > 0 && !OidIsValid(rule->parent_id))
			ddl_report_unnoticed(rule, trigger_name);
	}
}

void
ddl_broken_warn_of_trigger(const CreateTrigStmt *statement)
{
	Oid			relation_id = RangeVarGetRelid(statement->relation, NoLock, true);
	ListCell   *cell;

	if (!OidIsValid(relation_id) || !changes_updated_rows(statement))
		return;
	warn_of_columns(relation_id, statement->trigname);
	if (get_rel_relispartition(relation_id))
	{
		foreach(cell, table_family_ancestors(relation_id))
			warn_of_columns(lfirst_oid(cell), statement->trigname);
	}
}

/* --- other tables --- */

/* A rule for TRUNCATE reads nothing when it fires. */
static void
warn_readers(const List *dependencies, const char *what)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "uncache reader", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old_context = MemoryContextSwitchTo(context);
	ListCell   *cell;

	foreach(cell, dependencies)
	{
		const RuleDependency *dependency = lfirst(cell);
		const RuleTrigger *rule = rule_scan_trigger(dependency->trigger_id);

		if (rule != NULL && rule->is_for_rows)
			ddl_report_broken(rule, psprintf("it reads %s, which %s", dependency->name, what));
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(old_context);
	MemoryContextDelete(context);
}

void
ddl_broken_warn_of_drop(const ObjectAddress *object)
{
	warn_readers(rule_dependency_find(object), "is gone");
}

void
ddl_broken_warn_of_rename(const ObjectAddress *object)
{
	warn_readers(rule_dependency_find_renamed(object), "has another name now");
}
