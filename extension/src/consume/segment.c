/*-------------------------------------------------------------------------
 *
 * segment.c
 *	  The segments of the journal: which one takes rows, and how one is emptied.
 *
 * Why nothing is lost with an emptied segment: whoever has written to it holds his lock on it until
 * he has ended, as he does when he is prepared.  So under a lock that excludes all others nobody is
 * in the middle of it, and all rows there are of transactions that every consumer and every position
 * has consumed (the horizon, see trim(), never moves back).  Whoever comes later finds an empty
 * table.  A reader that waited for the lock with an older snapshot misses nothing but such rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/skey.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "base/compat.h"
#include "commands/trigger.h"
#include "consume/segment.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "own/own_scan.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/xid8.h"

PG_FUNCTION_INFO_V1(uncache_segment_count);
PG_FUNCTION_INFO_V1(uncache_segment_has_rows);
PG_FUNCTION_INFO_V1(uncache_segments_changed);
PG_FUNCTION_INFO_V1(uncache_segment_last_xid);
PG_FUNCTION_INFO_V1(uncache_empty_segment);

/* What the backend knows: the index of the current segment. */
static int	current = 0;
static bool is_valid = false;
static Oid	segments_id = InvalidOid;

/* The segment that a transaction has written to. */
static FullTransactionId written_by;
static int	written = 0;

static void
relcache_callback(Datum arg, Oid relation_id)
{
	if (relation_id == InvalidOid || relation_id == segments_id)
		is_valid = false;
}

void
segment_init(void)
{
	CacheRegisterRelcacheCallback(relcache_callback, (Datum) 0);
}

/* --- the current one --- */

/* The index of the segment that was opened last and is not closed; -1 if there is none. */
static int
read_current(OwnTable *table)
{
	OwnScan		scan = own_scan_begin(table->relation, InvalidOid, 0, NULL);
	TimestampTz last = DT_NOBEGIN;
	int			result = -1;
	HeapTuple	tuple;

	while ((tuple = own_scan_next(&scan)) != NULL)
	{
		Datum		values[SEGMENT_COLUMN_COUNT];
		bool		nulls[SEGMENT_COLUMN_COUNT];
		int32		number;

		own_table_deform(table, tuple, values, nulls);
		if (nulls[SEGMENT_COLUMN_NUMBER] || nulls[SEGMENT_COLUMN_OPENED_AT] || !nulls[SEGMENT_COLUMN_CLOSED_AT])
			continue;
		number = DatumGetInt32(values[SEGMENT_COLUMN_NUMBER]);
		if (number < 1 || number > CATALOG_SEGMENT_COUNT ||
			DatumGetTimestampTz(values[SEGMENT_COLUMN_OPENED_AT]) < last)
			continue;
		last = DatumGetTimestampTz(values[SEGMENT_COLUMN_OPENED_AT]);
		result = number - 1;
	}
	own_scan_end(&scan);
	return result;
}

/* Where that cannot be read now, what is known does as well. */
static void
refresh_current(void)
{
	OwnTable	table;

	if (is_valid)
		return;
	segments_id = catalog_find(CATALOG_SEGMENTS);
	is_valid = true;
	if (own_table_open(&table, CATALOG_SEGMENTS, OWN_TABLE_SCAN, BRIEF_LOCK_NO_WAIT) == OWN_TABLE_READY)
	{
		current = Max(read_current(&table), 0);
		own_table_close(&table);
	}
	else if (table.state == OWN_TABLE_BUSY)
		is_valid = false;
}

/* --- writing --- */

static int
choose(void)
{
	FullTransactionId xid = GetTopFullTransactionIdIfAny();

	if (FullTransactionIdIsValid(xid) && FullTransactionIdEquals(xid, written_by))
		return written;
	refresh_current();
	return current;
}

static OwnTableState
open_one(OwnTable *table, int index, BriefLockWait wait)
{
	if (own_table_open(table, catalog_segment(index), OWN_TABLE_INSERT, wait) == OWN_TABLE_READY)
	{
		written_by = GetTopFullTransactionId();
		written = index;
	}
	return table->state;
}

OwnTableState
segment_open(OwnTable *table)
{
	int			first = choose();
	int			i;

	for (i = 0; i < CATALOG_SEGMENT_COUNT; i++)
	{
		if (open_one(table, (first + i) % CATALOG_SEGMENT_COUNT, BRIEF_LOCK_NO_WAIT) != OWN_TABLE_BUSY)
			return table->state;
	}
	return open_one(table, first, BRIEF_LOCK_WAIT);
}

/* --- emptying --- */

/*
 * Is there a row of a transaction from the horizon on?  Whether it was committed does not
 * matter, nor do rows of transactions that are still to begin, which came from another server.
 */
static bool
has_row_behind(OwnTable *table, FullTransactionId horizon)
{
	AttrNumber	attribute = own_table_attribute(table, JOURNAL_COLUMN_XID);
	ScanKeyData keys[2];
	SysScanDesc scan;
	bool		result;

	ScanKeyInit(&keys[0], attribute, BTGreaterEqualStrategyNumber, F_XID8GE, FullTransactionIdGetDatum(horizon));
	ScanKeyInit(&keys[1], attribute, BTLessStrategyNumber, F_XID8LT,
				FullTransactionIdGetDatum(ReadNextFullTransactionId()));
	scan = systable_beginscan_ordered(table->relation, table->key_index, SnapshotAny, 2, keys);
	result = systable_getnext_ordered(scan, ForwardScanDirection) != NULL;
	systable_endscan_ordered(scan);
	return result;
}

static bool
lock_indexes(const OwnTable *table)
{
	List	   *index_ids = RelationGetIndexList(table->relation);
	bool		result = true;
	ListCell   *cell;

	foreach(cell, index_ids)
		result = result && brief_lock(lfirst_oid(cell), AccessExclusiveLock, BRIEF_LOCK_NO_WAIT);
	list_free(index_ids);
	return result;
}

static bool
lock_toast_table(const OwnTable *table)
{
	Oid			id = table->relation->rd_rel->reltoastrelid;

	return !OidIsValid(id) || brief_lock(id, AccessExclusiveLock, BRIEF_LOCK_NO_WAIT);
}

/* Does this session itself read it at present?  It is open once, by us. */
static bool
is_in_use(Relation relation)
{
	return relation->rd_refcnt > 1 || AfterTriggerPendingOnRel(RelationGetRelid(relation));
}

/* One that is locked may have some, as far as anybody can tell without waiting. */
static bool
may_have_rows(Oid relation_id)
{
	Relation	relation;
	bool		result = false;

	if (!brief_lock(relation_id, AccessShareLock, BRIEF_LOCK_NO_WAIT))
		return true;
	relation = try_relation_open(relation_id, NoLock);
	if (relation != NULL)
	{
		result = RelationGetNumberOfBlocks(relation) > 0;
		relation_close(relation, NoLock);
	}
	UnlockRelationOid(relation_id, AccessShareLock);
	return result;
}

/* Is there no row that may be wanted?  If is_locked, against everybody, all that belongs to it is locked as well. */
static bool
is_unwanted(CatalogTable id, FullTransactionId horizon, bool is_locked)
{
	OwnTable	table;
	bool		result;

	if (own_table_open(&table, id, OWN_TABLE_LOOK_UP, BRIEF_LOCK_NO_WAIT) != OWN_TABLE_READY)
		return false;
	result = !is_in_use(table.relation) && !has_row_behind(&table, horizon) &&
		(!is_locked || (lock_indexes(&table) && lock_toast_table(&table)));
	own_table_close(&table);
	return result;
}

/* As TRUNCATE does, but for subscribers, whose journal is their own. */
static void
empty(Oid relation_id)
{
	Relation	relation = table_open(relation_id, NoLock);

	compat_truncate(relation);
	table_close(relation, NoLock);
}

/* Has this transaction rows in it? */
static bool
has_written(Oid relation_id)
{
	LOCKTAG		tag;

	SET_LOCKTAG_RELATION(tag, MyDatabaseId, relation_id);
	return compat_lock_held_by_me(&tag, RowExclusiveLock);
}

static CatalogTable
get_segment(int32 number)
{
	if (number < 1 || number > CATALOG_SEGMENT_COUNT)
		elog(ERROR, "the journal has no segment %d", number);
	return catalog_segment(number - 1);
}

/*
 * empty_segment(number integer, horizon xid8) → boolean: whether it is empty now.  Waits for nobody; with
 * a row of this transaction it is as in use.  Looks first, so that nobody, be it on a standby, meets the
 * lock for nothing while a consumer is behind.
 */
Datum
uncache_empty_segment(PG_FUNCTION_ARGS)
{
	CatalogTable id = get_segment(PG_GETARG_INT32(0));
	FullTransactionId horizon = PG_GETARG_FULLTRANSACTIONID(1);
	Oid			relation_id = catalog_find(id);

	if (!OidIsValid(relation_id))
		PG_RETURN_BOOL(false);
	if (!may_have_rows(relation_id))
		PG_RETURN_BOOL(true);
	if (has_written(relation_id) || !is_unwanted(id, horizon, false) ||
		!brief_lock(relation_id, AccessExclusiveLock, BRIEF_LOCK_NO_WAIT))
		PG_RETURN_BOOL(false);
	if (is_unwanted(id, horizon, true))
	{
		empty(relation_id);
		PG_RETURN_BOOL(true);
	}
	UnlockRelationOid(relation_id, AccessExclusiveLock);
	PG_RETURN_BOOL(false);
}

/* segment_has_rows(number integer) → boolean; it may be that nobody sees them, or that it is locked */
Datum
uncache_segment_has_rows(PG_FUNCTION_ARGS)
{
	Oid			relation_id = catalog_find(get_segment(PG_GETARG_INT32(0)));

	PG_RETURN_BOOL(OidIsValid(relation_id) && may_have_rows(relation_id));
}

/* The last transaction with a row there, as has_row_behind() counts them; 0 if there is none. */
static uint64
find_last_xid(OwnTable *table)
{
	AttrNumber	attribute = own_table_attribute(table, JOURNAL_COLUMN_XID);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	uint64		result = 0;

	ScanKeyInit(&key, attribute, BTLessStrategyNumber, F_XID8LT,
				FullTransactionIdGetDatum(ReadNextFullTransactionId()));
	scan = systable_beginscan_ordered(table->relation, table->key_index, SnapshotAny, 1, &key);
	tuple = systable_getnext_ordered(scan, BackwardScanDirection);
	if (tuple != NULL)
	{
		Datum		values[JOURNAL_COLUMN_COUNT];
		bool		nulls[JOURNAL_COLUMN_COUNT];

		own_table_deform(table, tuple, values, nulls);
		result = U64FromFullTransactionId(DatumGetFullTransactionId(values[JOURNAL_COLUMN_XID]));
	}
	systable_endscan_ordered(scan);
	return result;
}

/* segment_last_xid(number integer) → xid8; waits for nobody */
Datum
uncache_segment_last_xid(PG_FUNCTION_ARGS)
{
	OwnTable	table;
	uint64		xid;

	if (own_table_open(&table, get_segment(PG_GETARG_INT32(0)), OWN_TABLE_LOOK_UP, BRIEF_LOCK_NO_WAIT) !=
		OWN_TABLE_READY)
		PG_RETURN_NULL();
	xid = find_last_xid(&table);
	own_table_close(&table);
	if (xid == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(FullTransactionIdGetDatum(FullTransactionIdFromU64(xid)));
}

/* segment_count() → integer */
Datum
uncache_segment_count(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(CATALOG_SEGMENT_COUNT);
}

/* segments_changed(): tells every backend when this transaction commits */
Datum
uncache_segments_changed(PG_FUNCTION_ARGS)
{
	PreventCommandDuringRecovery("uncache_internal.segments_changed()");
	CacheInvalidateRelcacheByRelid(catalog_find(CATALOG_SEGMENTS));
	PG_RETURN_VOID();
}
