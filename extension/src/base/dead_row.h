/*-------------------------------------------------------------------------
 *
 * dead_row.h
 *	  Rows of catalogs that this transaction has deleted.
 *
 * They are dead, but no vacuum takes them away before the transaction ends: a scan
 * with SnapshotAny finds them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_DEAD_ROW_H
#define UNCACHE_DEAD_ROW_H

#include "access/htup_details.h"
#include "access/xact.h"

/* Has this transaction deleted the row, or replaced this version of it? */
static inline bool
dead_row_died_here(HeapTuple tuple)
{
	return (tuple->t_data->t_infomask & HEAP_XMAX_INVALID) == 0 &&
		TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetUpdateXid(tuple->t_data));
}

#endif
