/*-------------------------------------------------------------------------
 *
 * ddl_patience.h
 *	  How long following a command goes on trying to get locks.
 *
 * A command holds locks that others wait for, and they have been waiting for who knows
 * how long.  If it waited for one of them in turn, he would find a deadlock and his
 * statement would fail, whatever limit our own wait had.  So locks that the command does not
 * have anyway are tried for, and between the tries nothing is waited for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_DDL_PATIENCE_H
#define UNCACHE_DDL_PATIENCE_H

#include "base/guarded.h"

/* A command is about to be followed: there are uncache.follow_lock_timeout for all of its tries. */
extern void ddl_patience_begin(void);

/*
 * As guarded_call(), again and again while a lock is not to be had and there is time left.  What
 * the function has locked before it failed is given up in between.
 */
extern ErrorData *ddl_patience_call(GuardedFunction function, void *argument);

#endif
