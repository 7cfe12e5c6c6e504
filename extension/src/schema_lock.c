/*-------------------------------------------------------------------------
 *
 * schema_lock.c
 *	  Keeps tables from being made in a schema, and a table's rules from being
 *	  followed by two at once.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "compat.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"

PG_FUNCTION_INFO_V1(uncache_lock_schema);
PG_FUNCTION_INFO_V1(uncache_lock_rules);

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

/*
 * lock_rules(relation oid): PostgreSQL locks tables as relations, never as objects
 * of pg_class, so this lock is ours; nobody but event triggers may call this
 */
Datum
uncache_lock_rules(PG_FUNCTION_ARGS)
{
	LockDatabaseObject(RelationRelationId, PG_GETARG_OID(0), 0, AccessExclusiveLock);
	PG_RETURN_VOID();
}
