/*-------------------------------------------------------------------------
 *
 * function_row.c
 *	  Asks a function's row of pg_proc something.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "base/function_row.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "utils/syscache.h"

bool
function_row_ask(Oid function_id, FunctionQuestion question)
{
	HeapTuple	function = SearchSysCache1(PROCOID, ObjectIdGetDatum(function_id));
	bool		answer;

	if (!HeapTupleIsValid(function))
		return false;
	answer = question(function);
	ReleaseSysCache(function);
	return answer;
}

bool
function_row_is_in_c(HeapTuple function)
{
	Oid			language_id = ((Form_pg_proc) GETSTRUCT(function))->prolang;

	return language_id == INTERNALlanguageId || language_id == ClanguageId;
}
