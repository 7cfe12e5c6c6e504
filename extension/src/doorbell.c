/*-------------------------------------------------------------------------
 *
 * doorbell.c
 *	  Wakes a sleeping consumer, and nobody else.
 *
 * Locking: arming waits for writers that are just probing; they hold their
 * lock for an instant and wait for nothing meanwhile.  Probing never waits.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/async.h"
#include "compat.h"
#include "doorbell.h"
#include "lock_class.h"
#include "miscadmin.h"
#include "storage/lock.h"

/* A channel is this and the target's name: see TEMPLATE_TARGET_MAX. */
#define CHANNEL_PREFIX "uncache_"

#define SLEEPER_LOCK ShareLock
#define PROBE_LOCK RowExclusiveLock

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

void
doorbell_ring(const char *target, int32 consumer_id)
{
	char		channel[NAMEDATALEN];

	if (!somebody_sleeps(consumer_id))
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
