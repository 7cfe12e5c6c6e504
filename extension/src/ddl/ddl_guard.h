/*-------------------------------------------------------------------------
 *
 * ddl_guard.h
 *	  Keeps the extension's own tables such that writers can use them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_DDL_GUARD_H
#define UNCACHE_DDL_GUARD_H

#include "nodes/parsenodes.h"

/* Before a command: refuses an index on one of them that no writer could fill. */
extern void ddl_guard_check_index(const IndexStmt *statement);

/* After one: refuses it if it has left one of them so that it cannot be used. */
extern void ddl_guard_check_tables(const Node *statement);

#endif
