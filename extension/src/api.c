/*-------------------------------------------------------------------------
 *
 * api.c
 *	  SQL functions that people and uncache's own SQL call.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "consumer.h"
#include "funcapi.h"
#include "guc.h"
#include "miscadmin.h"
#include "pending.h"
#include "rule_compile.h"
#include "tcop/deparse_utility.h"
#include "template.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(uncache_invalidate);
PG_FUNCTION_INFO_V1(uncache_check_template);
PG_FUNCTION_INFO_V1(uncache_template_for_any_row);
PG_FUNCTION_INFO_V1(uncache_trigger_arguments);
PG_FUNCTION_INFO_V1(uncache_is_target);
PG_FUNCTION_INFO_V1(uncache_attaches_partition);
PG_FUNCTION_INFO_V1(uncache_retention_seconds);

/* Adds one key as a person writes it: "[target://]key", nothing in it special. */
static void
add_literal_key(const char *literal, Size length)
{
	TemplateReader reader;
	char	   *target;
	Size		prefix_length;

	template_reader_init(&reader, literal, length);
	if (reader.error != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s", reader.error)));
	prefix_length = reader.next - reader.start;
	if (length - prefix_length > guc_max_key_bytes)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("key of %zu bytes is longer than uncache.max_key_bytes (%d)",
						length - prefix_length, guc_max_key_bytes)));
	if (consumer_find(reader.target, reader.target_length) == 0)
		return;
	target = pnstrdup(reader.target, reader.target_length);
	pending_add(target, INVALIDATION_KEYS, literal + prefix_length, length - prefix_length);
	pfree(target);
}

/* invalidate(VARIADIC keys text[]) */
Datum
uncache_invalidate(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	Datum	   *elements;
	bool	   *nulls;
	int			count;
	int			i;

	PreventCommandIfReadOnly("uncache.invalidate()");
	PreventCommandIfParallelMode("uncache.invalidate()");
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	for (i = 0; i < count; i++)
	{
		text	   *key;

		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("key must not be null")));
		key = DatumGetTextPP(elements[i]);
		add_literal_key(VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key));
	}
	PG_RETURN_VOID();
}

/* check_template(relation regclass, template text): raises what is wrong */
Datum
uncache_check_template(PG_FUNCTION_ARGS)
{
	Relation	relation = table_open(PG_GETARG_OID(0), AccessShareLock);

	rule_check_template(relation, text_to_cstring(PG_GETARG_TEXT_PP(1)));
	table_close(relation, AccessShareLock);
	PG_RETURN_VOID();
}

/* template_for_any_row(template text) → (target text, action text, key text) */
Datum
uncache_template_for_any_row(PG_FUNCTION_ARGS)
{
	text	   *source = PG_GETARG_TEXT_PP(0);
	Size		length = VARSIZE_ANY_EXHDR(source);
	char	   *key = palloc(2 * length + 1);
	TemplateReader reader;
	TupleDesc	desc;
	Datum		values[3];
	bool		nulls[3] = {false};
	bool		is_pattern;
	Size		key_length;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	template_reader_init(&reader, VARDATA_ANY(source), length);
	is_pattern = template_for_any_row(VARDATA_ANY(source), length, key, &key_length);
	values[0] = PointerGetDatum(cstring_to_text_with_len(reader.target,
														 (int) reader.target_length));
	values[1] = CStringGetTextDatum(invalidation_action_name(is_pattern ?
															 INVALIDATION_PATTERNS :
															 INVALIDATION_KEYS));
	values[2] = PointerGetDatum(cstring_to_text_with_len(key, (int) key_length));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

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
	{
		bool		is_null;
		Datum		arguments = heap_getattr(tuple, Anum_pg_trigger_tgargs,
											 RelationGetDescr(triggers), &is_null);

		result = split_arguments(DatumGetByteaPP(arguments),
								 ((Form_pg_trigger) GETSTRUCT(tuple))->tgnargs);
	}
	systable_endscan(scan);
	table_close(triggers, AccessShareLock);
	if (result == NULL)
		PG_RETURN_NULL();
	PG_RETURN_ARRAYTYPE_P(result);
}

/* attaches_partition(command pg_ddl_command) → boolean */
Datum
uncache_attaches_partition(PG_FUNCTION_ARGS)
{
	CollectedCommand *command = (CollectedCommand *) PG_GETARG_POINTER(0);
	ListCell   *cell;

	if (command->type != SCT_AlterTable)
		PG_RETURN_BOOL(false);
	foreach(cell, command->d.alterTable.subcmds)
	{
		CollectedATSubcmd *subcommand = lfirst(cell);

		if (IsA(subcommand->parsetree, AlterTableCmd) &&
			castNode(AlterTableCmd, subcommand->parsetree)->subtype == AT_AttachPartition)
			PG_RETURN_BOOL(true);
	}
	PG_RETURN_BOOL(false);
}

/* is_target(name text) → boolean */
Datum
uncache_is_target(PG_FUNCTION_ARGS)
{
	text	   *name = PG_GETARG_TEXT_PP(0);

	PG_RETURN_BOOL(template_is_target(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name)));
}

/* retention_seconds() → integer; knows the setting also where none was made */
Datum
uncache_retention_seconds(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(guc_retention_s);
}
