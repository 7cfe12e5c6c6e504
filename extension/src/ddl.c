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
#include "rule_author.h"
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
			!trigger_arguments_find_action(form->tgfoid, &action))
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

/* An argument with each {old_name} replaced; NULL if there was none. */
static char *
rename_in_template(const char *argument, const char *old_name, const char *new_name)
{
	const char *copied = argument;
	StringInfoData out;
	TemplateReader reader;
	TemplatePart part;

	initStringInfo(&out);
	template_reader_init(&reader, argument, strlen(argument));
	while (template_next(&reader, &part) != TEMPLATE_END && part.kind != TEMPLATE_INVALID)
	{
		if (!names_column(&part, old_name))
			continue;
		appendBinaryStringInfo(&out, copied, (int) (part.text - copied));
		appendStringInfoString(&out, quote_identifier(new_name));
		copied = part.text + part.length;
	}
	if (copied == argument)
		return NULL;
	appendStringInfoString(&out, copied);
	return out.data;
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
			if (trigger_arguments_find_action(((Form_pg_trigger) GETSTRUCT(tuple))->tgfoid, &action))
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

/* Neither an author nor the table of a cacheops rule names a column. */
static int
first_with_columns(RuleAction action, const StringArray *arguments)
{
	return action == RULE_ACTION_CACHEOPS ? 1 :
		rule_author_count(action, arguments->strings, arguments->count);
}

static void
rename_in_trigger(Relation triggers, HeapTuple tuple, void *argument)
{
	const ColumnRename *names = argument;
	StringArray arguments = trigger_arguments_read(triggers, tuple);
	RuleAction	action = RULE_ACTION_KEYS;
	bool		found = false;
	int			i;

	(void) trigger_arguments_find_action(((Form_pg_trigger) GETSTRUCT(tuple))->tgfoid, &action);
	for (i = first_with_columns(action, &arguments); i < arguments.count; i++)
	{
		char	   *renamed = action == RULE_ACTION_CACHEOPS ?
		rule_row_rename(arguments.strings[i], names->old_name, names->new_name) :
		rename_in_template(arguments.strings[i], names->old_name, names->new_name);

		if (renamed != NULL)
			arguments.strings[i] = renamed;
		found |= renamed != NULL;
	}
	if (found)
		trigger_arguments_write(triggers, tuple,
								NameStr(((Form_pg_trigger) GETSTRUCT(tuple))->tgname), &arguments);
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

	if (strncmp(name, rewrite->old_name, length) != 0 ||
		(name[length] != '\0' && strcmp(name + length, "_truncate") != 0))
		return;
	trigger_arguments_write(triggers, tuple, psprintf("%s%s", rewrite->new_name, name + length),
							&rewrite->arguments);
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
