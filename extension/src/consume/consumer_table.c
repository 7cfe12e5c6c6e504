/*-------------------------------------------------------------------------
 *
 * consumer_table.c
 *	  Reads uncache.consumers, below the privilege system.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/skey.h"
#include "consume/consumer_table.h"
#include "miscadmin.h"
#include "own/catalog.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

typedef struct Columns
{
	Datum		values[CONSUMER_COLUMN_COUNT];
	bool		nulls[CONSUMER_COLUMN_COUNT];
} Columns;

static char *
get_text(const Columns *columns, ConsumerColumn column)
{
	return columns->nulls[column] ? NULL : TextDatumGetCString(columns->values[column]);
}

static TimestampTz
get_time(const Columns *columns, ConsumerColumn column)
{
	return columns->nulls[column] ? 0 : DatumGetTimestampTz(columns->values[column]);
}

/* NULL for a row that no version of the extension makes. */
static ConsumerRow *
make_row(OwnTable *table, HeapTuple tuple, bool is_whole)
{
	ConsumerRow *row;
	Columns		columns;

	own_table_deform(table, tuple, columns.values, columns.nulls);
	if (columns.nulls[CONSUMER_COLUMN_ID] || columns.nulls[CONSUMER_COLUMN_TARGET])
		return NULL;
	row = palloc0(sizeof(ConsumerRow));
	row->id = DatumGetInt32(columns.values[CONSUMER_COLUMN_ID]);
	row->target = get_text(&columns, CONSUMER_COLUMN_TARGET);
	row->registered_at = get_time(&columns, CONSUMER_COLUMN_REGISTERED_AT);
	row->acked_at = get_time(&columns, CONSUMER_COLUMN_ACKED_AT);
	row->lost_at = get_time(&columns, CONSUMER_COLUMN_LOST_AT);
	row->checked_at = get_time(&columns, CONSUMER_COLUMN_CHECKED_AT);
	if (is_whole)
	{
		row->cursor = get_text(&columns, CONSUMER_COLUMN_CURSOR);
		row->resync_reason = get_text(&columns, CONSUMER_COLUMN_RESYNC_REASON);
		row->identity = get_text(&columns, CONSUMER_COLUMN_IDENTITY);
	}
	return row;
}

static List *
read_all(OwnTable *table, Snapshot snapshot, bool is_whole)
{
	SysScanDesc scan = systable_beginscan(table->relation, InvalidOid, false, snapshot, 0, NULL);
	List	   *rows = NIL;
	HeapTuple	tuple;

	while ((tuple = systable_getnext(scan)) != NULL)
	{
		ConsumerRow *row = make_row(table, tuple, is_whole);

		if (row != NULL)
			rows = lappend(rows, row);
	}
	systable_endscan(scan);
	return rows;
}

/* The row of the last consumer below an id; false if there is none. */
static bool
read_last_below(OwnTable *table, Snapshot snapshot, int32 id, bool is_whole, ConsumerRow **row)
{
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, own_table_attribute(table, CONSUMER_COLUMN_ID), BTLessStrategyNumber, F_INT4LT,
				Int32GetDatum(id));
	scan = systable_beginscan_ordered(table->relation, table->key_index, snapshot, 1, &key);
	tuple = systable_getnext_ordered(scan, BackwardScanDirection);
	if (tuple != NULL)
		*row = make_row(table, tuple, is_whole);
	systable_endscan_ordered(scan);
	return tuple != NULL;
}

/*
 * From the last consumer to the first.  Of the versions of a row that an old snapshot keeps
 * those are in the index that went to another page, in the order of pages, so that
 * backwards the newest is found at once, however many there are.
 */
static List *
read_by_index(OwnTable *table, Snapshot snapshot, bool is_whole)
{
	List	   *rows = NIL;
	int32		id = PG_INT32_MAX;
	ConsumerRow *row;

	while (read_last_below(table, snapshot, id, is_whole, &row))
	{
		CHECK_FOR_INTERRUPTS();
		if (row == NULL)
			return read_all(table, snapshot, is_whole);
		rows = lappend(rows, row);
		id = row->id;
	}
	return rows;
}

List *
consumer_table_read_from(OwnTable *table, bool is_whole)
{
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	List	   *rows = table->key_index != NULL ? read_by_index(table, snapshot, is_whole) :
	read_all(table, snapshot, is_whole);

	UnregisterSnapshot(snapshot);
	return rows;
}

List *
consumer_table_read(void)
{
	OwnTable	table;
	List	   *rows;

	own_table_open_or_raise(&table, CATALOG_CONSUMERS, OWN_TABLE_SCAN);
	rows = consumer_table_read_from(&table, true);
	own_table_close(&table);
	return rows;
}

bool
consumer_table_has_marker(int32 id)
{
	OwnTable	table;
	Snapshot	snapshot;
	ScanKeyData key;
	SysScanDesc scan;
	bool		found;

	own_table_open_or_raise(&table, CATALOG_MARKERS, OWN_TABLE_SCAN);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	ScanKeyInit(&key, own_table_attribute(&table, MARKER_COLUMN_CONSUMER_ID),
				BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(id));
	scan = systable_beginscan(table.relation, InvalidOid, false, snapshot, 1, &key);
	found = systable_getnext(scan) != NULL;
	systable_endscan(scan);
	own_table_close(&table);
	UnregisterSnapshot(snapshot);
	return found;
}
