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

/*
 * Takes the lock until the end of the transaction if it is had at once, and raises
 * ERRCODE_LOCK_NOT_AVAILABLE if not: for whoever holds locks that others wait for.  Who only begins
 * to wait, however briefly, may be found to close a circle by somebody who has been waiting
 * for long, and that one's statement fails.
 */
extern void brief_lock_at_once(Oid relation_id, LOCKMODE mode);

#endif
