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

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog.h"
#include "compat.h"
#include "consumer.h"
#include "lock_class.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

typedef struct Consumer
{
	int32		id;
	char	   *target;
	Size		target_length;
} Consumer;

/* The backend's cache; consumers lives in context. */
static MemoryContext context = NULL;
static Consumer *consumers = NULL;
static int	consumer_count = 0;
static Oid	consumers_id = InvalidOid;
static bool is_valid = false;

PG_FUNCTION_INFO_V1(uncache_consumers_changed);
PG_FUNCTION_INFO_V1(uncache_lock_consumer);

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

static void
read_consumers(Relation relation)
{
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	SysScanDesc scan = systable_beginscan(relation, InvalidOid, false, snapshot, 0, NULL);
	HeapTuple	tuple;

	while ((tuple = systable_getnext(scan)) != NULL)
	{
		TupleDesc	desc = RelationGetDescr(relation);
		Consumer   *consumer;
		bool		is_null;

		if (consumer_count % 8 == 0)
			consumers = consumer_count == 0 ?
				palloc(8 * sizeof(Consumer)) :
				repalloc(consumers, (consumer_count + 8) * sizeof(Consumer));
		consumer = &consumers[consumer_count];
		consumer->id = DatumGetInt32(heap_getattr(tuple, CONSUMER_ID, desc, &is_null));
		consumer->target =
			TextDatumGetCString(heap_getattr(tuple, CONSUMER_TARGET, desc, &is_null));
		consumer->target_length = strlen(consumer->target);
		consumer_count++;
	}
	systable_endscan(scan);
	UnregisterSnapshot(snapshot);
}

static void
rebuild(void)
{
	MemoryContext old_context;
	Relation	relation;

	if (context == NULL)
		context = AllocSetContextCreate(CacheMemoryContext, "uncache consumers",
										ALLOCSET_SMALL_SIZES);
	MemoryContextReset(context);
	consumers = NULL;
	consumer_count = 0;
	consumers_id = catalog_consumers_id();
	if (!OidIsValid(consumers_id))
		return;

	/* Valid before reading: an invalidation that comes meanwhile must win. */
	relation = table_open(consumers_id, AccessShareLock);
	is_valid = true;
	old_context = MemoryContextSwitchTo(context);
	PG_TRY();
	{
		read_consumers(relation);
	}
	PG_CATCH();
	{
		is_valid = false;
		PG_RE_THROW();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(old_context);
	table_close(relation, AccessShareLock);
}

int32
consumer_find(const char *target, Size target_length)
{
	int			i;

	AcceptInvalidationMessages();
	if (!is_valid)
		rebuild();
	for (i = 0; i < consumer_count; i++)
	{
		if (consumers[i].target_length == target_length &&
			memcmp(consumers[i].target, target, target_length) == 0)
			return consumers[i].id;
	}
	return 0;
}

List *
consumer_list_targets(void)
{
	List	   *targets = NIL;
	int			i;

	AcceptInvalidationMessages();
	if (!is_valid)
		rebuild();
	for (i = 0; i < consumer_count; i++)
		targets = lappend(targets, pstrdup(consumers[i].target));
	return targets;
}

int32
consumer_get(const char *target)
{
	int32		id = consumer_find(target, strlen(target));

	if (id == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("target \"%s\" has no consumer", target),
				 errhint("Call uncache.attach(target) first.")));
	return id;
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

/* lock_consumer(id integer) → boolean */
Datum
uncache_lock_consumer(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(consumer_lock(PG_GETARG_INT32(0)));
}

/* consumers_changed(): tells every backend when this transaction commits */
Datum
uncache_consumers_changed(PG_FUNCTION_ARGS)
{
	CacheInvalidateRelcacheByRelid(catalog_consumers_id());
	PG_RETURN_VOID();
}
