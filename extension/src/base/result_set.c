/*-------------------------------------------------------------------------
 *
 * result_set.c
 *	  Returns rows from a set-returning function.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/result_set.h"
#include "funcapi.h"
#include "miscadmin.h"

ResultSet
result_set_begin(FunctionCallInfo fcinfo)
{
	ReturnSetInfo *info = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext old_context;
	ResultSet	set;

	if (info == NULL || !IsA(info, ReturnSetInfo) ||
		(info->allowedModes & SFRM_Materialize) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("set-valued function called in context that cannot accept a set")));
	old_context = MemoryContextSwitchTo(info->econtext->ecxt_per_query_memory);
	if (get_call_result_type(fcinfo, NULL, &set.desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	set.store = tuplestore_begin_heap((info->allowedModes & SFRM_Materialize_Random) != 0,
									  false, work_mem);
	info->returnMode = SFRM_Materialize;
	info->setResult = set.store;
	info->setDesc = set.desc;
	MemoryContextSwitchTo(old_context);
	return set;
}

void
result_set_add(ResultSet *set, const Datum *values, const bool *nulls)
{
	/* tuplestore_putvalues does not write to them, but is not declared so */
	tuplestore_putvalues(set->store, set->desc,
						 unconstify(Datum *, values), unconstify(bool *, nulls));
}
