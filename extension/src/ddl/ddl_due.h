/*-------------------------------------------------------------------------
 *
 * ddl_due.h
 *	  What a command leaves for later because somebody is writing: uncache.due.
 *
 * uncache.trim() takes it up.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_DDL_DUE_H
#define UNCACHE_DDL_DUE_H

#include "catalog/objectaddress.h"
#include "ddl/ddl_command.h"
#include "nodes/pg_list.h"

/*
 * Makes the rules of one table.  If it fails, nothing of this table's is done, every
 * target is resynced, and what others have not failed at stays; if a lock was not to be
 * had, in the time that ddl_patience.h gives to all of them, the rules are made later.
 */
typedef void (*DdlDueFunction) (Oid relation_id);
extern void ddl_due_follow(Oid relation_id, DdlDueFunction function);

/*
 * Where a command has changed names that keys are made of: who has written to such a table and
 * is not done has rendered the old ones, and a reader may cache under the new ones what
 * he will change.  The tables are invalidated again when all who write now have ended.
 * Nothing is due of tables that this transaction has locked against writers.  The tables given
 * (OIDs) are those that show what was altered.
 */
extern void ddl_due_invalidate(const ObjectAddress *address, const DdlCommand *command, const List *tables);

/*
 * A command could not be followed: every target is resynced again when all who write now
 * have ended.  A GuardedFunction.
 */
extern void ddl_due_resync(void *unused);

#endif
