/*-------------------------------------------------------------------------
 *
 * cacheops_rule.c
 *	  Compiles the arguments of a cacheops rule against its relation.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "base/compat.h"
#include "base/json_text.h"
#include "base/warning.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "compile/cacheops_rule.h"
#include "compile/rule_compiler_internal.h"
#include "lib/stringinfo.h"
#include "rule/cacheops_arguments.h"
#include "rule/cacheops_text.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"

/* --- fields --- */

static void
complain(RuleCompiler *compiler, const char *argument, const char *problem)
{
	if (compiler->is_strict)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid argument \"%s\" for cacheops: %s", argument, problem)));
	rule_warn(compiler->rule, psprintf("argument \"%s\" is invalid", warning_quote(argument)), problem);
}

/* The column's kind; CACHEOPS_GUARDED_OUTPUT if nothing is known of its type. */
static CacheopsFieldKind
field_kind(Oid type_id)
{
	switch (type_id)
	{
		case BOOLOID:
			return CACHEOPS_BOOL;
		case INT2OID:
			return CACHEOPS_INT2;
		case INT4OID:
			return CACHEOPS_INT4;
		case INT8OID:
			return CACHEOPS_INT8;
		case OIDOID:
			return CACHEOPS_OID;
		case FLOAT4OID:
			return CACHEOPS_FLOAT4;
		case FLOAT8OID:
			return CACHEOPS_FLOAT8;
		case NUMERICOID:
			return CACHEOPS_NUMERIC;
		case TEXTOID:
		case VARCHAROID:
			return CACHEOPS_TEXT;
		case BPCHAROID:
			return CACHEOPS_PADDED_TEXT;
		case UUIDOID:
			return CACHEOPS_UUID;
		case DATEOID:
			return CACHEOPS_DATE;
		case TIMEOID:
			return CACHEOPS_TIME;
		case TIMESTAMPOID:
			return CACHEOPS_TIMESTAMP;
		case TIMESTAMPTZOID:
			return CACHEOPS_TIMESTAMPTZ;
		case INTERVALOID:
			return CACHEOPS_INTERVAL;
		case INETOID:
			return CACHEOPS_INET;
		case NAMEOID:
		case CHAROID:
		case CIDROID:
			return CACHEOPS_OUTPUT;
		default:
			return type_is_enum(type_id) ? CACHEOPS_OUTPUT : CACHEOPS_GUARDED_OUTPUT;
	}
}

/*
 * Is a column a field without being mentioned?  Django's TextField is text, and
 * takes no part in cacheops' conditions; where other texts equal a value than its
 * own (of other cases, say), nobody can list them.
 */
static bool
is_field_by_itself(Form_pg_attribute attribute)
{
	Oid			type_id = getBaseType(attribute->atttypid);

	return type_id != TEXTOID && field_kind(type_id) != CACHEOPS_GUARDED_OUTPUT &&
		(!OidIsValid(attribute->attcollation) ||
		 get_collation_isdeterministic(attribute->attcollation));
}

/* A numeric's bounds; the scale is in the lower eleven bits, with a sign. */
static void
set_bounds(CacheopsField *field, int32 typmod)
{
	if (typmod < (int32) VARHDRSZ)
		return;
	typmod -= VARHDRSZ;
	field->digits = (typmod >> 16) & 0xffff;
	field->scale = ((typmod & 0x7ff) ^ 1024) - 1024;
}

static void
add_zero(const char *text, size_t length, void *argument)
{
	StringInfo	list = argument;

	appendStringInfoChar(list, list->len == 0 ? '[' : ',');
	json_text_append(list, text, length);
}

/* A zero has the most forms, and is the most common value. */
static void
set_zero(CacheopsField *field)
{
	StringInfoData list;

	initStringInfo(&list);
	if (field->digits == 0 ||
		!cacheops_text_decimal("0", field->digits, field->scale, add_zero, &list))
		return;
	appendStringInfoChar(&list, ']');
	field->zero = list.data;
	field->zero_length = list.len;
}

static void
set_expression(RuleCompiler *compiler, CacheopsField *field, Form_pg_attribute attribute)
{
	CacheopsRule *cacheops = compiler->rule->cacheops;

	field->is_computed = true;
	field->expression = rule_template_add_column(compiler, attribute);
	cacheops->has_guarded = true;
	cacheops->lacks_value |= field->expression < 0;
}

static void
add_field(RuleCompiler *compiler, const char *name, Form_pg_attribute attribute)
{
	CacheopsRule *cacheops = compiler->rule->cacheops;
	CacheopsField *field = &cacheops->fields[cacheops->field_count];
	int32		typmod = attribute->atttypmod;
	Oid			type_id = getBaseTypeAndTypmod(attribute->atttypid, &typmod);
	StringInfoData head;

	memset(field, 0, sizeof(*field));
	field->kind = field_kind(type_id);
	field->column = attribute->attnum;
	if (field->kind == CACHEOPS_NUMERIC)
	{
		set_bounds(field, typmod);
		set_zero(field);
	}
	if (field->kind == CACHEOPS_INET || field->kind >= CACHEOPS_OUTPUT)
		rule_template_set_output(compiler, &field->output, type_id);
	cacheops->has_guarded |= field->kind == CACHEOPS_GUARDED_OUTPUT;
	if (compat_is_virtual_column(attribute))
		set_expression(compiler, field, attribute);

	initStringInfo(&head);
	if (cacheops->field_count > 0)
		appendStringInfoChar(&head, ',');
	json_text_append(&head, name, strlen(name));
	appendStringInfoChar(&head, ':');
	field->head = head.data;
	field->head_length = head.len;
	cacheops->field_count++;
}

static void
add_zone(RuleCompiler *compiler, const char *argument, const char *name)
{
	CacheopsRule *cacheops = compiler->rule->cacheops;
	pg_tz	   *zone = pg_tzset(name);

	if (zone == NULL)
		complain(compiler, argument, "there is no such time zone");
	else
		cacheops->zones[cacheops->zone_count++] = zone;
}

static void
add_item(RuleCompiler *compiler, const char *argument)
{
	CacheopsItem item = cacheops_arguments_parse_item(argument);
	Form_pg_attribute attribute = NULL;

	if (item.kind == CACHEOPS_ITEM_ZONE)
	{
		add_zone(compiler, argument, item.name);
		return;
	}
	if (item.kind == CACHEOPS_ITEM_INVALID)
	{
		complain(compiler, argument, "it is neither field=column nor -column nor @zone");
		return;
	}
	if (item.kind == CACHEOPS_ITEM_WITHOUT_OTHERS)
		return;
	attribute = rule_template_find_column(compiler, item.name);

	/* what is left out may as well be gone */
	if (attribute == NULL && (item.kind == CACHEOPS_ITEM_FIELD || compiler->is_strict))
		complain(compiler, argument, psprintf("column \"%s\" does not exist", item.name));
	else if (item.kind == CACHEOPS_ITEM_FIELD)
		add_field(compiler, item.field, attribute);
}

static void
add_other_columns(RuleCompiler *compiler, char *const *items, int item_count)
{
	TupleDesc	desc = RelationGetDescr(compiler->relation);
	int			i;

	for (i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (!attribute->attisdropped && is_field_by_itself(attribute) &&
			!cacheops_arguments_mention(items, item_count, NameStr(attribute->attname)))
			add_field(compiler, NameStr(attribute->attname), attribute);
	}
}

/* --- keys --- */

/* Is it an index by which other tables may refer to a row, or part of one's key? */
static bool
is_index_of_keys(HeapTuple tuple)
{
	Form_pg_index form = (Form_pg_index) GETSTRUCT(tuple);

	return form->indisunique && (form->indisprimary || form->indnkeyatts == 1) &&
		heap_attisnull(tuple, Anum_pg_index_indpred, NULL);
}

static void
mark_keys_of(CacheopsRule * cacheops, const FormData_pg_index * form)
{
	int			i;
	int			j;

	for (i = 0; i < form->indnkeyatts; i++)
	{
		for (j = 0; j < cacheops->field_count; j++)
			cacheops->fields[j].is_key |= cacheops->fields[j].column == form->indkey.values[i];
	}
}

/*
 * For an outer join that finds no row, a client may have a null in the place of
 * the key by which it looked, beside values of other columns of this table.
 */
static void
mark_keys(CacheopsRule * cacheops, Relation relation)
{
	List	   *index_ids = RelationGetIndexList(relation);
	ListCell   *cell;

	foreach(cell, index_ids)
	{
		HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(cell)));

		if (!HeapTupleIsValid(tuple))
			continue;
		if (is_index_of_keys(tuple))
			mark_keys_of(cacheops, (Form_pg_index) GETSTRUCT(tuple));
		ReleaseSysCache(tuple);
	}
	list_free(index_ids);
}

void
cacheops_rule_compile(RuleCompiler *compiler, char *const *arguments, int count)
{
	CacheopsRule *cacheops = palloc0(sizeof(CacheopsRule));
	const char *argument = count > 0 ? arguments[0] : "";
	const char *table;
	const char *problem;
	char	   *target;
	StringInfoData head;
	int			i;

	compiler->rule->cacheops = cacheops;
	compiler->template_text = argument;
	if (!cacheops_arguments_parse_table(argument, &target, &table, &problem))
		complain(compiler, argument, problem);
	cacheops->target = target;
	cacheops->target_length = strlen(target);
	initStringInfo(&head);
	appendStringInfoChar(&head, '[');
	json_text_append(&head, table, strlen(table));
	appendStringInfoString(&head, ",{");
	cacheops->head = head.data;
	cacheops->head_length = head.len;

	cacheops->fields = palloc((RelationGetDescr(compiler->relation)->natts + count) * sizeof(CacheopsField));
	cacheops->zones = palloc(Max(count, 1) * sizeof(pg_tz *));
	for (i = 1; i < count; i++)
		add_item(compiler, arguments[i]);
	add_other_columns(compiler, arguments + 1, Max(count - 1, 0));
	mark_keys(cacheops, compiler->relation);
}
