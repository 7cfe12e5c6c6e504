/*-------------------------------------------------------------------------
 *
 * trigger_arguments.c
 *	  The arguments of a trigger, from its catalog row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "trigger_arguments.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(uncache_trigger_arguments);

/* The zero-terminated strings of pg_trigger.tgargs. */
static ArrayType *
split_arguments(const bytea *arguments, int count)
{
	Datum	   *elements = palloc(Max(count, 1) * sizeof(Datum));
	const char *p = VARDATA_ANY(arguments);
	int			i;

	for (i = 0; i < count; i++)
	{
		elements[i] = CStringGetTextDatum(p);
		p += strlen(p) + 1;
	}
	return construct_array(elements, count, TEXTOID, -1, false, TYPALIGN_INT);
}

ArrayType *
trigger_arguments_get(Relation triggers, HeapTuple tuple)
{
	bool		is_null;
	Datum		arguments = heap_getattr(tuple, Anum_pg_trigger_tgargs,
										 RelationGetDescr(triggers), &is_null);

	return split_arguments(DatumGetByteaPP(arguments),
						   ((Form_pg_trigger) GETSTRUCT(tuple))->tgnargs);
}

/* trigger_arguments(trigger oid) → text[]; null if there is no such trigger */
Datum
uncache_trigger_arguments(PG_FUNCTION_ARGS)
{
	Relation	triggers = table_open(TriggerRelationId, AccessShareLock);
	ArrayType  *result = NULL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_trigger_oid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(PG_GETARG_OID(0)));
	scan = systable_beginscan(triggers, TriggerOidIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		result = trigger_arguments_get(triggers, tuple);
	systable_endscan(scan);
	table_close(triggers, AccessShareLock);
	if (result == NULL)
		PG_RETURN_NULL();
	PG_RETURN_ARRAYTYPE_P(result);
}
