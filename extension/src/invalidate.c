/*-------------------------------------------------------------------------
 *
 * invalidate.c
 *	  SQL functions that invalidate by hand.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "array.h"
#include "collect.h"
#include "fmgr.h"
#include "guc.h"
#include "miscadmin.h"
#include "rule_any_row.h"
#include "template.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(uncache_invalidate);
PG_FUNCTION_INFO_V1(uncache_invalidate_pattern);
PG_FUNCTION_INFO_V1(uncache_invalidate_tag);
PG_FUNCTION_INFO_V1(uncache_invalidate_version);
PG_FUNCTION_INFO_V1(uncache_invalidate_rule);
PG_FUNCTION_INFO_V1(uncache_invalidate_all);

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

static void
add_any_row(const char *target, InvalidationAction action, const char *key, Size key_length,
			void *argument)
{
	if (action == INVALIDATION_RESYNC)
		collect_add_resync(argument);
	else if (collect_wants(target, strlen(target)))
		collect_add(argument, target, action, key, key_length);
}

/*
 * invalidate_rule(relation oid, rule name, action text, arguments text[]): all
 * that a rule of these arguments can produce
 */
Datum
uncache_invalidate_rule(PG_FUNCTION_ARGS)
{
	CollectSource source = {PG_GETARG_OID(0), NameStr(*PG_GETARG_NAME(1))};
	StringArray arguments = array_get_strings(PG_GETARG_ARRAYTYPE_P(3), "argument");
	RuleAction	action;

	check_may_write("uncache.invalidate_table()");
	if (rule_action_parse(text_to_cstring(PG_GETARG_TEXT_PP(2)), &action))
		rule_any_row(action, arguments.strings, arguments.count, add_any_row, &source);
	PG_RETURN_VOID();
}

/* invalidate_all() */
Datum
uncache_invalidate_all(PG_FUNCTION_ARGS)
{
	static const CollectSource by_hand = {InvalidOid, NULL};

	check_may_write("uncache.invalidate_all()");
	collect_add_resync(&by_hand);
	PG_RETURN_VOID();
}
