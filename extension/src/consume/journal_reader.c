/*-------------------------------------------------------------------------
 *
 * journal_reader.c
 *	  Walks the journal rows that a snapshot sees and a cursor does not.
 *
 * Index scans by hand: no statistics, setting or old snapshot can make the
 * planner choose anything else.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/skey.h"
#include "access/xact.h"
#include "base/compat.h"
#include "consume/journal_reader.h"
#include "own/own_table.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/xid8.h"

typedef struct JournalWalk
{
	OwnTable	journal;
	const Cursor *now;
	JournalRowFunction take;
	void	   *argument;
	bool		is_ended;		/* take wants no more */
} JournalWalk;

Cursor *
journal_reader_parse_cursor(const char *string)
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

Cursor *
journal_reader_active_snapshot(void)
{
	Datum		snapshot = OidFunctionCall0(F_PG_CURRENT_SNAPSHOT);
	Cursor	   *cursor;
	Oid			output_id;
	bool		is_varlena;

	getTypeOutputInfo(get_func_rettype(F_PG_CURRENT_SNAPSHOT), &output_id, &is_varlena);
	cursor = journal_reader_parse_cursor(OidOutputFunctionCall(output_id, snapshot));
	add_own_transaction(cursor);
	return cursor;
}

bool
journal_reader_is_consumed(const Cursor *cursor, uint64 xid, int32 part)
{
	if (xid == cursor->place_xid)
		return part <= cursor->place_part;
	return !cursor_has_open(cursor, xid);
}

bool
journal_reader_is_for(const JournalRow *row, const char *target)
{
	text	   *name = DatumGetTextPP(row->values[JOURNAL_COLUMN_TARGET]);
	Size		length = strlen(target);

	return VARSIZE_ANY_EXHDR(name) == length &&
		memcmp(VARDATA_ANY(name), target, length) == 0;
}

static void
take_row(JournalWalk *walk, HeapTuple tuple)
{
	bool		nulls[JOURNAL_COLUMN_COUNT];
	JournalRow	row;

	own_table_deform(&walk->journal, tuple, row.values, nulls);
	row.xid = U64FromFullTransactionId(DatumGetFullTransactionId(row.values[JOURNAL_COLUMN_XID]));
	row.part = DatumGetInt32(row.values[JOURNAL_COLUMN_PART]);

	/* what this transaction has written early is visible to itself */
	if (!cursor_has_open(walk->now, row.xid))
		walk->is_ended = !walk->take(&row, walk->argument);
}

/* Reads rows in the index's order. */
static void
scan(JournalWalk *walk, ScanKey keys, int key_count)
{
	SysScanDesc scan_desc;
	HeapTuple	tuple;

	if (walk->is_ended)
		return;
	scan_desc = systable_beginscan_ordered(walk->journal.relation, walk->journal.key_index,
										   GetActiveSnapshot(), key_count, keys);
	while (!walk->is_ended &&
		   (tuple = systable_getnext_ordered(scan_desc, ForwardScanDirection)) != NULL)
		take_row(walk, tuple);
	systable_endscan_ordered(scan_desc);
}

/* The rows of one transaction behind the given part. */
static void
scan_transaction(JournalWalk *walk, uint64 xid, int32 part)
{
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], own_table_attribute(&walk->journal, JOURNAL_COLUMN_XID), BTEqualStrategyNumber, F_XID8EQ,
				FullTransactionIdGetDatum(FullTransactionIdFromU64(xid)));
	ScanKeyInit(&keys[1], own_table_attribute(&walk->journal, JOURNAL_COLUMN_PART), BTGreaterStrategyNumber, F_INT4GT,
				Int32GetDatum(part));
	scan(walk, keys, 2);
}

/* From a transaction on to the last one that the snapshot can see. */
static void
scan_from_xid(JournalWalk *walk, uint64 xid)
{
	ScanKeyData keys[2];

	if (xid >= walk->now->xmax)
		return;
	ScanKeyInit(&keys[0], own_table_attribute(&walk->journal, JOURNAL_COLUMN_XID), BTGreaterEqualStrategyNumber, F_XID8GE,
				FullTransactionIdGetDatum(FullTransactionIdFromU64(xid)));
	ScanKeyInit(&keys[1], own_table_attribute(&walk->journal, JOURNAL_COLUMN_XID), BTLessStrategyNumber, F_XID8LT,
				FullTransactionIdGetDatum(FullTransactionIdFromU64(walk->now->xmax)));
	scan(walk, keys, 2);
}

/*
 * The rest of the transaction that the last batch ended in, what was running
 * when the cursor was made, what came later.
 */
static void
walk_journal(JournalWalk *walk, const Cursor *from)
{
	size_t		i;

	if (from->place_xid != 0)
		scan_transaction(walk, from->place_xid, from->place_part);
	for (i = 0; i < from->xip_count; i++)
	{
		if (from->xip[i] != from->place_xid && !cursor_has_open(walk->now, from->xip[i]))
			scan_transaction(walk, from->xip[i], -1);
	}
	scan_from_xid(walk, from->xmax + (from->place_xid == from->xmax ? 1 : 0));
}

void
journal_reader_walk(const Cursor *from, const Cursor *now, JournalRowFunction take, void *argument)
{
	JournalWalk walk = {.now = now,.take = take,.argument = argument};

	own_table_open_or_raise(&walk.journal, CATALOG_JOURNAL, OWN_TABLE_LOOK_UP);
	walk_journal(&walk, from);
	own_table_close(&walk.journal);
}
