/*-------------------------------------------------------------------------
 *
 * ddl_guarded.h
 *	  Follows a command without letting it fail or wait.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_DDL_GUARDED_H
#define UNCACHE_DDL_GUARDED_H

#include "base/guarded.h"

/*
 * Calls function(argument) in a subtransaction, without waiting for locks: see ddl_patience.h.
 * Where it fails, it warns, and every target resyncs: nobody knows what became stale.
 */
extern void ddl_guarded(GuardedFunction function, void *argument);

/*
 * Calls function(argument) with an active snapshot, which what writes to catalogs needs
 * and a command need not have; errors get out.
 */
extern void ddl_with_snapshot(GuardedFunction function, void *argument);

#endif
