/*-------------------------------------------------------------------------
 *
 * internal_call.c
 *	  What people call stands before the function of its name in uncache_internal,
 *	  and raises that one's errors without the lines of CONTEXT that tell of it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "fmgr.h"
#include "own/catalog.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

PG_FUNCTION_INFO_V1(uncache_call_internal);

/* The function of the same name and arguments. */
static Oid
find_internal(Oid function_id)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function_id));
	Form_pg_proc form;
	Oid			internal_id;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function_id);
	form = (Form_pg_proc) GETSTRUCT(tuple);
	internal_id = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(NameStr(form->proname)),
								  PointerGetDatum(&form->proargtypes),
								  ObjectIdGetDatum(get_namespace_oid(CATALOG_INTERNAL_SCHEMA, false)));
	if (!OidIsValid(internal_id))
		elog(ERROR, "function " CATALOG_INTERNAL_SCHEMA ".%s does not exist", NameStr(form->proname));
	ReleaseSysCache(tuple);
	return internal_id;
}

/*
 * The lines before the first that names something of ours: which placeholder is meant, say.
 * Those of whoever calls, which come last, are found again.
 */
static char *
cut_context(char *context)
{
	char	   *line = context;

	while (line != NULL && *line != '\0')
	{
		char	   *end = strchr(line, '\n');

		if (end != NULL)
			*end = '\0';
		if (strstr(line, CATALOG_SCHEMA ".") != NULL || strstr(line, CATALOG_INTERNAL_SCHEMA ".") != NULL)
			break;
		if (end == NULL)
			return NULL;
		*end = '\n';
		line = end + 1;
	}
	if (line == NULL || line == context)
		return NULL;
	line[-1] = '\0';
	return context;
}

static void
raise_again(void)
{
	ErrorData  *error = CopyErrorData();

	FlushErrorState();
	error->context = cut_context(error->context);
	ThrowErrorData(error);
}

/* Of any arguments; returns void. */
Datum
uncache_call_internal(PG_FUNCTION_ARGS)
{
	LOCAL_FCINFO(call, FUNC_MAX_ARGS);
	MemoryContext context = CurrentMemoryContext;
	FmgrInfo	function;

	fmgr_info(find_internal(fcinfo->flinfo->fn_oid), &function);
	InitFunctionCallInfoData(*call, &function, fcinfo->nargs, fcinfo->fncollation, NULL, NULL);
	memcpy(call->args, fcinfo->args, fcinfo->nargs * sizeof(NullableDatum));
	PG_TRY();
	{
		(void) FunctionCallInvoke(call);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		raise_again();
	}
	PG_END_TRY();
	PG_RETURN_VOID();
}
