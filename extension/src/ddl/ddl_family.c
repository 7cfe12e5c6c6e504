/*-------------------------------------------------------------------------
 *
 * ddl_family.c
 *	  Warns of heirs and partitions that rules do not suit.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_trigger.h"
#include "ddl/ddl_family.h"
#include "ddl/ddl_foreign.h"
#include "ddl/ddl_report.h"
#include "rule/rule_scan.h"
#include "rule/table_family.h"
#include "watch/schema_rule.h"

/* --- heirs --- */

/* An automatic rule has given its tags to the heirs by now. */
static void
warn_of_heir(Oid parent_id, Oid heir_id)
{
	ListCell   *cell;

	foreach(cell, rule_scan_relation(parent_id))
	{
		const RuleTrigger *rule = lfirst(cell);

		if (rule->is_for_rows && !schema_rule_is(rule))
			ddl_report_heir(rule, heir_id);
	}
}

/* Partitions have the rules of their tables. */
void
ddl_family_warn_of_heirs(const List *heirs)
{
	ListCell   *heir;
	ListCell   *parent;

	foreach(heir, heirs)
	{
		foreach(parent, table_family_ancestors(lfirst_oid(heir)))
			warn_of_heir(lfirst_oid(parent), lfirst_oid(heir));
	}
}

/* --- foreign tables --- */

/* PostgreSQL hands an UPDATE or DELETE down to the other server unless a trigger needs its rows. */
static bool
needs_rows(const RuleTrigger *rule)
{
	return rule->is_for_rows && (rule->type & (TRIGGER_TYPE_UPDATE | TRIGGER_TYPE_DELETE)) != 0;
}

/* Once, however many rules it has. */
static void
warn_of_foreign_table(Oid relation_id)
{
	ListCell   *cell;

	if (!ddl_foreign_is_postgres(relation_id))
		return;
	foreach(cell, rule_scan_relation(relation_id))
	{
		if (!needs_rows(lfirst(cell)))
			continue;
		ddl_report_foreign(lfirst(cell), relation_id);
		return;
	}
}

void
ddl_family_warn_of_partitions(const List *partitions)
{
	ListCell   *partition;
	ListCell   *cell;

	foreach(partition, partitions)
	{
		foreach(cell, table_family_heirs(lfirst_oid(partition)))
			warn_of_foreign_table(lfirst_oid(cell));
	}
}

void
ddl_family_warn_of_rule(Oid trigger_id)
{
	const RuleTrigger *rule = rule_scan_trigger(trigger_id);
	ListCell   *cell;

	if (rule == NULL || !needs_rows(rule))
		return;
	foreach(cell, table_family_partitions(rule->relation_id))
	{
		if (ddl_foreign_is_postgres(lfirst_oid(cell)))
			ddl_report_foreign(rule, lfirst_oid(cell));
	}
}
