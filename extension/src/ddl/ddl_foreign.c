/*-------------------------------------------------------------------------
 *
 * ddl_foreign.c
 *	  Which foreign tables get their rows from somewhere.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_foreign_data_wrapper.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_user_mapping.h"
#include "ddl/ddl_foreign.h"
#include "foreign/fdwapi.h"
#include "foreign/foreign.h"
#include "rule/table_family.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

/* The server of a user mapping, or what else the address is of. */
static Oid
get_source(const ObjectAddress *address)
{
	HeapTuple	tuple;
	Oid			server_id = InvalidOid;

	if (address->classId != UserMappingRelationId)
		return address->objectId;
	tuple = SearchSysCache1(USERMAPPINGOID, ObjectIdGetDatum(address->objectId));
	if (HeapTupleIsValid(tuple))
	{
		server_id = ((Form_pg_user_mapping) GETSTRUCT(tuple))->umserver;
		ReleaseSysCache(tuple);
	}
	return server_id;
}

static bool
is_of(Oid server_id, const ObjectAddress *address)
{
	return get_source(address) ==
		(address->classId == ForeignDataWrapperRelationId ? GetForeignServer(server_id)->fdwid : server_id);
}

List *
ddl_foreign_find_tables(const ObjectAddress *address)
{
	Relation	foreign_tables = table_open(ForeignTableRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(foreign_tables, InvalidOid, false, NULL, 0, NULL);
	List	   *tables = NIL;
	HeapTuple	tuple;

	while ((tuple = systable_getnext(scan)) != NULL)
	{
		Form_pg_foreign_table form = (Form_pg_foreign_table) GETSTRUCT(tuple);

		if (!is_of(form->ftserver, address))
			continue;
		tables = list_append_unique_oid(tables, form->ftrelid);
		tables = list_concat_unique_oid(tables, table_family_ancestors(form->ftrelid));
	}
	systable_endscan(scan);
	table_close(foreign_tables, AccessShareLock);
	return tables;
}

bool
ddl_foreign_is_postgres(Oid relation_id)
{
	const		ForeignServer *server;
	const char *handler;

	if (get_rel_relkind(relation_id) != RELKIND_FOREIGN_TABLE)
		return false;
	server = GetForeignServer(GetForeignServerIdByRelId(relation_id));
	handler = get_func_name(GetForeignDataWrapper(server->fdwid)->fdwhandler);
	return handler != NULL && strcmp(handler, "postgres_fdw_handler") == 0;
}
