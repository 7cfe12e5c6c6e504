/*-------------------------------------------------------------------------
 *
 * doorbell.h
 *	  Wakes a sleeping consumer, and nobody else.
 *
 * NOTIFY takes a lock of the whole cluster at commit.  So a writer rings only if
 * somebody sleeps: whoever goes to sleep holds a lock in share mode, and a
 * writer tries a mode that conflicts with it but not with itself.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_DOORBELL_H
#define UNCACHE_DOORBELL_H

/*
 * Rings if somebody sleeps and nobody else is just ringing; before commit,
 * never while a transaction is prepared.
 */
extern void doorbell_ring(const char *target, int32 consumer_id);

/* This session goes to sleep (it keeps the lock beyond the transaction). */
extern void doorbell_arm(int32 consumer_id);

/* This session is awake. */
extern void doorbell_disarm(int32 consumer_id);

#endif
