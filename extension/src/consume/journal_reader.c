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
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/xid8.h"

/*
 * Transactions this near to each other are read in one go, with what is consumed between them: a
 * look-up costs as much as reading some rows.
 */
#define NEAR_XIDS 64

/* Behind more of what is consumed it is looked up where to go on. */
#define SKIPPED_ROWS_MAX 64

/* A scan of one segment, and the row that it is at. */
typedef struct SegmentScan
{
	OwnTable   *segment;
	SysScanDesc scan;
	JournalRow	row;
	bool		has_row;
} SegmentScan;

/* A condition of a scan: a column compared with a value. */
typedef struct Condition
{
	JournalColumn column;
	StrategyNumber strategy;
	RegProcedure function;
	Datum		value;
} Condition;

typedef struct JournalWalk
{
	OwnTable	segments[CATALOG_SEGMENT_COUNT];
	OwnTable   *filled[CATALOG_SEGMENT_COUNT];	/* those with rows */
	int			filled_count;
	const Cursor *from;
	const Cursor *now;
	JournalRowFunction take;
	void	   *argument;
	bool		skips_place;	/* the rest of the transaction that the last
								 * batch ended in is read */
	uint64		stopped_xid;	/* 0, or the transaction at which a scan has
								 * skipped too many rows */
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

/* Goes to a scan's next row. */
static void
advance(SegmentScan *scan)
{
	HeapTuple	tuple = systable_getnext_ordered(scan->scan, ForwardScanDirection);
	bool		nulls[JOURNAL_COLUMN_COUNT];
	JournalRow *row = &scan->row;

	scan->has_row = tuple != NULL;
	if (!scan->has_row)
		return;
	own_table_deform(scan->segment, tuple, row->values, nulls);
	row->xid = U64FromFullTransactionId(DatumGetFullTransactionId(row->values[JOURNAL_COLUMN_XID]));
	row->part = DatumGetInt32(row->values[JOURNAL_COLUMN_PART]);
}

static void
begin_scan(const JournalWalk *walk, SegmentScan *scan, OwnTable *segment, const Condition *conditions)
{
	ScanKeyData keys[2];
	int			i;

	for (i = 0; i < lengthof(keys); i++)
		ScanKeyInit(&keys[i], own_table_attribute(segment, conditions[i].column), conditions[i].strategy,
					conditions[i].function, conditions[i].value);
	scan->segment = segment;
	scan->scan = systable_beginscan_ordered(segment->relation, segment->key_index, GetActiveSnapshot(),
											lengthof(keys), keys);
	advance(scan);
}

static bool
is_before(const JournalRow *row, const JournalRow *other)
{
	return row->xid != other->xid ? row->xid < other->xid : row->part < other->part;
}

/* The scan whose row comes first; NULL if all have ended. */
static SegmentScan *
find_first(SegmentScan *scans, int count)
{
	SegmentScan *first = NULL;
	int			i;

	for (i = 0; i < count; i++)
	{
		if (scans[i].has_row && (first == NULL || is_before(&scans[i].row, &first->row)))
			first = &scans[i];
	}
	return first;
}

/*
 * Is it a row to take?  What lies between transactions that were running when the cursor was made may
 * be consumed.  What this transaction has written early is visible to itself.
 */
static bool
is_new(const JournalWalk *walk, const JournalRow *row)
{
	if (walk->skips_place && row->xid == walk->from->place_xid)
		return false;
	return !journal_reader_is_consumed(walk->from, row->xid, row->part) && !cursor_has_open(walk->now, row->xid);
}

/* Reads the rows that meet two conditions, in order. */
static void
scan(JournalWalk *walk, const Condition *conditions)
{
	SegmentScan scans[CATALOG_SEGMENT_COUNT];
	SegmentScan *first;
	int			skipped_count = 0;
	int			i;

	walk->stopped_xid = 0;
	if (walk->is_ended)
		return;
	for (i = 0; i < walk->filled_count; i++)
		begin_scan(walk, &scans[i], walk->filled[i], conditions);
	while (!walk->is_ended && walk->stopped_xid == 0 &&
		   (first = find_first(scans, walk->filled_count)) != NULL)
	{
		if (is_new(walk, &first->row))
			walk->is_ended = !walk->take(&first->row, walk->argument);
		else if (++skipped_count > SKIPPED_ROWS_MAX)
			walk->stopped_xid = first->row.xid;
		if (!walk->is_ended)
			advance(first);
	}
	for (i = 0; i < walk->filled_count; i++)
		systable_endscan_ordered(scans[i].scan);
}

static Datum
xid_datum(uint64 xid)
{
	return FullTransactionIdGetDatum(FullTransactionIdFromU64(xid));
}

/* The rows of one transaction behind the given part. */
static void
scan_transaction(JournalWalk *walk, uint64 xid, int32 part)
{
	const Condition conditions[] = {
		{JOURNAL_COLUMN_XID, BTEqualStrategyNumber, F_XID8EQ, xid_datum(xid)},
		{JOURNAL_COLUMN_PART, BTGreaterStrategyNumber, F_INT4GT, Int32GetDatum(part)}
	};

	scan(walk, conditions);
}

/* The first transaction behind this one that the cursor has not consumed. */
static uint64
find_open_behind(const Cursor *from, uint64 xid)
{
	size_t		i;

	for (i = 0; i < from->xip_count; i++)
	{
		if (from->xip[i] > xid)
			return from->xip[i];
	}
	return Max(xid + 1, from->xmax);
}

/* From one transaction on to another that is left out, of those that the snapshot can see. */
static void
scan_range(JournalWalk *walk, uint64 begin, uint64 end)
{
	end = Min(end, walk->now->xmax);
	while (begin < end && !walk->is_ended)
	{
		const Condition conditions[] = {
			{JOURNAL_COLUMN_XID, BTGreaterEqualStrategyNumber, F_XID8GE, xid_datum(begin)},
			{JOURNAL_COLUMN_XID, BTLessStrategyNumber, F_XID8LT, xid_datum(end)}
		};

		scan(walk, conditions);
		begin = walk->stopped_xid == 0 ? end : find_open_behind(walk->from, walk->stopped_xid);
	}
}

/*
 * What was running when the cursor was made and has ended, and what came later: in ranges between
 * which there is enough to leave out.
 */
static void
scan_open(JournalWalk *walk)
{
	const Cursor *from = walk->from;
	uint64		begin = 0;		/* of the range; 0: none was begun */
	uint64		end = 0;
	size_t		i;

	for (i = 0; i < from->xip_count; i++)
	{
		uint64		xid = from->xip[i];

		if (cursor_has_open(walk->now, xid))
			continue;
		if (begin != 0 && xid - end > NEAR_XIDS)
		{
			scan_range(walk, begin, end);
			begin = 0;
		}
		begin = begin == 0 ? xid : begin;
		end = xid + 1;
	}
	if (begin != 0 && from->xmax - end > NEAR_XIDS)
	{
		scan_range(walk, begin, end);
		begin = 0;
	}
	scan_range(walk, begin == 0 ? from->xmax : begin, walk->now->xmax);
}

/* What the active snapshot sees stands where the file reached when that was taken. */
static void
open_segments(JournalWalk *walk)
{
	int			i;

	for (i = 0; i < CATALOG_SEGMENT_COUNT; i++)
	{
		OwnTable   *segment = &walk->segments[i];

		own_table_open_or_raise(segment, catalog_segment(i), OWN_TABLE_LOOK_UP);
		if (RelationGetNumberOfBlocks(segment->relation) > 0)
			walk->filled[walk->filled_count++] = segment;
	}
}

void
journal_reader_walk(const Cursor *from, const Cursor *now, JournalRowFunction take, void *argument)
{
	JournalWalk walk = {.from = from,.now = now,.take = take,.argument = argument};
	int			i;

	open_segments(&walk);

	/*
	 * the transaction that the last batch ended in comes first, so that it is
	 * never begun again
	 */
	if (from->place_xid != 0)
	{
		scan_transaction(&walk, from->place_xid, from->place_part);
		walk.skips_place = true;
	}
	scan_open(&walk);
	for (i = 0; i < CATALOG_SEGMENT_COUNT; i++)
		own_table_close(&walk.segments[i]);
}
