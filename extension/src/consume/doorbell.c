/*-------------------------------------------------------------------------
 *
 * doorbell.c
 *	  Wakes a sleeping consumer, and nobody else.
 *
 * Locking: arming waits for writers that are just probing; they hold their
 * lock for an instant and wait for nothing meanwhile.  Probing never waits.
 *
 * NOTIFY takes a lock of the whole cluster until its transaction has ended, which
 * takes long where a synchronous standby does not answer.  So only one writer at
 * a time rings for a consumer, and who finds another at it leaves it at that:
 * nobody ever waits for that lock behind a bell for the same consumer.  Who
 * commits after the one who rang is found as if he had looked just before the
 * consumer fell asleep.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "base/guc.h"
#include "base/lock_class.h"
#include "commands/async.h"
#include "consume/doorbell.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/fmgroids.h"

/* A channel is this and the target's name: see TEMPLATE_TARGET_MAX. */
#define CHANNEL_PREFIX "uncache_"

#define SLEEPER_LOCK ShareLock
#define PROBE_LOCK RowExclusiveLock

/* Until the end of the transaction, which is when the bell is heard. */
static bool
become_ringer(int32 consumer_id)
{
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, 0, (uint32) consumer_id, LOCK_CLASS_RINGER);
	return LockAcquire(&tag, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
}

static void
set_doorbell_tag(LOCKTAG *tag, int32 consumer_id)
{
	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, 0, (uint32) consumer_id, LOCK_CLASS_DOORBELL);
}

static bool
somebody_sleeps(int32 consumer_id)
{
	LOCKTAG		tag;

	set_doorbell_tag(&tag, consumer_id);
	if (LockAcquire(&tag, PROBE_LOCK, false, true) == LOCKACQUIRE_NOT_AVAIL)
		return true;
	LockRelease(&tag, PROBE_LOCK, false);
	return false;
}

/*
 * What finds the queue full fails.  It is full where some session listens and has
 * had a transaction open for long; a daemon that is not woken looks all the same.
 */
static bool
queue_has_room(void)
{
	return DatumGetFloat8(OidFunctionCall0(F_PG_NOTIFICATION_QUEUE_USAGE)) <= guc_max_queue_usage;
}

void
doorbell_ring(const char *target, int32 consumer_id)
{
	char		channel[NAMEDATALEN];

	if (!somebody_sleeps(consumer_id) || !become_ringer(consumer_id) || !queue_has_room())
		return;
	snprintf(channel, sizeof(channel), CHANNEL_PREFIX "%s", target);
	Async_Notify(channel, "");
}

void
doorbell_arm(int32 consumer_id)
{
	LOCKTAG		tag;

	set_doorbell_tag(&tag, consumer_id);
	if (!compat_lock_held_by_me(&tag, SLEEPER_LOCK))
		(void) LockAcquire(&tag, SLEEPER_LOCK, true, false);
}

void
doorbell_disarm(int32 consumer_id)
{
	LOCKTAG		tag;

	set_doorbell_tag(&tag, consumer_id);
	if (compat_lock_held_by_me(&tag, SLEEPER_LOCK))
		(void) LockRelease(&tag, SLEEPER_LOCK, true);
}
