/*-------------------------------------------------------------------------
 *
 * brief_lock.h
 *	  Locks a relation, but does not wait for long.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_BRIEF_LOCK_H
#define UNCACHE_BRIEF_LOCK_H

#include "storage/lockdefs.h"

typedef enum BriefLockWait
{
	BRIEF_LOCK_NO_WAIT,
	BRIEF_LOCK_WAIT,			/* for BRIEF_LOCK_WAIT_MS at most */
	BRIEF_LOCK_WAIT_LONG		/* as anybody does, with all that may be
								 * raised */
} BriefLockWait;

/*
 * Less where the session's own timeouts leave less.  Long enough for VACUUM, which
 * gives up its lock for whoever waits, to notice.
 */
#define BRIEF_LOCK_WAIT_MS 100

/*
 * Takes the lock until the end of the transaction and takes in invalidations;
 * false if it was not had.  Nothing is raised then but what ends the statement
 * anyway, such as the user's cancel.  May be called in the pre-commit callback.
 */
extern bool brief_lock(Oid relation_id, LOCKMODE mode, BriefLockWait wait);

#endif
