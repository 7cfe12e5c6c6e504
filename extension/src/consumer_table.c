/*-------------------------------------------------------------------------
 *
 * consumer_table.c
 *	  Reads uncache.consumers, below the privilege system.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/skey.h"
#include "access/table.h"
#include "catalog.h"
#include "consumer_table.h"
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
	return columns->nulls[column - 1] ? NULL : TextDatumGetCString(columns->values[column - 1]);
}

static TimestampTz
get_time(const Columns *columns, ConsumerColumn column)
{
	return columns->nulls[column - 1] ? 0 : DatumGetTimestampTz(columns->values[column - 1]);
}

static ConsumerRow *
make_row(HeapTuple tuple, TupleDesc desc)
{
	ConsumerRow *row = palloc(sizeof(ConsumerRow));
	Columns		columns;

	heap_deform_tuple(tuple, desc, columns.values, columns.nulls);
	row->id = DatumGetInt32(columns.values[CONSUMER_ID - 1]);
	row->target = get_text(&columns, CONSUMER_TARGET);
	row->cursor = get_text(&columns, CONSUMER_CURSOR);
	row->resync_reason = get_text(&columns, CONSUMER_RESYNC_REASON);
	row->identity = get_text(&columns, CONSUMER_IDENTITY);
	row->registered_at = get_time(&columns, CONSUMER_REGISTERED_AT);
	row->acked_at = get_time(&columns, CONSUMER_ACKED_AT);
	row->lost_at = get_time(&columns, CONSUMER_LOST_AT);
	row->checked_at = get_time(&columns, CONSUMER_CHECKED_AT);
	return row;
}

List *
consumer_table_read(void)
{
	Oid			relation_id = catalog_consumers_id();
	List	   *rows = NIL;
	Relation	relation;
	Snapshot	snapshot;
	SysScanDesc scan;
	HeapTuple	tuple;

	if (!OidIsValid(relation_id))
		return NIL;
	relation = table_open(relation_id, AccessShareLock);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	scan = systable_beginscan(relation, InvalidOid, false, snapshot, 0, NULL);
	while ((tuple = systable_getnext(scan)) != NULL)
		rows = lappend(rows, make_row(tuple, RelationGetDescr(relation)));
	systable_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(relation, AccessShareLock);
	return rows;
}

bool
consumer_table_has_marker(int32 id)
{
	Relation	relation = table_open(catalog_markers_id(), AccessShareLock);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	ScanKeyData key;
	SysScanDesc scan;
	bool		found;

	ScanKeyInit(&key, MARKER_CONSUMER_ID, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(id));
	scan = systable_beginscan(relation, InvalidOid, false, snapshot, 1, &key);
	found = systable_getnext(scan) != NULL;
	systable_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(relation, AccessShareLock);
	return found;
}
