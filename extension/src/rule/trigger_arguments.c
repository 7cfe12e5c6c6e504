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
#include "catalog/namespace.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "own/catalog.h"
#include "rule/trigger_arguments.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(uncache_trigger_arguments);

bool
trigger_arguments_find_action(Oid function_id, RuleAction *action)
{
	char	   *name = get_func_name(function_id);

	return name != NULL &&
		get_func_namespace(function_id) == get_namespace_oid(CATALOG_SCHEMA, true) &&
		rule_action_parse(name, action);
}

StringArray
trigger_arguments_read(Relation triggers, HeapTuple tuple)
{
	StringArray result = {NULL, ((Form_pg_trigger) GETSTRUCT(tuple))->tgnargs};
	bool		is_null;
	Datum		packed = heap_getattr(tuple, Anum_pg_trigger_tgargs,
									  RelationGetDescr(triggers), &is_null);
	const char *p = VARDATA_ANY(DatumGetByteaPP(packed));
	int			i;

	result.strings = palloc(Max(result.count, 1) * sizeof(char *));
	for (i = 0; i < result.count; i++)
	{
		result.strings[i] = pstrdup(p);
		p += strlen(p) + 1;
	}
	return result;
}

ArrayType *
trigger_arguments_get(Relation triggers, HeapTuple tuple)
{
	StringArray arguments = trigger_arguments_read(triggers, tuple);
	Datum	   *elements = palloc(Max(arguments.count, 1) * sizeof(Datum));
	RuleAction	action;
	int			first = 0;
	int			i;

	if (trigger_arguments_find_action(((Form_pg_trigger) GETSTRUCT(tuple))->tgfoid, &action))
		first = rule_action_author_count(action, arguments.strings, arguments.count);
	for (i = first; i < arguments.count; i++)
		elements[i - first] = CStringGetTextDatum(arguments.strings[i]);
	return construct_array(elements, arguments.count - first, TEXTOID, -1, false, TYPALIGN_INT);
}

/* The strings, each ended by a zero byte. */
static bytea *
pack(const StringArray *arguments)
{
	StringInfoData out;
	bytea	   *packed;
	int			i;

	initStringInfo(&out);
	for (i = 0; i < arguments->count; i++)
		appendBinaryStringInfo(&out, arguments->strings[i], (int) strlen(arguments->strings[i]) + 1);
	packed = palloc(VARHDRSZ + out.len);
	SET_VARSIZE(packed, VARHDRSZ + out.len);
	memcpy(VARDATA(packed), out.data, out.len);
	return packed;
}

void
trigger_arguments_write(Relation triggers, HeapTuple tuple, const char *name,
						const StringArray *arguments)
{
	Datum		values[Natts_pg_trigger] = {0};
	bool		nulls[Natts_pg_trigger] = {false};
	bool		replaced[Natts_pg_trigger] = {false};
	NameData	name_data;

	if (arguments->count > PG_INT16_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_TOO_MANY_ARGUMENTS),
				 errmsg("a rule of uncache cannot have that many arguments")));
	namestrcpy(&name_data, name);
	values[Anum_pg_trigger_tgname - 1] = NameGetDatum(&name_data);
	values[Anum_pg_trigger_tgargs - 1] = PointerGetDatum(pack(arguments));
	values[Anum_pg_trigger_tgnargs - 1] = Int16GetDatum((int16) arguments->count);
	replaced[Anum_pg_trigger_tgname - 1] = true;
	replaced[Anum_pg_trigger_tgargs - 1] = true;
	replaced[Anum_pg_trigger_tgnargs - 1] = true;
	tuple = heap_modify_tuple(tuple, RelationGetDescr(triggers), values, nulls, replaced);
	CatalogTupleUpdate(triggers, &tuple->t_self, tuple);
	CacheInvalidateRelcacheByRelid(((Form_pg_trigger) GETSTRUCT(tuple))->tgrelid);
}

HeapTuple
trigger_arguments_find_trigger(Relation triggers, Oid trigger_id)
{
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_trigger_oid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(trigger_id));
	scan = systable_beginscan(triggers, TriggerOidIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		tuple = heap_copytuple(tuple);
	systable_endscan(scan);
	return tuple;
}

/* trigger_arguments(trigger oid) → text[]; null if there is no such trigger */
Datum
uncache_trigger_arguments(PG_FUNCTION_ARGS)
{
	Relation	triggers = table_open(TriggerRelationId, AccessShareLock);
	HeapTuple	tuple = trigger_arguments_find_trigger(triggers, PG_GETARG_OID(0));
	ArrayType  *result = NULL;

	if (HeapTupleIsValid(tuple))
		result = trigger_arguments_get(triggers, tuple);
	table_close(triggers, AccessShareLock);
	if (result == NULL)
		PG_RETURN_NULL();
	PG_RETURN_ARRAYTYPE_P(result);
}
