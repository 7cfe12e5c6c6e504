/*-------------------------------------------------------------------------
 *
 * own_scan.h
 *	  Reads a table of ours as it is committed now, without any predicate lock.
 *
 * In a SERIALIZABLE transaction what is read counts: whoever writes to it meanwhile may make
 * the transaction fail.  Who makes a rule writes to our tables, and nobody is to fail for that.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_OWN_SCAN_H
#define UNCACHE_OWN_SCAN_H

#include "access/genam.h"
#include "utils/snapshot.h"

typedef struct OwnScan
{
	Relation	relation;
	SysScanDesc scan;
	Snapshot	snapshot;
} OwnScan;

/* By the index, if there is one, which may be InvalidOid; keys are of the table's columns. */
extern OwnScan own_scan_begin(Relation relation, Oid index_id, int key_count, ScanKey keys);

/* The next row, good until the next call; NULL if there is none. */
extern HeapTuple own_scan_next(OwnScan *scan);

extern void own_scan_end(OwnScan *scan);

#endif
