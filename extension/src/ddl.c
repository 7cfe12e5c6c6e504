/*-------------------------------------------------------------------------
 *
 * ddl.c
 *	  What becomes of a table's rules when it is changed or dropped.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "array.h"
#include "catalog.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "result_set.h"
#include "rule_action.h"
#include "rule_row.h"
#include "rule_template.h"
#include "trigger_arguments.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(uncache_dropped_rules);
PG_FUNCTION_INFO_V1(uncache_rename_column);
PG_FUNCTION_INFO_V1(uncache_rewrite_rule);

/* Columns of dropped_rules()'s result. */
enum
{
	DROPPED_RULE,
	DROPPED_ACTION,
	DROPPED_ARGUMENTS,
	DROPPED_COLUMN_COUNT
};

/* Is it one of uncache's trigger functions? */
static bool
find_action(Oid function_id, RuleAction *action)
{
	char	   *name = get_func_name(function_id);

	return name != NULL &&
		get_func_namespace(function_id) == get_namespace_oid(CATALOG_SCHEMA, true) &&
		rule_action_parse(name, action);
}

static SysScanDesc
scan_triggers(Relation triggers, Oid relation_id, Snapshot snapshot)
{
	ScanKeyData key;

	ScanKeyInit(&key, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relation_id));
	return systable_beginscan(triggers, TriggerRelidNameIndexId, true, snapshot, 1, &key);
}

/*
 * dropped_rules(relation oid) → setof (rule name, action text, arguments text[]):
 * the rules of a table that this transaction has dropped.  Their rows are dead,
 * but no vacuum takes them away before the transaction ends.
 */
Datum
uncache_dropped_rules(PG_FUNCTION_ARGS)
{
	ResultSet	result = result_set_begin(fcinfo);
	Relation	triggers = table_open(TriggerRelationId, AccessShareLock);
	SysScanDesc scan = scan_triggers(triggers, PG_GETARG_OID(0), SnapshotAny);
	HeapTuple	tuple;

	while ((tuple = systable_getnext(scan)) != NULL)
	{
		Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);
		Datum		values[DROPPED_COLUMN_COUNT];
		bool		nulls[DROPPED_COLUMN_COUNT] = {false};
		RuleAction	action;

		if ((tuple->t_data->t_infomask & HEAP_XMAX_INVALID) != 0 ||
			!TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetUpdateXid(tuple->t_data)) ||
			!find_action(form->tgfoid, &action))
			continue;
		values[DROPPED_RULE] = NameGetDatum(&form->tgname);
		values[DROPPED_ACTION] = CStringGetTextDatum(rule_action_name(action));
		values[DROPPED_ARGUMENTS] = PointerGetDatum(trigger_arguments_get(triggers, tuple));
		result_set_add(&result, values, nulls);
	}
	systable_endscan(scan);
	table_close(triggers, AccessShareLock);
	PG_RETURN_NULL();
}

static bool
names_column(const TemplatePart *part, const char *column)
{
	return part->kind == TEMPLATE_IDENTIFIER &&
		strcmp(rule_template_identifier(part->text, part->length), column) == 0;
}

/* Appends an argument with each {old_name} replaced; false if there was none. */
static bool
append_renamed(StringInfo out, const char *argument, const char *old_name, const char *new_name)
{
	const char *copied = argument;
	bool		found = false;
	TemplateReader reader;
	TemplatePart part;

	template_reader_init(&reader, argument, strlen(argument));
	while (template_next(&reader, &part) != TEMPLATE_END && part.kind != TEMPLATE_INVALID)
	{
		if (!names_column(&part, old_name))
			continue;
		appendBinaryStringInfo(out, copied, (int) (part.text - copied));
		appendStringInfoString(out, quote_identifier(new_name));
		copied = part.text + part.length;
		found = true;
	}
	appendStringInfoString(out, copied);
	return found;
}

/* Replaces name and arguments, each ended by a zero byte, in a row of pg_trigger. */
static void
update_trigger(Relation triggers, HeapTuple tuple, const char *name, const StringInfoData *arguments,
			   int argument_count)
{
	Datum		values[Natts_pg_trigger] = {0};
	bool		nulls[Natts_pg_trigger] = {false};
	bool		replaced[Natts_pg_trigger] = {false};
	NameData	name_data;
	bytea	   *packed = palloc(VARHDRSZ + arguments->len);

	SET_VARSIZE(packed, VARHDRSZ + arguments->len);
	memcpy(VARDATA(packed), arguments->data, arguments->len);
	namestrcpy(&name_data, name);
	values[Anum_pg_trigger_tgname - 1] = NameGetDatum(&name_data);
	values[Anum_pg_trigger_tgargs - 1] = PointerGetDatum(packed);
	values[Anum_pg_trigger_tgnargs - 1] = Int16GetDatum((int16) argument_count);
	replaced[Anum_pg_trigger_tgname - 1] = true;
	replaced[Anum_pg_trigger_tgargs - 1] = true;
	replaced[Anum_pg_trigger_tgnargs - 1] = true;
	tuple = heap_modify_tuple(tuple, RelationGetDescr(triggers), values, nulls, replaced);
	CatalogTupleUpdate(triggers, &tuple->t_self, tuple);
	CacheInvalidateRelcacheByRelid(((Form_pg_trigger) GETSTRUCT(tuple))->tgrelid);
}

/* Of a table and those that inherit from it: visits the triggers that are rules. */
typedef void (*RuleVisitor) (Relation triggers, HeapTuple tuple, void *argument);

static void
visit_rules(Oid relation_id, RuleVisitor visitor, void *argument)
{
	Relation	triggers = table_open(TriggerRelationId, RowExclusiveLock);
	ListCell   *cell;

	foreach(cell, find_all_inheritors(relation_id, NoLock, NULL))
	{
		SysScanDesc scan = scan_triggers(triggers, lfirst_oid(cell), NULL);
		HeapTuple	tuple;
		RuleAction	action;

		while ((tuple = systable_getnext(scan)) != NULL)
		{
			if (find_action(((Form_pg_trigger) GETSTRUCT(tuple))->tgfoid, &action))
				visitor(triggers, tuple, argument);
		}
		systable_endscan(scan);
	}
	table_close(triggers, RowExclusiveLock);
	CommandCounterIncrement();
}

typedef struct ColumnRename
{
	const char *old_name;
	const char *new_name;
} ColumnRename;

/* The same of a cacheops rule, whose first argument is no item. */
static bool
append_renamed_item(StringInfo out, const char *argument, int index, const ColumnRename *names)
{
	char	   *renamed = index == 0 ? NULL :
	rule_row_rename(argument, names->old_name, names->new_name);

	appendStringInfoString(out, renamed != NULL ? renamed : argument);
	return renamed != NULL;
}

static void
rename_in_trigger(Relation triggers, HeapTuple tuple, void *argument)
{
	const ColumnRename *names = argument;
	StringArray arguments = array_get_strings(trigger_arguments_get(triggers, tuple), "argument");
	StringInfoData out;
	RuleAction	action = RULE_ACTION_KEYS;
	bool		found = false;
	int			i;

	initStringInfo(&out);
	(void) find_action(((Form_pg_trigger) GETSTRUCT(tuple))->tgfoid, &action);
	for (i = 0; i < arguments.count; i++)
	{
		if (action == RULE_ACTION_CACHEOPS)
			found |= append_renamed_item(&out, arguments.strings[i], i, names);
		else
			found |= append_renamed(&out, arguments.strings[i], names->old_name, names->new_name);
		appendStringInfoChar(&out, '\0');
	}
	if (found)
		update_trigger(triggers, tuple, NameStr(((Form_pg_trigger) GETSTRUCT(tuple))->tgname),
					   &out, arguments.count);
}

/*
 * rename_column(relation oid, old_name text, new_name text): makes the rules of a
 * table, and of the tables that inherit from it, follow
 */
Datum
uncache_rename_column(PG_FUNCTION_ARGS)
{
	ColumnRename names = {text_to_cstring(PG_GETARG_TEXT_PP(1)), text_to_cstring(PG_GETARG_TEXT_PP(2))};

	visit_rules(PG_GETARG_OID(0), rename_in_trigger, &names);
	PG_RETURN_VOID();
}

typedef struct RuleRewrite
{
	const char *old_name;
	const char *new_name;
	StringArray arguments;
} RuleRewrite;

/* The trigger for rows, or with what is behind its name that for TRUNCATE. */
static void
rewrite_trigger(Relation triggers, HeapTuple tuple, void *argument)
{
	const RuleRewrite *rewrite = argument;
	const char *name = NameStr(((Form_pg_trigger) GETSTRUCT(tuple))->tgname);
	Size		length = strlen(rewrite->old_name);
	StringInfoData out;
	int			i;

	if (strncmp(name, rewrite->old_name, length) != 0 ||
		(name[length] != '\0' && strcmp(name + length, "_truncate") != 0))
		return;
	initStringInfo(&out);
	for (i = 0; i < rewrite->arguments.count; i++)
		appendBinaryStringInfo(&out, rewrite->arguments.strings[i],
							   (int) strlen(rewrite->arguments.strings[i]) + 1);
	update_trigger(triggers, tuple, psprintf("%s%s", rewrite->new_name, name + length),
				   &out, rewrite->arguments.count);
}

/*
 * rewrite_rule(relation oid, old_name text, new_name text, arguments text[]): gives a
 * rule that watch made, and its clones, another name and other arguments.  Unlike
 * DROP and CREATE TRIGGER it locks no partition, and may be done while events wait.
 */
Datum
uncache_rewrite_rule(PG_FUNCTION_ARGS)
{
	RuleRewrite rewrite = {text_to_cstring(PG_GETARG_TEXT_PP(1)), text_to_cstring(PG_GETARG_TEXT_PP(2)),
	array_get_strings(PG_GETARG_ARRAYTYPE_P(3), "argument")};

	visit_rules(PG_GETARG_OID(0), rewrite_trigger, &rewrite);
	PG_RETURN_VOID();
}
