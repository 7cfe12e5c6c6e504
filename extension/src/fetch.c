/*-------------------------------------------------------------------------
 *
 * fetch.c
 *	  Reads the journal from a consumer's cursor on.
 *
 * Everything is read under one snapshot, from which the next cursor is made.
 * Index scans by hand: no statistics, setting or old snapshot can make the
 * planner choose anything else.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/skey.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog.h"
#include "compat.h"
#include "consumer.h"
#include "cursor.h"
#include "doorbell.h"
#include "result_set.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/xid8.h"

PG_FUNCTION_INFO_V1(uncache_fetch);
PG_FUNCTION_INFO_V1(uncache_check_ack);
PG_FUNCTION_INFO_V1(uncache_cursor_has_consumed);

/* Columns of fetch()'s result. */
enum
{
	RESULT_AT,
	RESULT_ACTION,
	RESULT_KEYS,
	RESULT_CURSOR,
	RESULT_COLUMN_COUNT
};

typedef struct Fetch
{
	Relation	journal;
	Relation	index;
	Snapshot	snapshot;
	const char *target;
	ResultSet	result;
	Size		max_bytes;
	Size		bytes;			/* of the keys read so far */
	bool		is_full;		/* stopped behind (stop_xid, stop_part) */
	uint64		stop_xid;
	int32		stop_part;
} Fetch;

static Cursor *
parse_cursor(const char *string)
{
	Cursor	   *cursor = palloc0(sizeof(Cursor));

	cursor->xip = palloc(cursor_xip_bound(string) * sizeof(uint64));
	if (!cursor_parse(string, cursor))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid cursor: \"%s\"", string),
				 errhint("Pass what uncache.attach() or uncache.fetch() returned.")));
	return cursor;
}

static char *
format_cursor(const Cursor *cursor)
{
	Size		bytes = cursor_format(cursor, NULL, 0) + 1;
	char	   *string = palloc(bytes);

	cursor_format(cursor, string, bytes);
	return string;
}

/* A snapshot does not list the transaction that took it, which has not ended. */
static void
add_own_transaction(Cursor *cursor)
{
	uint64		xid = U64FromFullTransactionId(GetTopFullTransactionIdIfAny());
	size_t		i;

	if (xid == 0 || cursor_has_open(cursor, xid))
		return;
	cursor->xip = repalloc(cursor->xip, (cursor->xip_count + 1) * sizeof(uint64));
	for (i = cursor->xip_count++; i > 0 && cursor->xip[i - 1] > xid; i--)
		cursor->xip[i] = cursor->xip[i - 1];
	cursor->xip[i] = xid;
}

/* The active snapshot as a cursor: which transactions have ended for it. */
static Cursor *
active_snapshot(void)
{
	Datum		snapshot = OidFunctionCall0(F_PG_CURRENT_SNAPSHOT);
	Cursor	   *cursor;
	Oid			output_id;
	bool		is_varlena;

	getTypeOutputInfo(get_func_rettype(F_PG_CURRENT_SNAPSHOT), &output_id, &is_varlena);
	cursor = parse_cursor(OidOutputFunctionCall(output_id, snapshot));
	add_own_transaction(cursor);
	return cursor;
}

/* Puts a journal row into the result if it is this target's. */
static void
take_row(Fetch *fetch, HeapTuple tuple)
{
	TupleDesc	desc = RelationGetDescr(fetch->journal);
	Datum		values[JOURNAL_COLUMN_COUNT];
	bool		nulls[JOURNAL_COLUMN_COUNT];
	Datum		row[RESULT_COLUMN_COUNT] = {0};
	bool		row_nulls[RESULT_COLUMN_COUNT] = {[RESULT_CURSOR] = true};
	text	   *target;

	heap_deform_tuple(tuple, desc, values, nulls);
	target = DatumGetTextPP(values[JOURNAL_TARGET - 1]);
	if (VARSIZE_ANY_EXHDR(target) != strlen(fetch->target) ||
		memcmp(VARDATA_ANY(target), fetch->target, strlen(fetch->target)) != 0)
		return;
	row[RESULT_AT] = values[JOURNAL_AT - 1];
	row[RESULT_ACTION] = values[JOURNAL_ACTION - 1];
	row[RESULT_KEYS] = values[JOURNAL_KEYS - 1];
	result_set_add(&fetch->result, row, row_nulls);

	fetch->bytes += toast_raw_datum_size(values[JOURNAL_KEYS - 1]);
	if (fetch->bytes >= fetch->max_bytes)
	{
		fetch->is_full = true;
		fetch->stop_xid =
			U64FromFullTransactionId(DatumGetFullTransactionId(values[JOURNAL_XID - 1]));
		fetch->stop_part = DatumGetInt32(values[JOURNAL_PART - 1]);
	}
}

/* Reads rows in the index's order until the batch is full. */
static void
scan(Fetch *fetch, ScanKey keys, int key_count)
{
	SysScanDesc scan_desc;
	HeapTuple	tuple;

	if (fetch->is_full)
		return;
	scan_desc = systable_beginscan_ordered(fetch->journal, fetch->index,
										   fetch->snapshot, key_count, keys);
	while (!fetch->is_full &&
		   (tuple = systable_getnext_ordered(scan_desc, ForwardScanDirection)) != NULL)
		take_row(fetch, tuple);
	systable_endscan_ordered(scan_desc);
}

static void
scan_from_xid(Fetch *fetch, uint64 xid, StrategyNumber strategy, RegProcedure operator)
{
	ScanKeyData key;

	ScanKeyInit(&key, JOURNAL_XID, strategy, operator,
				FullTransactionIdGetDatum(FullTransactionIdFromU64(xid)));
	scan(fetch, &key, 1);
}

/* The rows of one transaction behind the given part. */
static void
scan_transaction(Fetch *fetch, uint64 xid, int32 part)
{
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], JOURNAL_XID, BTEqualStrategyNumber, F_XID8EQ,
				FullTransactionIdGetDatum(FullTransactionIdFromU64(xid)));
	ScanKeyInit(&keys[1], JOURNAL_PART, BTGreaterStrategyNumber, F_INT4GT,
				Int32GetDatum(part));
	scan(fetch, keys, 2);
}

/*
 * Everything that the snapshot sees and the cursor does not, in the order that
 * cursor_advance() is told of: the rest of the transaction that the last batch
 * ended in, what was running when the cursor was made, what came later.
 */
static void
read_journal(Fetch *fetch, const Cursor *from, const Cursor *now)
{
	size_t		i;

	if (from->place_xid != 0)
		scan_transaction(fetch, from->place_xid, from->place_part);
	for (i = 0; i < from->xip_count; i++)
	{
		if (from->xip[i] != from->place_xid && !cursor_has_open(now, from->xip[i]))
			scan_transaction(fetch, from->xip[i], -1);
	}
	if (from->place_xid == from->xmax)
		scan_from_xid(fetch, from->xmax, BTGreaterStrategyNumber, F_XID8GT);
	else
		scan_from_xid(fetch, from->xmax, BTGreaterEqualStrategyNumber, F_XID8GE);
}

static void
add_cursor_row(Fetch *fetch, const Cursor *from, const Cursor *now)
{
	Datum		row[RESULT_COLUMN_COUNT] = {0};
	bool		nulls[RESULT_COLUMN_COUNT] = {true, true, true, false};
	Cursor		next;

	next.xip = palloc((from->xip_count + now->xip_count + 1) * sizeof(uint64));
	cursor_advance(from, now, fetch->stop_xid, fetch->stop_part, &next);
	row[RESULT_CURSOR] = CStringGetTextDatum(format_cursor(&next));
	result_set_add(&fetch->result, row, nulls);
}

static void
check_is_mine(const char *target, int32 consumer_id)
{
	if (!consumer_is_mine(consumer_id))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("this session does not work for target \"%s\"", target),
				 errhint("Call uncache.attach(target) in the same session, not through a transaction-pooling proxy.")));
}

/* fetch(target text, cursor text, max_bytes integer, sleep boolean) */
Datum
uncache_fetch(PG_FUNCTION_ARGS)
{
	char	   *target = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Cursor	   *from = parse_cursor(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	int32		max_bytes = PG_GETARG_INT32(2);
	bool		sleep = PG_GETARG_BOOL(3);
	int32		consumer_id = consumer_get(target);
	Fetch		fetch = {.target = target,.max_bytes = (Size) Max(max_bytes, 1)};
	Cursor	   *now;

	check_is_mine(target, consumer_id);
	fetch.result = result_set_begin(fcinfo);

	/* Arm first, look afterwards: the other order has a gap. */
	if (sleep)
		doorbell_arm(consumer_id);
	fetch.journal = table_open(catalog_journal_id(), AccessShareLock);
	fetch.index = index_open(catalog_journal_index_id(), AccessShareLock);
	PushActiveSnapshot(GetLatestSnapshot());
	fetch.snapshot = GetActiveSnapshot();
	now = active_snapshot();
	read_journal(&fetch, from, now);
	PopActiveSnapshot();
	index_close(fetch.index, AccessShareLock);
	table_close(fetch.journal, AccessShareLock);
	if (!sleep || fetch.bytes > 0)
		doorbell_disarm(consumer_id);

	add_cursor_row(&fetch, from, now);
	PG_RETURN_NULL();
}

/*
 * check_ack(target text, cursor text): raises unless the session has the
 * consumer's lock and the cursor is one that a fetch could have returned
 */
Datum
uncache_check_ack(PG_FUNCTION_ARGS)
{
	char	   *target = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *string = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Cursor	   *cursor = parse_cursor(string);

	check_is_mine(target, consumer_get(target));
	if (cursor->xmax > U64FromFullTransactionId(ReadNextFullTransactionId()))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cursor \"%s\" lies in the future", string)));
	PG_RETURN_VOID();
}

/* cursor_has_consumed(cursor text, xid xid8, part integer) → boolean */
Datum
uncache_cursor_has_consumed(PG_FUNCTION_ARGS)
{
	Cursor	   *cursor = parse_cursor(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	uint64		xid = U64FromFullTransactionId(PG_GETARG_FULLTRANSACTIONID(1));

	if (xid == cursor->place_xid)
		PG_RETURN_BOOL(PG_GETARG_INT32(2) <= cursor->place_part);
	PG_RETURN_BOOL(!cursor_has_open(cursor, xid));
}
