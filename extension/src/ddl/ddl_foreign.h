/*-------------------------------------------------------------------------
 *
 * ddl_foreign.h
 *	  Which foreign tables get their rows from somewhere.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_DDL_FOREIGN_H
#define UNCACHE_DDL_FOREIGN_H

#include "catalog/objectaddress.h"
#include "nodes/pg_list.h"

/* The foreign tables (OIDs) of a server, a wrapper or a user mapping, and those that show their rows. */
extern List *ddl_foreign_find_tables(const ObjectAddress *address);

/* Is it a foreign table of postgres_fdw? */
extern bool ddl_foreign_is_postgres(Oid relation_id);

#endif
