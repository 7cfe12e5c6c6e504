/*-------------------------------------------------------------------------
 *
 * schema_tags.c
 *	  The tags of a table in a watched schema.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "base/settings.h"
#include "catalog/indexing.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "rule/schema_tags.h"
#include "rule/template.h"
#include "rule/watched_schema.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(uncache_schema_tags);

/* A table that the rows are seen in, and how many steps up. */
typedef struct Ancestor
{
	Oid			relation_id;
	int			depth;
} Ancestor;

/* --- one table --- */

/* The columns of the primary key in its order, as "{a}:{b}"; NULL without one. */
static char *
primary_key(Oid relation_id)
{
	Relation	constraints = table_open(ConstraintRelationId, AccessShareLock);
	StringInfoData key;
	ScanKeyData scan_key;
	SysScanDesc scan;
	HeapTuple	tuple;

	initStringInfo(&key);
	ScanKeyInit(&scan_key, Anum_pg_constraint_conrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relation_id));
	scan = systable_beginscan(constraints, ConstraintRelidTypidNameIndexId, true, NULL, 1, &scan_key);
	while ((tuple = systable_getnext(scan)) != NULL)
	{
		bool		is_null;
		Datum		columns = heap_getattr(tuple, Anum_pg_constraint_conkey,
										   RelationGetDescr(constraints), &is_null);
		ArrayType  *numbers;
		int			i;

		if (((Form_pg_constraint) GETSTRUCT(tuple))->contype != CONSTRAINT_PRIMARY || is_null)
			continue;
		numbers = DatumGetArrayTypeP(columns);
		for (i = 0; i < ARR_DIMS(numbers)[0]; i++)
			appendStringInfo(&key, "%s{%s}", i > 0 ? ":" : "",
							 quote_identifier(get_attname(relation_id, ((int16 *) ARR_DATA_PTR(numbers))[i], false)));
	}
	systable_endscan(scan);
	table_close(constraints, AccessShareLock);
	return key.len > 0 ? key.data : NULL;
}

/* As a template's literal: with braces doubled. */
static void
append_literal(StringInfo out, const char *text)
{
	for (; *text != '\0'; text++)
	{
		if (*text == '{' || *text == '}')
			appendStringInfoChar(out, *text);
		appendStringInfoChar(out, *text);
	}
}

/* A target stands in front also where the name itself looks like one. */
static char *
table_tag(const WatchedSchema *schema, const char *table)
{
	char	   *name = psprintf("%s.%s", schema->name, table);
	const char *colon = strchr(name, ':');
	StringInfoData tag;

	initStringInfo(&tag);
	if (strcmp(schema->target, TEMPLATE_DEFAULT_TARGET) != 0 ||
		(colon != NULL && strncmp(colon, "://", 3) == 0))
		appendStringInfo(&tag, "%s://", schema->target);
	append_literal(&tag, name);
	return tag.data;
}

/* A key's columns may be an heir's, which has them, too. */
static List *
add_tags(List *tags, Oid relation_id)
{
	const WatchedSchema *schema = watched_schema_find(relation_id);
	const char *name = get_rel_name(relation_id);
	char	   *tag;
	char	   *key;

	/* it may have been dropped meanwhile */
	if (schema == NULL || name == NULL)
		return tags;
	tag = table_tag(schema, name);
	key = primary_key(relation_id);
	tags = lappend(tags, tag);
	if (key != NULL)
		tags = lappend(tags, psprintf("%s:%s", tag, key));
	return tags;
}

/* --- those that it inherits from --- */

static bool
is_listed(List *ancestors, Oid relation_id)
{
	ListCell   *cell;

	foreach(cell, ancestors)
	{
		if (((Ancestor *) lfirst(cell))->relation_id == relation_id)
			return true;
	}
	return false;
}

static List *
add_ancestor(List *ancestors, Oid relation_id, int depth)
{
	Ancestor   *ancestor;

	if (is_listed(ancestors, relation_id))
		return ancestors;
	ancestor = palloc(sizeof(Ancestor));
	ancestor->relation_id = relation_id;
	ancestor->depth = depth;
	return lappend(ancestors, ancestor);
}

/* A partition is covered with its table: what it belongs to is no parent here. */
static List *
add_parents(List *ancestors, Relation inherits, const Ancestor *heir)
{
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	if (get_rel_relispartition(heir->relation_id))
		return ancestors;
	ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(heir->relation_id));
	scan = systable_beginscan(inherits, InheritsRelidSeqnoIndexId, true, NULL, 1, &key);
	while ((tuple = systable_getnext(scan)) != NULL)
		ancestors = add_ancestor(ancestors, ((Form_pg_inherits) GETSTRUCT(tuple))->inhparent,
								 heir->depth + 1);
	systable_endscan(scan);
	return ancestors;
}

static int
compare_ancestors(const ListCell *a, const ListCell *b)
{
	const Ancestor *x = lfirst(a);
	const Ancestor *y = lfirst(b);

	if (x->depth != y->depth)
		return x->depth < y->depth ? -1 : 1;
	return x->relation_id < y->relation_id ? -1 : 1;
}

/* The table itself first, the nearest next; of these who was made first. */
static List *
find_ancestors(Oid relation_id)
{
	Relation	inherits = table_open(InheritsRelationId, AccessShareLock);
	List	   *ancestors = add_ancestor(NIL, relation_id, 0);
	ListCell   *cell;

	/* the list grows while it is walked, each level behind the one before */
	foreach(cell, ancestors)
		ancestors = add_parents(ancestors, inherits, lfirst(cell));
	table_close(inherits, AccessShareLock);
	list_sort(ancestors, compare_ancestors);
	return ancestors;
}

static bool
can_have_rule(Oid relation_id)
{
	char		kind = get_rel_relkind(relation_id);

	return (kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE) &&
		get_rel_persistence(relation_id) != RELPERSISTENCE_TEMP;
}

static StringArray *
make_array(const List *strings)
{
	StringArray *array = palloc(sizeof(StringArray));
	ListCell   *cell;

	array->strings = palloc(list_length(strings) * sizeof(char *));
	array->count = 0;
	foreach(cell, strings)
		array->strings[array->count++] = lfirst(cell);
	return array;
}

StringArray *
schema_tags_get(Oid relation_id)
{
	int			nest_level;
	List	   *tags = NIL;
	ListCell   *cell;

	if (!can_have_rule(relation_id))
		return NULL;
	nest_level = settings_pin_all();
	foreach(cell, find_ancestors(relation_id))
	{
		Oid			ancestor_id = ((Ancestor *) lfirst(cell))->relation_id;

		if (watched_schema_covers(ancestor_id))
			tags = add_tags(tags, ancestor_id);
	}
	settings_restore(nest_level);
	return tags == NIL ? NULL : make_array(tags);
}

static StringArray *
tags_of_view(const WatchedSchema *schema, const char *name)
{
	if (!watched_schema_covers_name(schema, name))
		return NULL;
	return make_array(list_make1(table_tag(schema, name)));
}

StringArray *
schema_tags_of_view(Oid view_id)
{
	return tags_of_view(watched_schema_find(view_id), get_rel_name(view_id));
}

StringArray *
schema_tags_of_view_named(const char *schema_name, const char *name)
{
	return tags_of_view(watched_schema_find_named(schema_name), name);
}

/* schema_tags(relation oid) → text[]: as schema_tags_get(), or of a materialized view */
Datum
uncache_schema_tags(PG_FUNCTION_ARGS)
{
	StringArray *tags = get_rel_relkind(PG_GETARG_OID(0)) == RELKIND_MATVIEW ?
	schema_tags_of_view(PG_GETARG_OID(0)) : schema_tags_get(PG_GETARG_OID(0));
	Datum	   *elements;
	int			i;

	if (tags == NULL)
		PG_RETURN_NULL();
	elements = palloc(tags->count * sizeof(Datum));
	for (i = 0; i < tags->count; i++)
		elements[i] = CStringGetTextDatum(tags->strings[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(elements, tags->count, TEXTOID, -1, false, TYPALIGN_INT));
}
