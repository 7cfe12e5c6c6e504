/*-------------------------------------------------------------------------
 *
 * catalog.c
 *	  Finds the extension's own relations.
 *
 * By name, through the syscache: two cached look-ups, which is cheap enough
 * for once a transaction and needs no invalidation of our own.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/skey.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "commands/extension.h"
#include "own/catalog.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#define EXTENSION_NAME "uncache"

const char *
catalog_table_name(CatalogTable table)
{
	static const char *const names[CATALOG_TABLE_COUNT] = {
		"journal_1", "journal_2", "journal_3", "journal_4", "segments", "consumers", "markers", "gaps"
	};

	return names[table];
}

bool
catalog_is_installed(void)
{
	return OidIsValid(get_extension_oid(EXTENSION_NAME, true));
}

static Oid
schema_of_extension(void)
{
	Relation	relation = table_open(ExtensionRelationId, AccessShareLock);
	Oid			schema_id = InvalidOid;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ,
				CStringGetDatum(EXTENSION_NAME));
	scan = systable_beginscan(relation, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		schema_id = ((Form_pg_extension) GETSTRUCT(tuple))->extnamespace;
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return schema_id;
}

Oid
catalog_find_schema(void)
{
	Oid			schema_id = get_namespace_oid(CATALOG_SCHEMA, true);

	return OidIsValid(schema_id) ? schema_id : schema_of_extension();
}

Oid
catalog_find_with_schema(CatalogTable table, Oid *schema_id)
{
	*schema_id = catalog_find_schema();
	return OidIsValid(*schema_id) ? get_relname_relid(catalog_table_name(table), *schema_id) : InvalidOid;
}

Oid
catalog_find(CatalogTable table)
{
	Oid			schema_id;

	return catalog_find_with_schema(table, &schema_id);
}

static Oid
relation_id(const char *name)
{
	Oid			schema_id = catalog_find_schema();

	return OidIsValid(schema_id) ? get_relname_relid(name, schema_id) : InvalidOid;
}

Oid
catalog_schemas_id(void)
{
	return relation_id("schemas");
}

Oid
catalog_schemas_index_id(void)
{
	return relation_id("schemas_pkey");
}

Oid
catalog_dependencies_id(void)
{
	return relation_id("dependencies");
}

Oid
catalog_dependencies_index_id(void)
{
	return relation_id("dependencies_object_idx");
}

Oid
catalog_renamed_columns_id(void)
{
	return relation_id("renamed_columns");
}

Oid
catalog_renamed_tables_id(void)
{
	return relation_id("renamed_tables");
}

Oid
catalog_view_rules_id(void)
{
	return relation_id("view_rules");
}

Oid
catalog_admissions_id(void)
{
	return relation_id("admissions");
}

Oid
catalog_admissions_index_id(void)
{
	return relation_id("admissions_relation_idx");
}

bool
catalog_is_empty(Oid id)
{
	Relation	relation;
	bool		result;

	if (!OidIsValid(id))
		return true;
	relation = table_open(id, AccessShareLock);
	result = RelationGetNumberOfBlocks(relation) == 0;
	table_close(relation, AccessShareLock);
	return result;
}

Oid
catalog_owner_id(void)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(catalog_find(CATALOG_GAPS)));
	Oid			owner_id;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "table uncache.gaps does not exist");
	owner_id = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner_id;
}

bool
catalog_is_own(Oid id)
{
	Oid			schema_id = get_rel_namespace(id);

	return OidIsValid(schema_id) && schema_id == catalog_find_schema();
}
