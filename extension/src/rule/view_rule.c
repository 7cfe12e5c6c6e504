/*-------------------------------------------------------------------------
 *
 * view_rule.c
 *	  The rules of materialized views: uncache.view_rules.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "catalog/pg_class.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "own/catalog.h"
#include "own/own_sql.h"
#include "rule/template.h"
#include "rule/view_rule.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

PG_FUNCTION_INFO_V1(uncache_put_view_rule);

bool
view_rule_is_view(Oid relation_id)
{
	return get_rel_relkind(relation_id) == RELKIND_MATVIEW;
}

/* --- the table --- */

/* From the action's name, and all of the arguments behind it. */
static RuleTrigger *
make_rule(Oid view_id, char *const *row)
{
	RuleTrigger *rule = palloc0(sizeof(RuleTrigger));

	if (!rule_action_parse(row[0], &rule->action))
		elog(ERROR, "table uncache.view_rules has no usable action \"%s\"", row[0]);
	rule->relation_id = view_id;
	rule->name = psprintf("uncache_%s", row[0]);
	rule->enabled = TRIGGER_FIRES_ALWAYS;
	return rule;
}

static void
add_argument(StringArray *arguments, char *argument)
{
	arguments->strings = arguments->strings == NULL ? palloc(sizeof(char *)) :
		repalloc(arguments->strings, (arguments->count + 1) * sizeof(char *));
	arguments->strings[arguments->count++] = argument;
}

List *
view_rule_list(Oid view_id)
{
	const char *const key[] = {own_sql_oid(view_id)};
	List	   *rules = NIL;
	RuleTrigger *rule = NULL;
	ListCell   *cell;

	if (catalog_is_empty(catalog_view_rules_id()))
		return NIL;
	foreach(cell, own_sql_query("SELECT r.action, t.template FROM uncache.view_rules r, unnest(r.templates) WITH ORDINALITY AS t(template, n)"
								" WHERE r.view = $1::oid ORDER BY r.action, t.n", lengthof(key), key))
	{
		char	  **row = lfirst(cell);

		if (rule == NULL || strcmp(rule_action_name(rule->action), row[0]) != 0)
		{
			rule = make_rule(view_id, row);
			rules = lappend(rules, rule);
		}
		add_argument(&rule->arguments, row[1]);
	}
	return rules;
}

static void
drop(Oid view_id, RuleAction action)
{
	const char *const key[] = {own_sql_oid(view_id), rule_action_name(action)};

	(void) own_sql_execute("DELETE FROM uncache.view_rules WHERE view = $1::oid AND action = $2", lengthof(key), key);
}

void
view_rule_put(Oid view_id, RuleAction action, const StringArray *arguments)
{
	const char *const row[] = {own_sql_oid(view_id), rule_action_name(action), own_sql_array(arguments)};

	drop(view_id, action);
	if (arguments->count > 0)
		(void) own_sql_execute("INSERT INTO uncache.view_rules (view, action, templates) VALUES ($1::oid, $2, $3::text[])",
							   lengthof(row), row);
}

void
view_rule_forget(Oid view_id)
{
	const char *const key[] = {own_sql_oid(view_id)};

	if (!catalog_is_empty(catalog_view_rules_id()))
		(void) own_sql_execute("DELETE FROM uncache.view_rules WHERE view = $1::oid", lengthof(key), key);
}

List *
view_rule_views_in_schema(Oid schema_id)
{
	const char *const key[] = {own_sql_oid(schema_id)};
	List	   *views = NIL;
	ListCell   *cell;

	foreach(cell, own_sql_query("SELECT c.oid::text FROM pg_catalog.pg_class c WHERE c.relnamespace = $1::oid AND c.relkind = 'm' ORDER BY c.oid",
								lengthof(key), key))
		views = lappend_oid(views, atooid(((char **) lfirst(cell))[0]));
	return views;
}

/* --- watch --- */

static void
check_action(Oid view_id, RuleAction action)
{
	if (rule_action_needs_rows(action))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a rule with action %s cannot be created for materialized view \"%s\"",
						rule_action_name(action), get_rel_name(view_id)),
				 errhint("REFRESH does not report rows. Use keys, patterns, tags or versions.")));
}

static void
check_template(Oid view_id, const char *template)
{
	char	   *key = palloc(2 * strlen(template) + 1);
	Size		length;

	if (template_reach(template, strlen(template), false, key, &length))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("template \"%s\" of materialized view \"%s\" has a placeholder", template, get_rel_name(view_id)),
				 errhint("REFRESH does not report rows. Use tags, patterns and keys that are the same for all of them.")));
}

/*
 * put_view_rule(view regclass, action text, templates text[]): for the view's owner.
 * Locked against a REFRESH that does not see the rule, and that its reader does not see.
 */
Datum
uncache_put_view_rule(PG_FUNCTION_ARGS)
{
	Oid			view_id = PG_GETARG_OID(0);
	const char *name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	StringArray templates = array_get_strings(PG_GETARG_ARRAYTYPE_P(2), "template");
	RuleAction	action;
	int			i;

	if (!view_rule_is_view(view_id) || !rule_action_parse(name, &action))
		elog(ERROR, "put_view_rule: no materialized view, or no action");
	if (!compat_owns_table(view_id, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_MATVIEW, get_rel_name(view_id));
	if (templates.count > 0)
		check_action(view_id, action);
	for (i = 0; i < templates.count; i++)
		check_template(view_id, templates.strings[i]);
	LockRelationOid(view_id, ShareRowExclusiveLock);
	view_rule_put(view_id, action, &templates);
	PG_RETURN_VOID();
}
