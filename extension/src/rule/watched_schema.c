/*-------------------------------------------------------------------------
 *
 * watched_schema.c
 *	  The schemas that uncache.watch_schema() was called for.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "own/catalog.h"
#include "own/own_scan.h"
#include "own/own_sql.h"
#include "rule/watched_schema.h"
#include "storage/bufmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

/* A value of a row of uncache.schemas, by its column's name and type. */
static Datum
get_value(Relation schemas, HeapTuple tuple, const char *column, Oid type_id)
{
	AttrNumber	number = get_attnum(RelationGetRelid(schemas), column);
	bool		is_null = true;
	Datum		value = (Datum) 0;

	if (number > 0 && get_atttype(RelationGetRelid(schemas), number) == type_id)
		value = heap_getattr(tuple, number, RelationGetDescr(schemas), &is_null);
	if (is_null)
		elog(ERROR, "table uncache.schemas has no usable column \"%s\"", column);
	return value;
}

static List *
read_names(ArrayType *array)
{
	List	   *names = NIL;
	Datum	   *elements;
	bool	   *nulls;
	int			count;
	int			i;

	deconstruct_array(array, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, &elements, &nulls, &count);
	for (i = 0; i < count; i++)
	{
		if (!nulls[i])
			names = lappend(names, pstrdup(NameStr(*DatumGetName(elements[i]))));
	}
	return names;
}

static WatchedSchema *
read_schema(Relation schemas, HeapTuple tuple)
{
	WatchedSchema *schema = palloc(sizeof(WatchedSchema));

	schema->name = pstrdup(NameStr(*DatumGetName(get_value(schemas, tuple, "schema", NAMEOID))));
	schema->target = TextDatumGetCString(get_value(schemas, tuple, "target", TEXTOID));
	schema->excluded = read_names(DatumGetArrayTypeP(get_value(schemas, tuple, "exclude", NAMEARRAYOID)));
	return schema;
}

static WatchedSchema *
find_in(Relation schemas, const char *name)
{
	WatchedSchema *schema = NULL;
	NameData	key_name;
	ScanKeyData key;
	OwnScan		scan;
	HeapTuple	tuple;

	namestrcpy(&key_name, name);
	ScanKeyInit(&key, get_attnum(RelationGetRelid(schemas), "schema"), BTEqualStrategyNumber,
				F_NAMEEQ, NameGetDatum(&key_name));
	scan = own_scan_begin(schemas, catalog_schemas_index_id(), 1, &key);
	tuple = own_scan_next(&scan);
	if (HeapTupleIsValid(tuple))
		schema = read_schema(schemas, tuple);
	own_scan_end(&scan);
	return schema;
}

/* Where no schema is watched, a look at the table's size is all. */
WatchedSchema *
watched_schema_find_named(const char *name)
{
	Oid			schemas_id = catalog_schemas_id();
	WatchedSchema *schema = NULL;
	Relation	schemas;

	if (!OidIsValid(schemas_id) || name == NULL)
		return NULL;
	schemas = table_open(schemas_id, AccessShareLock);
	if (RelationGetNumberOfBlocks(schemas) > 0)
		schema = find_in(schemas, name);
	table_close(schemas, AccessShareLock);
	return schema;
}

WatchedSchema *
watched_schema_find(Oid relation_id)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation_id));
	WatchedSchema *schema = NULL;
	Form_pg_class form;
	char	   *name;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	form = (Form_pg_class) GETSTRUCT(tuple);
	name = get_namespace_name(form->relnamespace);
	if (name != NULL && form->relpersistence != RELPERSISTENCE_TEMP &&
		(form->relkind == RELKIND_RELATION || form->relkind == RELKIND_PARTITIONED_TABLE ||
		 form->relkind == RELKIND_MATVIEW))
		schema = watched_schema_find_named(name);
	ReleaseSysCache(tuple);
	if (schema != NULL && OidIsValid(getExtensionOfObject(RelationRelationId, relation_id)))
		schema = NULL;
	return schema;
}

bool
watched_schema_covers_name(const WatchedSchema *schema, const char *table_name)
{
	ListCell   *cell;

	if (schema == NULL || table_name == NULL)
		return false;
	foreach(cell, schema->excluded)
	{
		if (strcmp(lfirst(cell), table_name) == 0)
			return false;
	}
	return true;
}

static bool
has_watched_ancestor(Oid relation_id)
{
	ListCell   *cell;

	if (!get_rel_relispartition(relation_id))
		return false;
	foreach(cell, get_partition_ancestors(relation_id))
	{
		if (watched_schema_find(lfirst_oid(cell)) != NULL)
			return true;
	}
	return false;
}

bool
watched_schema_covers(Oid relation_id)
{
	const WatchedSchema *schema = watched_schema_find(relation_id);

	return watched_schema_covers_name(schema, get_rel_name(relation_id)) &&
		!has_watched_ancestor(relation_id);
}

bool
watched_schema_rename(const char *old_name, const char *new_name)
{
	const char *const arguments[] = {old_name, new_name};

	return own_sql_execute("UPDATE uncache.schemas SET schema = $2::name WHERE schema = $1::name",
						   2, arguments) > 0;
}

void
watched_schema_forget(const char *name)
{
	if (watched_schema_find_named(name) != NULL)
		(void) own_sql_execute("DELETE FROM uncache.schemas WHERE schema = $1::name", 1, &name);
}
