/*-------------------------------------------------------------------------
 *
 * schema_lock.c
 *	  Keeps tables from being made in a schema.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "catalog/pg_namespace.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"

PG_FUNCTION_INFO_V1(uncache_lock_schema);

/*
 * lock_schema(schema regnamespace): until the end of the transaction nobody else
 * makes a table in it; who was at it is waited for
 */
Datum
uncache_lock_schema(PG_FUNCTION_ARGS)
{
	Oid			schema_id = PG_GETARG_OID(0);

	if (!compat_owns_schema(schema_id, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_SCHEMA, get_namespace_name(schema_id));
	LockDatabaseObject(NamespaceRelationId, schema_id, 0, AccessExclusiveLock);
	PG_RETURN_VOID();
}
