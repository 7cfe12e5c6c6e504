/*-------------------------------------------------------------------------
 *
 * ddl_replaced.c
 *	  Tables that take the name of a table with rules.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "base/guarded.h"
#include "base/guc.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "commands/trigger.h"
#include "compile/rule_compile.h"
#include "ddl/ddl_broken.h"
#include "ddl/ddl_replaced.h"
#include "ddl/ddl_report.h"
#include "fmgr.h"
#include "own/brief_lock.h"
#include "rule/rule_author.h"
#include "rule/table_family.h"
#include "rule/view_rule.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "watch/renamed_tables.h"
#include "watch/rule_edit.h"
#include "watch/rule_pair.h"
#include "watch/schema_rule.h"
#include "write/invalidate.h"

PG_FUNCTION_INFO_V1(uncache_take_name);

/* By watch() or by hand: neither of a partition's table nor of a watched schema. */
static bool
is_its_own(const RuleTrigger *rule)
{
	return !OidIsValid(rule->parent_id) && !schema_rule_is(rule);
}

/* Of a table or a materialized view. */
static List *
rules_of(Oid relation_id)
{
	return view_rule_is_view(relation_id) ? view_rule_list(relation_id) : rule_scan_relation(relation_id);
}

/* --- a table gives up its name --- */

static List *
own_rules_of(Oid relation_id)
{
	List	   *rules = NIL;
	ListCell   *cell;

	foreach(cell, rules_of(relation_id))
	{
		if (is_its_own(lfirst(cell)))
			rules = lappend(rules, lfirst(cell));
	}
	return rules;
}

void
ddl_replaced_remember(Oid relation_id, const char *old_schema, const char *old_name)
{
	if (own_rules_of(relation_id) != NIL)
		renamed_tables_put(relation_id, old_schema, old_name);
}

void
ddl_replaced_rename(Oid relation_id, const char *old_schema, const char *old_name)
{
	ListCell   *cell;

	ddl_replaced_remember(relation_id, old_schema, old_name);
	if (!guc_enabled)
		return;
	foreach(cell, own_rules_of(relation_id))
		invalidate_rule(lfirst(cell));
}

/* --- another one takes it --- */

static bool
is_there(const List *rules, const RuleTrigger *rule)
{
	ListCell   *cell;

	foreach(cell, rules)
	{
		const RuleTrigger *present = lfirst(cell);

		if (present->action == rule->action && present->is_for_rows == rule->is_for_rows &&
			array_equals(&present->arguments, &rule->arguments))
			return true;
	}
	return false;
}

/* What finding out whether a rule makes sense for a table works on. */
typedef struct Trial
{
	Relation	relation;
	const RuleTrigger *rule;
	bool		calls_function; /* the result */
} Trial;

static bool
has_function(const List *objects)
{
	const ListCell *cell;

	foreach(cell, objects)
	{
		if (((const ObjectAddress *) lfirst(cell))->classId == ProcedureRelationId)
			return true;
	}
	return false;
}

static void
analyze(void *argument)
{
	Trial	   *trial = argument;

	trial->calls_function = has_function(rule_analyze(trial->relation, trial->rule->action, trial->rule->arguments.strings,
													  trial->rule->arguments.count, RULE_SCRUTINY_OWN_TABLE).objects);
}

static bool
fits(Oid relation_id, const RuleTrigger *rule)
{
	Trial		trial = {.rule = rule};
	bool		result;

	brief_lock_at_once(relation_id, AccessShareLock);
	trial.relation = table_open(relation_id, NoLock);
	result = guarded_call(analyze, &trial) == NULL && !trial.calls_function;
	table_close(trial.relation, NoLock);
	return result;
}

/*
 * A query has its author's rights, and a function runs as whoever writes: whoever made the
 * rule may have had TRIGGER on that table, not on this one.  They are given to a table by
 * who may do that, by watch().
 */
static bool
can_copy(Oid relation_id, const RuleTrigger *rule)
{
	if (rule_author_owner(relation_id) != rule_author_owner(rule->relation_id) ||
		view_rule_is_view(relation_id) != view_rule_is_view(rule->relation_id))
		return false;
	return view_rule_is_view(relation_id) ||
		(!rule_action_has_queries(rule->action) && !OidIsValid(get_trigger_oid(relation_id, rule->name, true)) &&
		 fits(relation_id, rule));
}

/* Whoever is told of that for rows need not be told of that for TRUNCATE. */
static bool
is_to_be_told(const RuleTrigger *rule)
{
	return rule->is_for_rows || !OidIsValid(rule->trigger_id);
}

static void
copy(Oid relation_id, const RuleTrigger *rule)
{
	if (view_rule_is_view(relation_id))
		view_rule_put(relation_id, rule->action, &rule->arguments);
	else
	{
		rule_edit_create(relation_id, rule->name, rule->action, &rule->arguments, rule->is_for_rows);
		ddl_broken_remember(get_trigger_oid(relation_id, rule->name, false));
	}
	if (guc_enabled)
		invalidate_rule(rule);
}

/* When all of it has come off. */
static void
report(Oid relation_id, const List *copied, const List *left)
{
	ListCell   *cell;

	foreach(cell, copied)
	{
		if (is_to_be_told(lfirst(cell)))
			ddl_report_copied(lfirst(cell), relation_id);
	}
	foreach(cell, left)
	{
		if (is_to_be_told(lfirst(cell)))
			ddl_report_left(lfirst(cell), relation_id);
	}
}

/* Its partitions get their rules for TRUNCATE. */
static void
cover_partitions(Oid relation_id)
{
	ListCell   *cell;

	foreach(cell, table_family_partitions(relation_id))
		rule_pair_cover(lfirst_oid(cell));
}

static bool
can_have_rules(Oid relation_id)
{
	char		kind = get_rel_relkind(relation_id);

	return (kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE || kind == RELKIND_MATVIEW) &&
		get_rel_persistence(relation_id) != RELPERSISTENCE_TEMP;
}

void
ddl_replaced_take(Oid relation_id)
{
	Oid			former_id = can_have_rules(relation_id) ? renamed_tables_find_former(relation_id) : InvalidOid;
	List	   *copied = NIL;
	List	   *left = NIL;
	List	   *present;
	ListCell   *cell;

	if (!OidIsValid(former_id))
		return;
	present = rules_of(relation_id);
	foreach(cell, rules_of(former_id))
	{
		RuleTrigger *rule = lfirst(cell);

		if (!is_its_own(rule) || is_there(present, rule))
			continue;
		if (can_copy(relation_id, rule))
		{
			copy(relation_id, rule);
			copied = lappend(copied, rule);
		}
		else
			left = lappend(left, rule);
	}
	cover_partitions(relation_id);
	if (left == NIL)
		renamed_tables_settle(relation_id);
	report(relation_id, copied, left);
}

/* take_name(relation oid): as ddl_replaced_take() */
Datum
uncache_take_name(PG_FUNCTION_ARGS)
{
	ddl_replaced_take(PG_GETARG_OID(0));
	PG_RETURN_VOID();
}
