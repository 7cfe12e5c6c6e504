/*-------------------------------------------------------------------------
 *
 * brief_lock.c
 *	  Locks a relation, but does not wait for long.
 *
 * What a lock's wait raises is caught without a subtransaction: one cannot be
 * rolled back while a transaction block is just being committed.  It is not needed
 * either, since nothing but the wait itself is undone, which LockErrorCleanup()
 * does, as in every abort.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "miscadmin.h"
#include "own/brief_lock.h"
#include "pgstat.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "utils/inval.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

/* Half of what is left until a timeout ends the statement, in ms. */
static int64
half_of_rest_ms(TimeoutId id)
{
	if (!get_timeout_active(id))
		return BRIEF_LOCK_WAIT_MS;
	return (get_timeout_finish_time(id) - GetCurrentTimestamp()) / 1000 / 2;
}

static int
wait_ms(void)
{
	static const TimeoutId ids[] = COMPAT_STATEMENT_TIMEOUTS;
	int64		ms = BRIEF_LOCK_WAIT_MS;
	int			i;

	if (LockTimeout > 0)
		ms = Min(ms, LockTimeout);
	for (i = 0; i < lengthof(ids); i++)
		ms = Min(ms, half_of_rest_ms(ids[i]));
	return (int) ms;
}

/* False for a lock timeout or a deadlock, after which nothing is left of the wait. */
static bool
wait_for_lock(const LOCKTAG *tag, LOCKMODE mode)
{
	MemoryContext old_context = CurrentMemoryContext;
	int			old_timeout = LockTimeout;
	volatile bool is_locked = true;

	LockTimeout = wait_ms();
	if (LockTimeout <= 0)
	{
		LockTimeout = old_timeout;
		return false;
	}
	PG_TRY();
	{
		(void) LockAcquire(tag, mode, false, false);
	}
	PG_CATCH();
	{
		int			code = geterrcode();

		LockTimeout = old_timeout;
		if (code != ERRCODE_LOCK_NOT_AVAILABLE && code != ERRCODE_T_R_DEADLOCK_DETECTED)
			PG_RE_THROW();
		MemoryContextSwitchTo(old_context);
		FlushErrorState();
		LockErrorCleanup();
		pgstat_report_wait_end();
		is_locked = false;
	}
	PG_END_TRY();
	LockTimeout = old_timeout;
	return is_locked;
}

bool
brief_lock(Oid relation_id, LOCKMODE mode, BriefLockWait wait)
{
	LOCKTAG		tag;

	if (wait == BRIEF_LOCK_WAIT_LONG)
	{
		LockRelationOid(relation_id, mode);
		return true;
	}
	if (ConditionalLockRelationOid(relation_id, mode))
		return true;
	if (wait == BRIEF_LOCK_NO_WAIT)
		return false;
	SET_LOCKTAG_RELATION(tag, MyDatabaseId, relation_id);
	if (!wait_for_lock(&tag, mode))
		return false;
	AcceptInvalidationMessages();
	return true;
}

void
brief_lock_at_once(Oid relation_id, LOCKMODE mode)
{
	if (!ConditionalLockRelationOid(relation_id, mode))
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("could not obtain lock on relation %u", relation_id)));
}
