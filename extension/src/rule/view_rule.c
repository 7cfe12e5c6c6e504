/*-------------------------------------------------------------------------
 *
 * view_rule.c
 *	  The rules of materialized views: uncache.view_rules.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xlog.h"
#include "base/compat.h"
#include "base/guc.h"
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

PG_FUNCTION_INFO_V1(uncache_origin);
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

/* Outside of it an oid means nothing. */
static char *
origin(void)
{
	return psprintf(UINT64_FORMAT "/%u", GetSystemIdentifier(), MyDatabaseId);
}

/*
 * The rows of a view, by its oid and, if that leads to no view, by its name: as the view
 * uncache_internal.view_rules.  The parameters are those of ViewKey.
 */
#define OF_VIEW "(r.view = $1::oid AND r.origin = $2 OR r.schema = $3::name AND r.name = $4::name AND NOT" \
	" (r.origin = $2 AND EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = r.view AND c.relkind = 'm')))"
#define VIEW_KEY_COUNT 4

typedef struct ViewKey
{
	const char *parameters[VIEW_KEY_COUNT];
} ViewKey;

/* By a name that it has, or had. */
static ViewKey
make_key(Oid view_id, const char *schema_name, const char *name)
{
	ViewKey		key = {{own_sql_oid(view_id), origin(), schema_name, name}};

	return key;
}

static List *
read_rules(Oid view_id, const ViewKey *key)
{
	List	   *rules = NIL;
	RuleTrigger *rule = NULL;
	ListCell   *cell;

	foreach(cell, own_sql_query("SELECT r.action, t.template FROM uncache.view_rules r, unnest(r.templates) WITH ORDINALITY AS t(template, n)"
								" WHERE " OF_VIEW " ORDER BY r.action, t.n", VIEW_KEY_COUNT, key->parameters))
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

List *
view_rule_list_named(Oid view_id, const char *schema_name, const char *name)
{
	ViewKey		key = make_key(view_id, schema_name, name);

	return catalog_is_empty(catalog_view_rules_id()) ? NIL : read_rules(view_id, &key);
}

List *
view_rule_list(Oid view_id)
{
	const char *name = get_rel_name(view_id);

	return name == NULL ? NIL : view_rule_list_named(view_id, get_namespace_name(get_rel_namespace(view_id)), name);
}

void
view_rule_put(Oid view_id, RuleAction action, const StringArray *arguments)
{
	ViewKey		key = make_key(view_id, get_namespace_name(get_rel_namespace(view_id)), get_rel_name(view_id));
	const char *const row[] = {key.parameters[0], key.parameters[1], key.parameters[2], key.parameters[3],
	rule_action_name(action), own_sql_array(arguments)};

	(void) own_sql_execute("DELETE FROM uncache.view_rules r WHERE " OF_VIEW " AND r.action = $5",
						   VIEW_KEY_COUNT + 1, row);
	if (arguments->count > 0)
		(void) own_sql_execute("INSERT INTO uncache.view_rules (view, origin, schema, name, action, templates)"
							   " VALUES ($1::oid, $2, $3::name, $4::name, $5, $6::text[])", lengthof(row), row);
}

void
view_rule_rename(Oid view_id, const char *old_schema_name, const char *old_name)
{
	ViewKey		key = make_key(view_id, old_schema_name, old_name);
	const char *const row[] = {key.parameters[0], key.parameters[1], key.parameters[2], key.parameters[3],
	get_namespace_name(get_rel_namespace(view_id)), get_rel_name(view_id)};

	if (!catalog_is_empty(catalog_view_rules_id()))
		(void) own_sql_execute("UPDATE uncache.view_rules r SET view = $1::oid, origin = $2, schema = $5::name, name = $6::name"
							   " WHERE " OF_VIEW, lengthof(row), row);
}

void
view_rule_forget(Oid view_id, const char *schema_name, const char *name)
{
	ViewKey		key = make_key(view_id, schema_name, name);

	if (!catalog_is_empty(catalog_view_rules_id()))
		(void) own_sql_execute("DELETE FROM uncache.view_rules r WHERE " OF_VIEW, VIEW_KEY_COUNT, key.parameters);
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

/* origin() → text */
Datum
uncache_origin(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(origin()));
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
	Size		template_length = strlen(template);
	char	   *key = palloc(TEMPLATE_REACH_ROOM(template_length));
	Size		length;

	if (template_length > guc_max_key_bytes)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("template of %zu bytes is longer than uncache.max_key_bytes (%d)",
						template_length, guc_max_key_bytes)));
	if (template_reach(template, template_length, false, key, &length))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("template \"%s\" of materialized view \"%s\" has a placeholder", template, get_rel_name(view_id)),
				 errhint("REFRESH does not report rows. Use tags, patterns and keys that are the same for all of them.")));
}

static void
check_is_own_view(Oid view_id)
{
	if (!view_rule_is_view(view_id))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("materialized view does not exist")));
	if (!compat_owns_table(view_id, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_MATVIEW, get_rel_name(view_id));
}

/*
 * Locks it against a REFRESH that does not see the rule, and that its reader does not see.
 * Whoever may not do it must not even queue for the lock; while it was waited for the view
 * may have been dropped, or given away.
 */
static void
lock_own_view(Oid view_id)
{
	check_is_own_view(view_id);
	LockRelationOid(view_id, ShareRowExclusiveLock);
	check_is_own_view(view_id);
}

/* put_view_rule(view regclass, action text, templates text[]): for the view's owner */
Datum
uncache_put_view_rule(PG_FUNCTION_ARGS)
{
	Oid			view_id = PG_GETARG_OID(0);
	const char *name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	StringArray templates = array_get_strings(PG_GETARG_ARRAYTYPE_P(2), "template");
	RuleAction	action;
	int			i;

	if (!rule_action_parse(name, &action))
		elog(ERROR, "put_view_rule: unknown action \"%s\"", name);
	lock_own_view(view_id);
	if (templates.count > 0)
		check_action(view_id, action);
	for (i = 0; i < templates.count; i++)
		check_template(view_id, templates.strings[i]);
	view_rule_put(view_id, action, &templates);
	PG_RETURN_VOID();
}
