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

#include "catalog.h"
#include "catalog/namespace.h"
#include "utils/lsyscache.h"

static Oid
relation_id(const char *name)
{
	Oid			schema_id = get_namespace_oid(CATALOG_SCHEMA, true);

	return OidIsValid(schema_id) ? get_relname_relid(name, schema_id) : InvalidOid;
}

Oid
catalog_journal_id(void)
{
	return relation_id("journal");
}

Oid
catalog_journal_index_id(void)
{
	return relation_id("journal_xid_part_idx");
}

Oid
catalog_consumers_id(void)
{
	return relation_id("consumers");
}

Oid
catalog_markers_id(void)
{
	return relation_id("markers");
}

Oid
catalog_schemas_id(void)
{
	return relation_id("schemas");
}
