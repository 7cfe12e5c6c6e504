/*-------------------------------------------------------------------------
 *
 * own_scan.c
 *	  Reads a table of ours as it is committed now, without any predicate lock.
 *
 * PostgreSQL takes none for a scan that sees every version of a row; which of them counts is
 * told afterwards, by a snapshot that does not change meanwhile.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relscan.h"
#include "access/tableam.h"
#include "own/own_scan.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

OwnScan
own_scan_begin(Relation relation, Oid index_id, int key_count, ScanKey keys)
{
	OwnScan		scan = {.relation = relation};

	scan.snapshot = RegisterSnapshot(GetCatalogSnapshot(RelationGetRelid(relation)));
	scan.scan = systable_beginscan(relation, index_id, OidIsValid(index_id), SnapshotAny, key_count, keys);
	return scan;
}

HeapTuple
own_scan_next(OwnScan *scan)
{
	HeapTuple	tuple;

	while ((tuple = systable_getnext(scan->scan)) != NULL)
	{
		if (table_tuple_satisfies_snapshot(scan->relation, scan->scan->slot, scan->snapshot))
			return tuple;
	}
	return NULL;
}

void
own_scan_end(OwnScan *scan)
{
	systable_endscan(scan->scan);
	UnregisterSnapshot(scan->snapshot);
}
