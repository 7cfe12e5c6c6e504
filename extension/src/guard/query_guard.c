/*-------------------------------------------------------------------------
 *
 * query_guard.c
 *	  Keeps a rule's query from calling functions that the writer's session misleads.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "access/xact.h"
#include "base/compat.h"
#include "catalog/namespace.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "fmgr.h"
#include "guard/compiled_guard.h"
#include "guard/guard_state.h"
#include "guard/query_guard.h"
#include "miscadmin.h"
#include "rule/rule_author.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/regproc.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

#define REASON_SNAPSHOT 1

#define SEARCH_PATH_SETTING "search_path="

static needs_fmgr_hook_type next_needs_hook = NULL;
static fmgr_hook_type next_hook = NULL;

/* --- the session --- */

static bool
has_temporary(void)
{
	Oid			schema_id;
	Oid			toast_schema_id;

	GetTempNamespaceState(&schema_id, &toast_schema_id);
	return OidIsValid(schema_id);
}

int
query_guard_reasons(void)
{
	return IsolationUsesXactSnapshot() ? REASON_SNAPSHOT : 0;
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

/* --- search paths --- */

/* PostgreSQL searches the temporary schema first wherever its place is not told. */
static bool
names_temporary_last(const char *search_path)
{
	char	   *copy = pstrdup(search_path);
	List	   *names;
	ListCell   *cell;
	int			first = 0;
	bool		result;

	if (!SplitIdentifierString(copy, ',', &names))
		names = NIL;
	foreach(cell, names)
	{
		if (strcmp(lfirst(cell), "pg_temp") == 0)
			break;
		first++;
	}
	result = names != NIL && first == list_length(names) - 1;
	list_free(names);
	pfree(copy);
	return result;
}

/* The search path that a function has of its own, palloc'd; NULL if it has none. */
static char *
own_search_path(HeapTuple function)
{
	bool		is_null;
	Datum		settings = SysCacheGetAttr(PROCOID, function, Anum_pg_proc_proconfig, &is_null);
	Datum	   *values;
	int			count;
	char	   *result = NULL;
	int			i;

	if (is_null)
		return NULL;
	deconstruct_array(DatumGetArrayTypeP(settings), TEXTOID, -1, false, TYPALIGN_INT, &values, NULL, &count);
	for (i = 0; i < count && result == NULL; i++)
	{
		char	   *setting = TextDatumGetCString(values[i]);

		if (pg_strncasecmp(setting, SEARCH_PATH_SETTING, strlen(SEARCH_PATH_SETTING)) == 0)
			result = setting + strlen(SEARCH_PATH_SETTING);
	}
	return result;
}

/* --- functions --- */

/* Those in C and internal ones are a superuser's. */
static bool
is_anybodys(HeapTuple function)
{
	Oid			language_id = ((Form_pg_proc) GETSTRUCT(function))->prolang;

	return language_id != INTERNALlanguageId && language_id != ClanguageId &&
		((Form_pg_proc) GETSTRUCT(function))->prokind != PROKIND_AGGREGATE;
}

/* Names in a body that is kept analyzed were looked up when the function was made. */
static bool
looks_up_names(HeapTuple function)
{
	return is_anybodys(function) && !compat_has_parsed_body(function);
}

static bool
is_volatile(HeapTuple function)
{
	return is_anybodys(function) && ((Form_pg_proc) GETSTRUCT(function))->provolatile == PROVOLATILE_VOLATILE;
}

/* The path of whoever calls it does not count: others may have called it before. */
static bool
is_unpinned(HeapTuple function)
{
	const char *search_path = own_search_path(function);

	return looks_up_names(function) && (search_path == NULL || !names_temporary_last(search_path));
}

bool
query_guard_is_unpinned(Oid function_id)
{
	HeapTuple	function;
	bool		result;

	if (function_id < FirstNormalObjectId)
		return false;
	function = SearchSysCache1(PROCOID, ObjectIdGetDatum(function_id));
	if (!HeapTupleIsValid(function))
		return false;
	result = is_unpinned(function);
	ReleaseSysCache(function);
	return result;
}

/* --- calls --- */

void
query_guard_refuse_unpinned(Oid function_id)
{
	guard_state_add_refusal();
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("function %s has no search path of its own that ends with pg_temp",
					format_procedure_qualified(function_id)),
			 errdetail("The writer's session could choose what it finds."),
			 errhint("Give the function a search path by ALTER FUNCTION ... SET search_path = ..., pg_temp.")));
}

static void
refuse_volatile(Oid function_id)
{
	guard_state_add_refusal();
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("volatile function %s would not see what was committed since the transaction began",
					format_procedure_qualified(function_id)),
			 errhint("Declare the function STABLE if it only reads.")));
}

/*
 * Asked when a function is looked up, and before its body is put in its place.  One with
 * settings of its own is told of its calls in any case.
 */
static bool
may_be_refused(Oid function_id)
{
	HeapTuple	function;
	bool		result;

	if (function_id < FirstNormalObjectId || (guard_state_context() & GUARD_STATE_QUERY) == 0)
		return false;
	function = SearchSysCache1(PROCOID, ObjectIdGetDatum(function_id));
	if (!HeapTupleIsValid(function))
		return false;
	result = is_unpinned(function) || (IsolationUsesXactSnapshot() && is_volatile(function));
	ReleaseSysCache(function);
	return result;
}

static void
check(Oid function_id)
{
	HeapTuple	function = SearchSysCache1(PROCOID, ObjectIdGetDatum(function_id));
	bool		is_misled;
	bool		is_late;

	if (!HeapTupleIsValid(function))
		return;
	is_misled = is_unpinned(function);
	is_late = IsolationUsesXactSnapshot() && is_volatile(function);
	ReleaseSysCache(function);
	if (is_misled)
		query_guard_refuse_unpinned(function_id);
	if (is_late)
		refuse_volatile(function_id);
}

static void
check_keys(Oid function_id)
{
	HeapTuple	function = SearchSysCache1(PROCOID, ObjectIdGetDatum(function_id));
	const char *search_path;
	bool		is_misled;

	if (!HeapTupleIsValid(function))
		return;
	search_path = own_search_path(function);
	is_misled = search_path != NULL && looks_up_names(function) && !names_temporary_last(search_path);
	ReleaseSysCache(function);
	if (is_misled)
		query_guard_refuse_unpinned(function_id);
}

/* Of a function that is called. */
static void
check_call(Oid function_id)
{
	int			security_context = guard_state_context();

	if ((security_context & GUARD_STATE_QUERY) != 0)
		check(function_id);
	else if ((security_context & GUARD_STATE_KEYS) != 0 && has_temporary())
		check_keys(function_id);
}

static bool
needs_hook(Oid function_id)
{
	return may_be_refused(function_id) || (next_needs_hook != NULL && next_needs_hook(function_id));
}

static void
hook(FmgrHookEventType event, FmgrInfo *function, Datum *argument)
{
	if (event == FHET_START && function->fn_oid >= FirstNormalObjectId)
		check_call(function->fn_oid);
	if (next_hook != NULL)
		next_hook(event, function, argument);
}

void
query_guard_init(void)
{
	next_needs_hook = needs_fmgr_hook;
	needs_fmgr_hook = needs_hook;
	next_hook = fmgr_hook;
	fmgr_hook = hook;
	compiled_guard_init();
}
