/*-------------------------------------------------------------------------
 *
 * ddl_switch.c
 *	  Rules that ALTER TABLE … DISABLE or ENABLE TRIGGER switches off and on.
 *
 * Tools that load data or upgrade a schema switch off all triggers of a table, and
 * know only one way to switch them on again.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/guc.h"
#include "commands/trigger.h"
#include "ddl/ddl_switch.h"
#include "watch/rule_edit.h"
#include "write/invalidate.h"

/* A rule that has just been made has let nothing pass by. */
static bool
may_have_missed(const RuleTrigger *rule, const RuleTrigger *previous)
{
	return !(previous->is_made_here && previous->enabled == TRIGGER_FIRES_ON_ORIGIN &&
			 rule->enabled == TRIGGER_FIRES_ALWAYS);
}

static void
follow_rule(const RuleTrigger *rule)
{
	const RuleTrigger *previous = rule_scan_previous(rule);

	if (previous == NULL || previous->enabled == rule->enabled)
		return;
	if (guc_enabled && may_have_missed(rule, previous))
		invalidate_rule(rule);
	if (rule->enabled == TRIGGER_FIRES_ON_ORIGIN)
		rule_edit_enable(rule, TRIGGER_FIRES_ALWAYS);
}

void
ddl_switch_follow(const List *relation_ids)
{
	ListCell   *table;
	ListCell   *cell;

	foreach(table, relation_ids)
	{
		foreach(cell, rule_scan_relation(lfirst_oid(table)))
			follow_rule(lfirst(cell));
	}
}
