/*-------------------------------------------------------------------------
 *
 * compiled_guard.c
 *	  Keeps functions in PL/pgSQL that make keys from types that the writer has chosen for them.
 *
 * As what is meant for debuggers of PL/pgSQL.  A debugger of the session sees nothing of what is
 * guarded, and cannot take our place: all that begins under the guard ends there.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "access/xact.h"
#include "base/compat.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "guard/compiled_guard.h"
#include "guard/guard_state.h"
#include "miscadmin.h"
#include "plpgsql.h"
#include "utils/builtins.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

/* The type of what a function has compiled; InvalidOid if it is none of its own. */
static Oid
type_of(const PLpgSQL_datum * datum)
{
	switch (datum->dtype)
	{
		case PLPGSQL_DTYPE_VAR:
		case PLPGSQL_DTYPE_PROMISE:
			return ((const PLpgSQL_var *) datum)->datatype->typoid;
		case PLPGSQL_DTYPE_REC:
			return ((const PLpgSQL_rec *) datum)->rectypeid;
		default:
			return InvalidOid;
	}
}

static Oid
owner_of_function(Oid function_id)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function_id));
	Oid			owner_id;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	owner_id = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
	ReleaseSysCache(tuple);
	return owner_id;
}

/* Could whoever compiled the function have chosen this? */
static bool
is_strange(Oid type_id, Oid function_id)
{
	HeapTuple	tuple;
	Form_pg_type form;
	bool		result;

	if (type_id < FirstNormalObjectId)
		return false;
	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type_id));
	if (!HeapTupleIsValid(tuple))
		return true;
	form = (Form_pg_type) GETSTRUCT(tuple);
	result = isAnyTempNamespace(form->typnamespace) ||
		(form->typowner != owner_of_function(function_id) && !superuser_arg(form->typowner) &&
		 form->typowner != guard_state_keys_owner());
	ReleaseSysCache(tuple);
	return result;
}

static bool
is_in_force(void)
{
	return (guard_state_context() & GUARD_STATE_KEYS) != 0;
}

static bool
is_argument(const PLpgSQL_function * function, int number)
{
	int			i;

	for (i = 0; i < function->fn_nargs; i++)
	{
		if (function->fn_argvarnos[i] == number)
			return true;
	}
	return false;
}

static void
refuse(Oid function_id, Oid type_id)
{
	guard_state_add_refusal();
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("function %s has a variable of type %s, which the writer could have chosen",
					format_procedure_qualified(function_id), format_type_be_qualified(type_id)),
			 errdetail("Such a type must not be temporary, and must belong to the function's owner or to a superuser."),
			 errhint("Name the type with its schema.")));
}

/* Of a DO nothing is kept; types of arguments are those of the function. */
static void
begin_function(PLpgSQL_execstate * state, PLpgSQL_function * function)
{
	int			i;

	if (!is_in_force() || !OidIsValid(function->fn_oid))
		return;
	for (i = 0; i < function->ndatums; i++)
	{
		Oid			type_id = type_of(function->datums[i]);

		if (OidIsValid(type_id) && !is_argument(function, i) && is_strange(type_id, function->fn_oid))
			refuse(function->fn_oid, type_id);
	}
}

static PLpgSQL_plugin plugin =
{
	.func_beg = begin_function
};
static PLpgSQL_plugin * *place = NULL;
static PLpgSQL_plugin * others = NULL;

void
compiled_guard_enter(void)
{
	if (*place != &plugin)
		others = *place;
	*place = &plugin;
}

void
compiled_guard_leave(void)
{
	if (*place == &plugin && !is_in_force())
		*place = others;
}

static void
end_transaction(XactEvent event, void *argument)
{
	compiled_guard_leave();
}

static void
end_subtransaction(SubXactEvent event, SubTransactionId id, SubTransactionId parent_id, void *argument)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		compiled_guard_leave();
}

void
compiled_guard_init(void)
{
	place = (PLpgSQL_plugin * *) find_rendezvous_variable("PLpgSQL_plugin");
	RegisterXactCallback(end_transaction, NULL);
	RegisterSubXactCallback(end_subtransaction, NULL);
}
