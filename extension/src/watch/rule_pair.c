/*-------------------------------------------------------------------------
 *
 * rule_pair.c
 *	  A rule for rows and, beside it, those for TRUNCATE.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "base/guc.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "guard/admission.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "own/owner.h"
#include "rule/table_family.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "watch/rule_edit.h"
#include "watch/rule_pair.h"
#include "write/invalidate.h"

/* What stands behind the name of a rule that its table keeps as a partition, */
#define OWN_SUFFIX "_own"
/* with a number, if need be, of so many digits. */
#define NUMBER_BYTES 4

PG_FUNCTION_INFO_V1(uncache_cover_partition);
PG_FUNCTION_INFO_V1(uncache_make_room);

/* Events of a rule for rows, as pg_trigger.tgtype has them. */
#define ROW_TYPE \
	(TRIGGER_TYPE_ROW | TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE | TRIGGER_TYPE_DELETE)

static bool
is_truncate_name(const char *name)
{
	Size		length = strlen(name);
	Size		suffix = strlen(RULE_PAIR_TRUNCATE);

	return length > suffix && strcmp(name + length - suffix, RULE_PAIR_TRUNCATE) == 0;
}

static char *
truncate_name(const char *name)
{
	return psprintf("%s" RULE_PAIR_TRUNCATE, name);
}

/* A partition that is a foreign table cannot be truncated by a trigger's grace. */
static bool
is_truncatable(Oid relation_id)
{
	char		kind = get_rel_relkind(relation_id);

	return kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE;
}

/* A table and all its partitions that can have a rule for TRUNCATE. */
static List *
truncate_relations(Oid relation_id)
{
	List	   *relations = NIL;
	ListCell   *cell;

	foreach(cell, table_family_partitions(relation_id))
	{
		if (is_truncatable(lfirst_oid(cell)))
			relations = lappend_oid(relations, lfirst_oid(cell));
	}
	return relations;
}

static RuleTrigger *
find_rule(Oid relation_id, const char *name)
{
	ListCell   *cell;

	foreach(cell, rule_scan_relation(relation_id))
	{
		RuleTrigger *rule = lfirst(cell);

		if (strcmp(rule->name, name) == 0)
			return rule;
	}
	return NULL;
}

static bool
is_as_asked(const RuleTrigger *rule, RuleAction action, const StringArray *arguments, bool is_for_rows)
{
	return rule->action == action && array_equals(&rule->arguments, arguments) &&
		rule->enabled == TRIGGER_FIRES_ALWAYS && rule->column_count == 0 && !rule->is_conditional &&
		rule->type == (is_for_rows ? ROW_TYPE : TRIGGER_TYPE_TRUNCATE);
}

static void
put(Oid relation_id, const char *name, RuleAction action, const StringArray *arguments, bool is_for_rows)
{
	const RuleTrigger *present = find_rule(relation_id, name);

	if (present != NULL && is_as_asked(present, action, arguments, is_for_rows))
		return;
	if (present != NULL)
	{
		/* what passed by it while it was switched off */
		if (guc_enabled && present->enabled != TRIGGER_FIRES_ALWAYS)
			invalidate_rule(present);
		rule_edit_drop(present);
	}
	rule_edit_create(relation_id, name, action, arguments, is_for_rows);
}

void
rule_pair_put(Oid relation_id, const char *name, RuleAction action, const StringArray *arguments)
{
	ListCell   *cell;

	put(relation_id, name, action, arguments, true);
	foreach(cell, truncate_relations(relation_id))
		put(lfirst_oid(cell), truncate_name(name), action, arguments, false);
}

void
rule_pair_drop(Oid relation_id, const char *name)
{
	List	   *relations = truncate_relations(relation_id);
	const RuleTrigger *rule = find_rule(relation_id, name);
	ListCell   *cell;

	if (rule != NULL)
		rule_edit_drop(rule);
	foreach(cell, relations)
	{
		/*
		 * a rule of that name that is left is one which a partition has of
		 * its own
		 */
		if (find_rule(lfirst_oid(cell), name) != NULL)
			continue;
		rule = find_rule(lfirst_oid(cell), truncate_name(name));
		if (rule != NULL)
			rule_edit_drop(rule);
	}
}

void
rule_pair_rewrite(Oid relation_id, const char *old_name, const char *new_name,
				  const StringArray *arguments)
{
	const char *old_truncate = truncate_name(old_name);
	const RuleTrigger *root = find_rule(relation_id, old_name);
	ListCell   *table;
	ListCell   *cell;

	if (root == NULL)
		return;
	foreach(table, table_family_heirs(relation_id))
	{
		foreach(cell, rule_scan_relation(lfirst_oid(table)))
		{
			const RuleTrigger *rule = lfirst(cell);

			/* an heir's own triggers may be called anything */
			if (rule->action != root->action ||
				(rule->is_for_rows && rule->relation_id != relation_id && !OidIsValid(rule->parent_id)))
				continue;
			if (strcmp(rule->name, old_name) == 0)
				rule_edit_rewrite(rule, new_name, arguments);
			else if (strcmp(rule->name, old_truncate) == 0)
				rule_edit_rewrite(rule, truncate_name(new_name), arguments);
		}
	}
}

/* --- partitions --- */

static bool
is_taken(Oid relation_id, const char *name)
{
	return OidIsValid(get_trigger_oid(relation_id, name, true)) ||
		OidIsValid(get_trigger_oid(relation_id, truncate_name(name), true));
}

/* Has the parent, the table or one below it a trigger by that name, or its pair for TRUNCATE? */
static bool
is_taken_in_tree(Oid parent_id, Oid relation_id, const char *name)
{
	ListCell   *cell;

	if (is_taken(parent_id, name))
		return true;
	foreach(cell, table_family_heirs(relation_id))
	{
		if (is_taken(lfirst_oid(cell), name))
			return true;
	}
	return false;
}

/* A name that is free in the tree; clones have it, too. */
static char *
free_name(Oid parent_id, Oid relation_id, const char *name)
{
	int			room = NAMEDATALEN - 1 - (int) (strlen(OWN_SUFFIX) + NUMBER_BYTES + strlen(RULE_PAIR_TRUNCATE));
	char	   *base = pnstrdup(name, pg_mbcliplen(name, (int) strlen(name), room));
	char	   *candidate = psprintf("%s" OWN_SUFFIX, base);
	int			number;

	for (number = 2; is_taken_in_tree(parent_id, relation_id, candidate); number++)
		candidate = psprintf("%s" OWN_SUFFIX "%d", base, number);
	return candidate;
}

/* The partition's own rule for rows by that name, or NULL. */
static RuleTrigger *
find_own(Oid partition_id, const char *name)
{
	RuleTrigger *rule = find_rule(partition_id, name);

	return rule != NULL && rule->is_for_rows && !OidIsValid(rule->parent_id) ? rule : NULL;
}

static void
keep_as_own(Oid parent_id, const RuleTrigger *rule)
{
	int			suffix = rule->is_for_rows ? 0 : strlen(RULE_PAIR_TRUNCATE);
	const char *name = pnstrdup(rule->name, strlen(rule->name) - suffix);
	const char *own = free_name(parent_id, rule->relation_id, name);

	rule_pair_rewrite(rule->relation_id, rule->name, rule->is_for_rows ? own : truncate_name(own), NULL);
}

/* By watch(), watch_schema() or whoever names his rules as they do. */
static bool
is_to_be_copied(const RuleTrigger *rule)
{
	return rule->type == TRIGGER_TYPE_TRUNCATE && is_truncate_name(rule->name) &&
		strncmp(rule->name, "uncache_", strlen("uncache_")) == 0;
}

/* Clones take the name for rows; for TRUNCATE a copy does, unless it is there from another time. */
static bool
is_in_the_way(Oid parent_id, const RuleTrigger *rule)
{
	const RuleTrigger *other;

	if (OidIsValid(rule->parent_id))
		return false;
	if (rule->is_for_rows)
		return OidIsValid(get_trigger_oid(parent_id, rule->name, true));
	other = is_to_be_copied(rule) ? find_rule(parent_id, rule->name) : NULL;
	return other != NULL && is_to_be_copied(other) &&
		!(other->action == rule->action && array_equals(&other->arguments, &rule->arguments));
}

/* Clones come to the partitions of a partition, too. */
static List *
find_in_the_way(Oid parent_id, Oid partition_id)
{
	List	   *rules = NIL;
	ListCell   *table;
	ListCell   *cell;

	foreach(table, table_family_heirs(partition_id))
	{
		foreach(cell, rule_scan_relation(lfirst_oid(table)))
		{
			if (is_in_the_way(parent_id, lfirst(cell)))
				rules = lappend(rules, lfirst(cell));
		}
	}
	return rules;
}

bool
rule_pair_is_in_the_way(Oid parent_id, Oid partition_id)
{
	return find_in_the_way(parent_id, partition_id) != NIL;
}

void
rule_pair_make_room(Oid parent_id, Oid partition_id)
{
	ListCell   *cell;

	foreach(cell, find_in_the_way(parent_id, partition_id))
		keep_as_own(parent_id, lfirst(cell));
}

/* It runs no query, but is listed with its author. */
static void
copy_truncate(Oid partition_id, const RuleTrigger *rule)
{
	Admission	admission;

	rule_edit_create(partition_id, rule->name, rule->action, &rule->arguments, false);
	if (!rule_action_has_queries(rule->action))
		return;
	admission = admission_find(rule);
	if (admission.author.name[0] != '\0')
		admission_put(find_rule(partition_id, rule->name), &rule->arguments, &admission.author, &admission.objects);
}

void
rule_pair_cover(Oid partition_id)
{
	OwnerActing before;
	ListCell   *table;
	ListCell   *cell;

	if (!get_rel_relispartition(partition_id) || !is_truncatable(partition_id))
		return;
	before = owner_enter();
	foreach(table, get_partition_ancestors(partition_id))
	{
		foreach(cell, rule_scan_relation(lfirst_oid(table)))
		{
			const RuleTrigger *rule = lfirst(cell);

			if (is_to_be_copied(rule) &&
				!OidIsValid(get_trigger_oid(partition_id, rule->name, true)))
				copy_truncate(partition_id, rule);
		}
	}
	owner_leave(before);
}

/* cover_partition(partition regclass): as rule_pair_cover() */
Datum
uncache_cover_partition(PG_FUNCTION_ARGS)
{
	rule_pair_cover(PG_GETARG_OID(0));
	PG_RETURN_VOID();
}

/* Of another's table PostgreSQL says that the name is taken. */
static const RuleTrigger *
find_to_rename(Oid partition_id, const char *name)
{
	const RuleTrigger *rule = find_own(partition_id, name);

	return rule != NULL && compat_owns_table(partition_id, GetUserId()) ? rule : NULL;
}

/*
 * make_room(relation regclass, name text): the partitions of a table that the caller is
 * about to give a rule of this name keep theirs by another
 */
Datum
uncache_make_room(PG_FUNCTION_ARGS)
{
	Oid			relation_id = PG_GETARG_OID(0);
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	ListCell   *cell;

	foreach(cell, table_family_partitions(relation_id))
	{
		Oid			partition_id = lfirst_oid(cell);
		const RuleTrigger *rule;

		if (partition_id == relation_id || find_to_rename(partition_id, name) == NULL)
			continue;
		LockRelationOid(partition_id, ShareRowExclusiveLock);
		/* meanwhile it may have been dropped, or given away */
		rule = find_to_rename(partition_id, name);
		if (rule == NULL)
			continue;
		(void) find_all_inheritors(partition_id, ShareRowExclusiveLock, NULL);
		keep_as_own(relation_id, rule);
	}
	PG_RETURN_VOID();
}
