/*-------------------------------------------------------------------------
 *
 * caretaker.h
 *	  Trims the journal in the place of daemons that are gone.
 *
 * Trimming declares consumers lost that are too far behind: then writers
 * journal nothing for them.  Daemons do it while they work; when all are gone,
 * writers have it done by a background worker, so that the journal does not
 * grow until the disk is full.  A transaction of its own, since the writer's
 * may last, roll back, be read only or serializable.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_CARETAKER_H
#define UNCACHE_CARETAKER_H

/* Starts the worker, if PostgreSQL has room for one; never waits or fails. */
extern void caretaker_start(void);

#endif
