/*-------------------------------------------------------------------------
 *
 * consumer.c
 *	  Which targets have a consumer, as this backend knows it.
 *
 * The lock of a consumer is a session lock in the advisory lock space, in a
 * class that pg_advisory_lock() cannot reach (that uses 1 and 2).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "base/compat.h"
#include "base/guc.h"
#include "base/lock_class.h"
#include "consume/caretaker.h"
#include "consume/consumer.h"
#include "consume/consumer_table.h"
#include "miscadmin.h"
#include "own/catalog.h"
#include "storage/lock.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/*
 * How long a backend believes what it has read: acknowledging tells nobody, but
 * a consumer that does not acknowledge must be noticed, and be it a tenth of
 * uncache.max_lag too late.
 */
#define READ_AGAIN_MIN_S 1
#define READ_AGAIN_MAX_S 60

typedef struct Consumer
{
	int32		id;				/* 0 if it is lost */
	const char *target;
	Size		target_length;
} Consumer;

/* The backend's cache; consumers lives in context. */
static MemoryContext context = NULL;
static Consumer *consumers = NULL;
static int	consumer_count = 0;
static Oid	consumers_id = InvalidOid;
static bool is_valid = false;
static TimestampTz read_at = 0;

/*
 * OWN_TABLE_READY or OWN_TABLE_ABSENT if they are known.  Otherwise the table is
 * tried again by the next transaction, or after the next invalidation: a
 * transaction waits for it once.
 */
static OwnTableState state = OWN_TABLE_READY;
static char problem[OWN_SHAPE_PROBLEM_BYTES];
static TimestampTz tried_by = 0;	/* the start of the transaction */

PG_FUNCTION_INFO_V1(uncache_consumers_changed);
PG_FUNCTION_INFO_V1(uncache_lock_consumer);
PG_FUNCTION_INFO_V1(uncache_consumer_worker);

static void
relcache_callback(Datum arg, Oid relation_id)
{
	if (relation_id == InvalidOid || relation_id == consumers_id)
		is_valid = false;
}

void
consumer_init(void)
{
	CacheRegisterRelcacheCallback(relcache_callback, (Datum) 0);
}

static int64
read_again_us(void)
{
	int			seconds = Max(guc_max_lag_s / 10, READ_AGAIN_MIN_S);

	if (guc_max_lag_s == 0)
		seconds = READ_AGAIN_MAX_S;
	return Min(seconds, READ_AGAIN_MAX_S) * USECS_PER_SEC;
}

/*
 * Has a consumer been silent for longer than it may, unnoticed?  Whether it is
 * really behind is for uncache.trim() to find out.
 */
static bool
is_silent(const ConsumerRow *row, TimestampTz now)
{
	TimestampTz heard_at = Max(row->acked_at, row->registered_at);

	return guc_max_lag_s > 0 && row->lost_at == 0 &&
		now - row->checked_at > read_again_us() &&
		now - heard_at > guc_max_lag_s * USECS_PER_SEC;
}

static int
compare_ids(const ListCell *a, const ListCell *b)
{
	int32		x = ((const ConsumerRow *) lfirst(a))->id;
	int32		y = ((const ConsumerRow *) lfirst(b))->id;

	return (x > y) - (x < y);
}

/* In the order in which they were registered, wherever their rows are. */
static void
read_consumers(OwnTable *table)
{
	List	   *rows = consumer_table_read_from(table, false);
	bool		anyone_is_silent = false;
	ListCell   *cell;

	list_sort(rows, compare_ids);
	read_at = GetCurrentTimestamp();
	consumers = palloc((list_length(rows) + 1) * sizeof(Consumer));
	foreach(cell, rows)
	{
		const ConsumerRow *row = lfirst(cell);
		Consumer   *consumer = &consumers[consumer_count++];

		consumer->id = row->lost_at == 0 ? row->id : 0;
		consumer->target = row->target;
		consumer->target_length = strlen(row->target);
		anyone_is_silent |= is_silent(row, read_at);
	}
	if (anyone_is_silent)
		caretaker_start();
}

static bool
is_known(void)
{
	return state == OWN_TABLE_READY || state == OWN_TABLE_ABSENT;
}

static void
forget(void)
{
	if (context == NULL)
		context = AllocSetContextCreate(CacheMemoryContext, "uncache consumers",
										ALLOCSET_SMALL_SIZES);
	MemoryContextReset(context);
	consumers = NULL;
	consumer_count = 0;
}

static void
rebuild_from(OwnTable *table)
{
	MemoryContext old_context = MemoryContextSwitchTo(context);

	/* Valid before reading: an invalidation that comes meanwhile must win. */
	is_valid = true;
	PG_TRY();
	{
		read_consumers(table);
	}
	PG_CATCH();
	{
		is_valid = false;
		PG_RE_THROW();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(old_context);
}

/* What is merely old is no reason to wait: it is read the next time. */
static void
rebuild(void)
{
	bool		is_old = is_valid && is_known();
	OwnTable	table;

	if (own_table_open(&table, CATALOG_CONSUMERS, OWN_TABLE_SCAN,
					   is_old ? BRIEF_LOCK_NO_WAIT : BRIEF_LOCK_WAIT) == OWN_TABLE_BUSY && is_old)
		return;
	forget();
	consumers_id = catalog_find(CATALOG_CONSUMERS);
	state = table.state;
	strlcpy(problem, table.problem, sizeof(problem));
	tried_by = GetCurrentTransactionStartTimestamp();
	if (state == OWN_TABLE_READY)
	{
		rebuild_from(&table);
		own_table_close(&table);
	}
	else
		is_valid = state == OWN_TABLE_BUSY || state == OWN_TABLE_UNKNOWN;
}

/* The clock is that of the statement: it costs nothing for each row. */
static bool
is_outdated(void)
{
	if (!is_valid)
		return true;
	return is_known() ? GetCurrentStatementStartTimestamp() - read_at > read_again_us() :
		tried_by != GetCurrentTransactionStartTimestamp();
}

/* Takes in invalidations and reads again what is outdated. */
static void
refresh(void)
{
	AcceptInvalidationMessages();
	if (is_outdated())
		rebuild();
}

static const Consumer *
find(const char *target, Size target_length)
{
	int			i;

	refresh();
	for (i = 0; i < consumer_count; i++)
	{
		if (consumers[i].target_length == target_length &&
			memcmp(consumers[i].target, target, target_length) == 0)
			return &consumers[i];
	}
	return NULL;
}

int32
consumer_find(const char *target, Size target_length)
{
	const Consumer *consumer = find(target, target_length);

	if (!is_known())
		return CONSUMER_UNKNOWN;
	return consumer == NULL ? 0 : consumer->id;
}

const char *
consumer_find_problem(bool *passes_by_itself)
{
	refresh();
	*passes_by_itself = state == OWN_TABLE_BUSY;
	return is_known() ? NULL : problem;
}

List *
consumer_list_targets(void)
{
	List	   *targets = NIL;
	int			i;

	refresh();
	for (i = 0; i < consumer_count; i++)
	{
		if (consumers[i].id != 0)
			targets = lappend(targets, pstrdup(consumers[i].target));
	}
	return targets;
}

int32
consumer_get(const char *target)
{
	const Consumer *consumer = find(target, strlen(target));

	if (!is_known())
		own_table_raise(state, problem);
	if (consumer == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("target \"%s\" has no consumer", target),
				 errhint("Call uncache.attach(target) first.")));
	if (consumer->id == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the consumer of target \"%s\" was declared lost", target),
				 errhint("Call uncache.attach(target) again; it resyncs.")));
	return consumer->id;
}

static void
set_consumer_tag(LOCKTAG *tag, int32 id)
{
	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, 0, (uint32) id, LOCK_CLASS_CONSUMER);
}

bool
consumer_is_mine(int32 id)
{
	LOCKTAG		tag;

	set_consumer_tag(&tag, id);
	return compat_lock_held_by_me(&tag, ExclusiveLock);
}

bool
consumer_lock(int32 id)
{
	LOCKTAG		tag;

	if (consumer_is_mine(id))
		return true;
	set_consumer_tag(&tag, id);
	return LockAcquire(&tag, ExclusiveLock, true, true) != LOCKACQUIRE_NOT_AVAIL;
}

/* The process id of the session that has a consumer's lock; 0 if none has. */
static int
find_worker(int32 id)
{
	LockData   *held = GetLockStatusData();
	LOCKTAG		tag;
	int			i;

	set_consumer_tag(&tag, id);
	for (i = 0; i < held->nelements; i++)
	{
		const LockInstanceData *lock = &held->locks[i];

		if (lock->holdMask != 0 && memcmp(&lock->locktag, &tag, sizeof(tag)) == 0)
			return lock->pid;
	}
	return 0;
}

/* lock_consumer(id integer) → boolean */
Datum
uncache_lock_consumer(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(consumer_lock(PG_GETARG_INT32(0)));
}

/* consumer_worker(consumer_id integer) → integer; null if nobody works for it */
Datum
uncache_consumer_worker(PG_FUNCTION_ARGS)
{
	int			pid = find_worker(PG_GETARG_INT32(0));

	if (pid == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32(pid);
}

/* consumers_changed(): tells every backend when this transaction commits */
Datum
uncache_consumers_changed(PG_FUNCTION_ARGS)
{
	/* without a transaction id there is nothing that could send it */
	PreventCommandDuringRecovery("uncache_internal.consumers_changed()");
	CacheInvalidateRelcacheByRelid(catalog_find(CATALOG_CONSUMERS));
	PG_RETURN_VOID();
}
