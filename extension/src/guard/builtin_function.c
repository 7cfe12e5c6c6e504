/*-------------------------------------------------------------------------
 *
 * builtin_function.c
 *	  Which of PostgreSQL's own functions a rule's query does not call.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "base/compat.h"
#include "base/function_row.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "guard/builtin_function.h"

/* Volatile since they give another result each time. */
static const char *const harmless[] = {
	"clock_timestamp", "gen_random_uuid", "random", "random_normal", "timeofday", "uuidv4", "uuidv7"
};

/* Volatile or not: query_to_xml(), table_to_xmlschema() and so on; pg_input_is_valid(). */
#define XML_INFIX "_to_xml"
#define INPUT_PREFIX "pg_input_"
static const char *const runners[] = {"ts_rewrite", "ts_stat"};

static bool
is_among(const char *name, const char *const *names, int count)
{
	int			i;

	for (i = 0; i < count; i++)
	{
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

static bool
has_effects(HeapTuple function)
{
	Form_pg_proc form = (Form_pg_proc) GETSTRUCT(function);

	/*
	 * a validator, say, returns nothing, and analyzes a body with its
	 * literals
	 */
	return form->prorettype == VOIDOID ||
		(form->provolatile == PROVOLATILE_VOLATILE && !is_among(NameStr(form->proname), harmless, lengthof(harmless)));
}

static bool
runs_text(HeapTuple function)
{
	Form_pg_proc form = (Form_pg_proc) GETSTRUCT(function);
	const char *name = NameStr(form->proname);

	return strstr(name, XML_INFIX) != NULL || strncmp(name, INPUT_PREFIX, strlen(INPUT_PREFIX)) == 0 ||
		(form->provolatile == PROVOLATILE_VOLATILE && is_among(name, runners, lengthof(runners)));
}

static bool
is_internal_type(Oid type_id)
{
	return type_id == CSTRINGOID || type_id == CSTRINGARRAYOID || type_id == INTERNALOID;
}

/*
 * Input functions take the type of what they make as an oid that stands in no tree:
 * domain_in() runs any domain's CHECK, and so does array_in() of its arrays.
 */
static bool
is_internal(HeapTuple function)
{
	Form_pg_proc form = (Form_pg_proc) GETSTRUCT(function);
	int			i;

	for (i = 0; i < form->proargtypes.dim1; i++)
	{
		if (is_internal_type(form->proargtypes.values[i]))
			return true;
	}
	return is_internal_type(form->prorettype);
}

static bool
looks_up_names(HeapTuple function)
{
	return ((Form_pg_proc) GETSTRUCT(function))->prolang == SQLlanguageId && !compat_has_parsed_body(function);
}

/* Of one of PostgreSQL's own functions. */
static bool
ask(Oid function_id, FunctionQuestion question)
{
	return function_id < FirstNormalObjectId && function_row_ask(function_id, question);
}

bool
builtin_function_has_effects(Oid function_id)
{
	return ask(function_id, has_effects);
}

bool
builtin_function_runs_text(Oid function_id)
{
	return ask(function_id, runs_text);
}

bool
builtin_function_is_internal(Oid function_id)
{
	return ask(function_id, is_internal);
}

bool
builtin_function_looks_up_names(Oid function_id)
{
	return ask(function_id, looks_up_names);
}
