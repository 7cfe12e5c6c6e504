/*-------------------------------------------------------------------------
 *
 * schema_rule.c
 *	  The automatic rule of a table in a watched schema.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "base/compat.h"
#include "base/guc.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "own/owner.h"
#include "rule/schema_tags.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "watch/rule_edit.h"
#include "watch/rule_pair.h"
#include "watch/schema_rule.h"
#include "write/invalidate.h"

#define NAME_PREFIX "uncache_schema_"
#define HASH_DIGITS 32
#define ROW_NAME_LENGTH (sizeof(NAME_PREFIX) - 1 + HASH_DIGITS)

PG_FUNCTION_INFO_V1(uncache_schema_rule_name);
PG_FUNCTION_INFO_V1(uncache_is_schema_rule);
PG_FUNCTION_INFO_V1(uncache_put_schema_rule);

/* --- names --- */

bool
schema_rule_is_name(const char *name)
{
	const char *hash = name + strlen(NAME_PREFIX);

	return strncmp(name, NAME_PREFIX, strlen(NAME_PREFIX)) == 0 &&
		strspn(hash, "0123456789abcdef") == HASH_DIGITS &&
		(hash[HASH_DIGITS] == '\0' || strcmp(hash + HASH_DIGITS, RULE_PAIR_TRUNCATE) == 0);
}

bool
schema_rule_is(const RuleTrigger *rule)
{
	return rule->action == RULE_ACTION_TAGS && schema_rule_is_name(rule->name);
}

/* palloc'd; NULL if there is no such table. */
static char *
make_name(Oid relation_id)
{
	char	   *table = get_rel_name(relation_id);
	char	   *schema = table == NULL ? NULL : get_namespace_name(get_rel_namespace(relation_id));
	Datum		hash;

	if (schema == NULL)
		return NULL;
	hash = DirectFunctionCall1(md5_text, CStringGetTextDatum(psprintf("%s\001%s", schema, table)));
	return psprintf(NAME_PREFIX "%s", TextDatumGetCString(hash));
}

/* --- what there is --- */

/* The automatic rules for rows that the table has itself, that of this name first. */
static List *
find_rules(Oid relation_id, const char *name)
{
	List	   *rules = NIL;
	ListCell   *cell;

	foreach(cell, rule_scan_relation(relation_id))
	{
		RuleTrigger *rule = lfirst(cell);

		if (OidIsValid(rule->parent_id) || !rule->is_for_rows || !schema_rule_is(rule))
			continue;
		if (strcmp(rule->name, name) == 0)
			rules = lcons(rule, rules);
		else
			rules = lappend(rules, rule);
	}
	return rules;
}

static bool
is_up_to_date(List *rules, const char *name, const StringArray *tags)
{
	const RuleTrigger *rule;

	if (rules == NIL)
		return tags == NULL;
	rule = linitial(rules);
	return tags != NULL && list_length(rules) == 1 &&
		strcmp(rule->name, name) == 0 && array_equals(&rule->arguments, tags);
}

/* Is there a rule of this name for rows on the table, or above it? */
static bool
has_row_rule(Oid relation_id, const char *name)
{
	ListCell   *cell;

	if (OidIsValid(get_trigger_oid(relation_id, name, true)))
		return true;
	if (!get_rel_relispartition(relation_id))
		return false;
	foreach(cell, get_partition_ancestors(relation_id))
	{
		if (OidIsValid(get_trigger_oid(lfirst_oid(cell), name, true)))
			return true;
	}
	return false;
}

/*
 * Drops rules for TRUNCATE of the table that a detached partition belonged to.
 * PostgreSQL has taken back the one for rows.
 */
static void
drop_remains(Oid relation_id)
{
	ListCell   *cell;

	foreach(cell, rule_scan_relation(relation_id))
	{
		const RuleTrigger *rule = lfirst(cell);

		if (schema_rule_is(rule) && rule->name[ROW_NAME_LENGTH] != '\0' &&
			!has_row_rule(relation_id, pnstrdup(rule->name, ROW_NAME_LENGTH)))
			rule_edit_drop(rule);
	}
}

/* --- what there is to be --- */

/* Columns and names alone are in what is made, so it may be made as the owner. */
static void
make(Oid relation_id, const char *name, const StringArray *tags)
{
	OwnerActing before = owner_enter();

	rule_pair_put(relation_id, name, RULE_ACTION_TAGS, tags);
	owner_leave(before);
}

/* Of several outdated rules the first becomes what the rule is to be. */
static void
replace_outdated(Oid relation_id, List *rules, const char *name, const StringArray *tags)
{
	ListCell   *cell;

	foreach(cell, rules)
	{
		const RuleTrigger *rule = lfirst(cell);

		if (guc_enabled && (tags == NULL || !array_equals(&rule->arguments, tags)))
			invalidate_rule(rule);
		if (tags != NULL && rule == linitial(rules))
			rule_pair_rewrite(relation_id, rule->name, name, tags);
		else
			rule_pair_drop(relation_id, rule->name);
	}
}

/*
 * Others that follow the table do so when this transaction has ended.  They do not wait for it,
 * since they follow commands: brief_lock.h has the reason.
 */
static void
lock_rules(Oid relation_id)
{
	LOCKTAG		tag;

	/* PostgreSQL locks tables as relations, never as objects of pg_class */
	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, RelationRelationId, relation_id, 0);
	if (LockAcquire(&tag, AccessExclusiveLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("another transaction changes the rules of relation %u", relation_id)));
	AcceptInvalidationMessages();
}

void
schema_rule_follow(Oid relation_id, bool may_make)
{
	char	   *name = make_name(relation_id);
	StringArray *tags = name == NULL ? NULL : schema_tags_get(relation_id);
	List	   *rules = name == NULL ? NIL : find_rules(relation_id, name);

	if (name == NULL)
		return;
	if (tags != NULL || rules != NIL)
	{
		lock_rules(relation_id);
		tags = schema_tags_get(relation_id);
		rules = find_rules(relation_id, name);
	}
	if (!is_up_to_date(rules, name, tags))
		replace_outdated(relation_id, rules, name, tags);
	else if (!may_make)
		return;
	if (may_make)
		drop_remains(relation_id);
	if (tags != NULL && (may_make || rules != NIL))
		make(relation_id, name, tags);
}

void
schema_rule_put(Oid relation_id)
{
	char	   *name = make_name(relation_id);
	StringArray *tags = name == NULL ? NULL : schema_tags_get(relation_id);
	ListCell   *cell;

	if (name == NULL)
		return;
	drop_remains(relation_id);
	foreach(cell, find_rules(relation_id, name))
	{
		const RuleTrigger *rule = lfirst(cell);

		if (tags == NULL || strcmp(rule->name, name) != 0)
			rule_pair_drop(relation_id, rule->name);
	}
	if (tags != NULL)
		rule_pair_put(relation_id, name, RULE_ACTION_TAGS, tags);
}

/* --- SQL --- */

/* schema_rule_name(relation oid) → name; null if there is no such table */
Datum
uncache_schema_rule_name(PG_FUNCTION_ARGS)
{
	char	   *name = make_name(PG_GETARG_OID(0));

	if (name == NULL)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(DirectFunctionCall1(namein, CStringGetDatum(name)));
}

/* is_schema_rule(rule name) → boolean */
Datum
uncache_is_schema_rule(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(schema_rule_is_name(NameStr(*PG_GETARG_NAME(0))));
}

/* Is the rule what it is to be, so that there is nothing to do, nor to refuse? */
static bool
has_nothing_to_do(Oid relation_id)
{
	char	   *name = make_name(relation_id);

	return name == NULL || (schema_tags_get(relation_id) == NULL && find_rules(relation_id, name) == NIL);
}

static void
check_may_drop(Oid relation_id)
{
	if (!compat_owns_table(relation_id, GetUserId()) &&
		!compat_owns_schema(get_rel_namespace(relation_id), GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, get_relkind_objtype(get_rel_relkind(relation_id)),
					   get_rel_name(relation_id));
}

/*
 * put_schema_rule(relation regclass): as schema_rule_put(), for the table's owner or the
 * schema's, who could drop it
 */
Datum
uncache_put_schema_rule(PG_FUNCTION_ARGS)
{
	Oid			relation_id = PG_GETARG_OID(0);

	OwnerActing before;

	if (has_nothing_to_do(relation_id))
		PG_RETURN_VOID();
	/* first: who may not do it must not even queue for a lock */
	check_may_drop(relation_id);
	LockRelationOid(relation_id, ShareRowExclusiveLock);
	/* meanwhile it may have been dropped, or given away */
	if (has_nothing_to_do(relation_id))
		PG_RETURN_VOID();
	check_may_drop(relation_id);
	/* of names of columns alone, see make() */
	before = owner_enter();
	schema_rule_put(relation_id);
	owner_leave(before);
	PG_RETURN_VOID();
}
