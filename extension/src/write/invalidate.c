/*-------------------------------------------------------------------------
 *
 * invalidate.c
 *	  SQL functions that invalidate by hand.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/array.h"
#include "base/guc.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "rule/schema_tags.h"
#include "rule/table_family.h"
#include "rule/template.h"
#include "rule/view_rule.h"
#include "utils/builtins.h"
#include "write/collect.h"
#include "write/invalidate.h"

PG_FUNCTION_INFO_V1(uncache_invalidate);
PG_FUNCTION_INFO_V1(uncache_invalidate_pattern);
PG_FUNCTION_INFO_V1(uncache_invalidate_tag);
PG_FUNCTION_INFO_V1(uncache_invalidate_version);
PG_FUNCTION_INFO_V1(uncache_invalidate_table);
PG_FUNCTION_INFO_V1(uncache_invalidate_all);

/*
 * A partition's rules are clones of its table's: what comes again is not rendered
 * again, unless many others came in between.
 */
#define DONE_COUNT 16

static void
check_may_write(const char *function)
{
	PreventCommandIfReadOnly(function);
	PreventCommandIfParallelMode(function);
}

/* Adds what a person wrote, "[target://]text". */
static void
add_literal(const char *literal, InvalidationAction action, const char *what)
{
	static const CollectSource by_hand = {InvalidOid, NULL};
	Size		length = strlen(literal);
	TemplateReader reader;
	char	   *target;

	template_reader_init(&reader, literal, length);
	if (reader.error != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s", reader.error)));
	length -= reader.next - literal;
	if (length > guc_max_key_bytes)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s of %zu bytes is longer than uncache.max_key_bytes (%d)",
						what, length, guc_max_key_bytes)));
	if (!collect_wants(reader.target, reader.target_length))
		return;
	target = pnstrdup(reader.target, reader.target_length);
	collect_add(&by_hand, target, action, reader.next, length);
	pfree(target);
}

static Datum
add_literals(FunctionCallInfo fcinfo, const char *function, InvalidationAction action,
			 const char *what)
{
	StringArray array = array_get_strings(PG_GETARG_ARRAYTYPE_P(0), what);
	int			i;

	check_may_write(function);
	for (i = 0; i < array.count; i++)
		add_literal(array.strings[i], action, what);
	PG_RETURN_VOID();
}

/* invalidate(VARIADIC keys text[]) */
Datum
uncache_invalidate(PG_FUNCTION_ARGS)
{
	return add_literals(fcinfo, "uncache.invalidate()", INVALIDATION_KEYS, "key");
}

/* invalidate_pattern(VARIADIC patterns text[]) */
Datum
uncache_invalidate_pattern(PG_FUNCTION_ARGS)
{
	return add_literals(fcinfo, "uncache.invalidate_pattern()", INVALIDATION_PATTERNS, "pattern");
}

/* invalidate_tag(VARIADIC tags text[]) */
Datum
uncache_invalidate_tag(PG_FUNCTION_ARGS)
{
	return add_literals(fcinfo, "uncache.invalidate_tag()", INVALIDATION_TAGS, "tag");
}

/* invalidate_version(VARIADIC keys text[]) */
Datum
uncache_invalidate_version(PG_FUNCTION_ARGS)
{
	return add_literals(fcinfo, "uncache.invalidate_version()", INVALIDATION_VERSIONS, "key");
}

void
invalidate_rule(const RuleTrigger *rule)
{
	CollectSource source = {rule->relation_id, rule->name};

	rule_action_reach(rule->action, rule->arguments.strings, rule->arguments.count, collect_add_reach, &source);
}

static void
add_tags(Oid relation_id, const StringArray *tags)
{
	CollectSource source = {relation_id, NULL};

	if (tags != NULL)
		rule_action_reach(RULE_ACTION_TAGS, tags->strings, tags->count, collect_add_reach, &source);
}

void
invalidate_view(Oid view_id)
{
	ListCell   *cell;

	foreach(cell, view_rule_list(view_id))
		invalidate_rule(lfirst(cell));
	add_tags(view_id, schema_tags_of_view(view_id));
}

void
invalidate_view_named(Oid view_id, const char *schema_name, const char *name)
{
	add_tags(view_id, schema_tags_of_view_named(schema_name, name));
}

void
invalidate_everything(void)
{
	static const CollectSource by_hand = {InvalidOid, NULL};

	collect_add_resync(&by_hand);
}

/* Of the last rules that were done, the one that produces the same, or NULL. */
static const RuleTrigger *
find_same(const RuleTrigger *const *done, const RuleTrigger *rule)
{
	int			i;

	for (i = 0; i < DONE_COUNT; i++)
	{
		if (done[i] != NULL && done[i]->action == rule->action &&
			array_equals(&done[i]->arguments, &rule->arguments))
			return done[i];
	}
	return NULL;
}

void
invalidate_tables(const List *relation_ids)
{
	const RuleTrigger *done[DONE_COUNT] = {NULL};
	int			next = 0;
	ListCell   *table;
	ListCell   *cell;

	foreach(table, relation_ids)
	{
		if (view_rule_is_view(lfirst_oid(table)))
			invalidate_view(lfirst_oid(table));
		foreach(cell, rule_scan_relation(lfirst_oid(table)))
		{
			const RuleTrigger *rule = lfirst(cell);

			if (find_same(done, rule) != NULL)
				continue;
			invalidate_rule(rule);
			done[next++ % DONE_COUNT] = rule;
		}
	}
}

/*
 * invalidate_table(relation regclass): all that the rules of a table, and of its
 * partitions, can produce
 */
Datum
uncache_invalidate_table(PG_FUNCTION_ARGS)
{
	check_may_write("uncache.invalidate_table()");
	invalidate_tables(table_family_partitions(PG_GETARG_OID(0)));
	PG_RETURN_VOID();
}

/* invalidate_all() */
Datum
uncache_invalidate_all(PG_FUNCTION_ARGS)
{
	check_may_write("uncache.invalidate_all()");
	invalidate_everything();
	PG_RETURN_VOID();
}
