/*-------------------------------------------------------------------------
 *
 * lock_class.h
 *	  The classes of the advisory lock space that the extension uses.
 *
 * pg_advisory_lock() uses classes 1 and 2, so that no SQL user can take, test
 * or release these locks.  pg_locks shows the class as objsubid, the
 * consumer's id as objid.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_LOCK_CLASS_H
#define UNCACHE_LOCK_CLASS_H

/* held by the session that works for a consumer */
#define LOCK_CLASS_CONSUMER 7501

/* held by a session that sleeps until a consumer's doorbell rings */
#define LOCK_CLASS_DOORBELL 7502

/* held by the transaction that is ringing a consumer's doorbell */
#define LOCK_CLASS_RINGER 7504

/* held by the worker that trims the journal in place of daemons; id 0 */
#define LOCK_CLASS_CARETAKER 7503

#endif
