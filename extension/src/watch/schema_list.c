/*-------------------------------------------------------------------------
 *
 * schema_list.c
 *	  Writes the list of watched schemas for who owns a schema.
 *
 * Nobody else has the privilege to write it: who may change one row of a table
 * may lock all of it, and each command that makes a table reads this one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "base/compat.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "own/catalog.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

PG_FUNCTION_INFO_V1(uncache_put_schema);
PG_FUNCTION_INFO_V1(uncache_remove_schema);

static Oid
owner_of_list(void)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(catalog_schemas_id()));
	Oid			owner_id;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "uncache.schemas does not exist");
	owner_id = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner_id;
}

/* Runs a statement whose $1 is the schema's name as the owner of the list. */
static void
write_list(Oid schema_id, const char *statement, int count, Oid *types, Datum *values)
{
	char	   *name = get_namespace_name(schema_id);
	NameData	name_data;
	Oid			user_id;
	int			security_context;
	int			result;

	if (name == NULL || !compat_owns_schema(schema_id, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_SCHEMA, name != NULL ? name : "?");
	namestrcpy(&name_data, name);
	types[0] = NAMEOID;
	values[0] = NameGetDatum(&name_data);
	GetUserIdAndSecContext(&user_id, &security_context);
	SetUserIdAndSecContext(owner_of_list(), security_context | SECURITY_LOCAL_USERID_CHANGE);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	result = SPI_execute_with_args(statement, count, types, values, NULL, false, 0);
	if (result < 0)
		elog(ERROR, "could not execute \"%s\": %s", statement, SPI_result_code_string(result));
	(void) SPI_finish();
	SetUserIdAndSecContext(user_id, security_context);
}

/* put_schema(schema regnamespace, exclude name[], target text) */
Datum
uncache_put_schema(PG_FUNCTION_ARGS)
{
	Oid			types[] = {InvalidOid, NAMEARRAYOID, TEXTOID};
	Datum		values[] = {(Datum) 0, PG_GETARG_DATUM(1), PG_GETARG_DATUM(2)};

	write_list(PG_GETARG_OID(0),
			   "INSERT INTO uncache.schemas (schema, exclude, target) VALUES ($1, $2, $3)"
			   " ON CONFLICT ON CONSTRAINT schemas_pkey DO UPDATE SET exclude = excluded.exclude, target = excluded.target",
			   lengthof(types), types, values);
	PG_RETURN_VOID();
}

/* remove_schema(schema regnamespace) */
Datum
uncache_remove_schema(PG_FUNCTION_ARGS)
{
	Oid			types[1];
	Datum		values[1];

	write_list(PG_GETARG_OID(0), "DELETE FROM uncache.schemas WHERE schema = $1",
			   lengthof(types), types, values);
	PG_RETURN_VOID();
}
