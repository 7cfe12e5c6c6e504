/*-------------------------------------------------------------------------
 *
 * query_guard.c
 *	  Keeps rules from calling functions that the writer's session misleads.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "base/compat.h"
#include "base/function_row.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "guard/builtin_function.h"
#include "guard/compiled_guard.h"
#include "guard/guard_state.h"
#include "guard/query_guard.h"
#include "miscadmin.h"
#include "rule/rule_author.h"
#include "utils/regproc.h"

static needs_fmgr_hook_type next_needs_hook = NULL;
static fmgr_hook_type next_hook = NULL;
static object_access_hook_type next_access_hook = NULL;

/* --- the session --- */

bool
query_guard_has_temporary(void)
{
	Oid			schema_id;
	Oid			toast_schema_id;

	GetTempNamespaceState(&schema_id, &toast_schema_id);
	return OidIsValid(schema_id);
}

QueryGuardKeys
query_guard_enter_keys(Oid relation_id)
{
	Oid			owner_id = rule_author_owner(relation_id);
	QueryGuardKeys before = {guard_state_context(), guard_state_set_keys_owner(owner_id)};

	SetUserIdAndSecContext(GetUserId(), before.security_context | GUARD_STATE_KEYS);
	compiled_guard_enter();
	return before;
}

void
query_guard_leave_keys(QueryGuardKeys before)
{
	SetUserIdAndSecContext(GetUserId(), before.security_context);
	(void) guard_state_set_keys_owner(before.owner_id);
	compiled_guard_leave();
}

/* --- functions --- */

/* Of an aggregate those are called that it consists of. */
static bool
is_anybodys(HeapTuple function)
{
	return !function_row_is_in_c(function) && ((Form_pg_proc) GETSTRUCT(function))->prokind != PROKIND_AGGREGATE;
}

/* Names in a body that is kept analyzed were looked up when the function was made. */
static bool
looks_up_names(HeapTuple function)
{
	return is_anybodys(function) && !compat_has_parsed_body(function);
}

/* Of a function that is not PostgreSQL's own. */
static bool
ask(Oid function_id, FunctionQuestion question)
{
	return function_id >= FirstNormalObjectId && function_row_ask(function_id, question);
}

/* What returns nothing is called for what it does: a language's validator compiles a function, say. */
static bool
is_refused(HeapTuple function)
{
	return is_anybodys(function) || ((Form_pg_proc) GETSTRUCT(function))->prorettype == VOIDOID;
}

static bool
is_refused_builtin(Oid function_id)
{
	return builtin_function_has_effects(function_id) || builtin_function_runs_text(function_id);
}

bool
query_guard_refuses(Oid function_id)
{
	return ask(function_id, is_refused) || is_refused_builtin(function_id);
}

bool
query_guard_refuses_call(Oid function_id)
{
	return query_guard_refuses(function_id) || builtin_function_is_internal(function_id);
}

/* What is wrong with it. */
static const char *
problem_of(Oid function_id)
{
	if (builtin_function_runs_text(function_id))
		return "it would call a function that runs what it is given as text";
	if (builtin_function_is_internal(function_id))
		return "it would call a function that is for PostgreSQL's own use";
	if (ask(function_id, is_anybodys))
		return "it would call a function in SQL or a procedural language";
	return "it would call a function that may change something";
}

void
query_guard_refuse(Oid function_id, const char *caller)
{
	const char *name = format_procedure_qualified(function_id);

	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("%s", problem_of(function_id)),
			 caller == NULL ? errdetail("It is %s.", name) : errdetail("It is %s, which %s calls.", name, caller),
			 errhint("%s", function_id < FirstNormalObjectId ? "Write the query without it." :
					 "Write out what the function does where it is called; that may be in a view.")));
}

/* --- calls --- */

static void
refuse_for_keys(Oid function_id)
{
	guard_state_add_refusal();
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("function %s is not called in a session that has temporary objects",
					format_procedure_qualified(function_id)),
			 errdetail("Whoever writes could choose by them what it finds."),
			 errhint("Write out what the function does, or give it a body that begins with BEGIN ATOMIC.")));
}

static bool
is_refused_for_keys(Oid function_id)
{
	return query_guard_has_temporary() && ask(function_id, looks_up_names);
}

/*
 * Asked when a function is looked up, and before its body is put in its place.  One with
 * settings of its own is told of its calls in any case.
 */
static bool
may_be_refused(Oid function_id)
{
	int			security_context = guard_state_context();

	if ((security_context & GUARD_STATE_QUERY) != 0)
		return ask(function_id, is_anybodys);
	return (security_context & GUARD_STATE_KEYS) != 0 && is_refused_for_keys(function_id);
}

/* Of a function that is called. */
static void
check_call(Oid function_id)
{
	int			security_context = guard_state_context();

	if ((security_context & GUARD_STATE_QUERY) != 0 && ask(function_id, is_anybodys))
		query_guard_refuse(function_id, NULL);
	if ((security_context & (GUARD_STATE_QUERY | GUARD_STATE_KEYS)) == GUARD_STATE_KEYS &&
		is_refused_for_keys(function_id))
		refuse_for_keys(function_id);
}

static bool
needs_hook(Oid function_id)
{
	return may_be_refused(function_id) || (next_needs_hook != NULL && next_needs_hook(function_id));
}

static void
hook(FmgrHookEventType event, FmgrInfo *function, Datum *argument)
{
	if (event == FHET_START)
		check_call(function->fn_oid);
	if (next_hook != NULL)
		next_hook(event, function, argument);
}

/*
 * PostgreSQL's own functions pass by the other hook.  This one is told of each that an
 * expression is about to call, whoever makes the expression: an input function its domain's
 * CHECK, say, whose type stands in no tree.
 */
static void
access_hook(ObjectAccessType access, Oid class_id, Oid object_id, int sub_id, void *argument)
{
	if (next_access_hook != NULL)
		next_access_hook(access, class_id, object_id, sub_id, argument);
	if (access == OAT_FUNCTION_EXECUTE && (guard_state_context() & GUARD_STATE_QUERY) != 0 &&
		is_refused_builtin(object_id))
		query_guard_refuse(object_id, NULL);
}

void
query_guard_init(void)
{
	next_needs_hook = needs_fmgr_hook;
	needs_fmgr_hook = needs_hook;
	next_hook = fmgr_hook;
	fmgr_hook = hook;
	next_access_hook = object_access_hook;
	object_access_hook = access_hook;
	compiled_guard_init();
}
