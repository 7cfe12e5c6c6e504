/*-------------------------------------------------------------------------
 *
 * wal_position.c
 *	  A place in the WAL behind everything that can be seen, which standbys
 *	  reach without further writes.
 *
 * A commit is in the WAL before it can be seen, but with synchronous_commit = off
 * not yet on disk: the place is where the next record will begin, not what is
 * flushed.  It is flushed here, since standbys are sent only what is, and on a
 * server that is idle nobody else may do it for a long time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xlog.h"
#include "access/xlog_internal.h"
#include "fmgr.h"
#include "utils/pg_lsn.h"

PG_FUNCTION_INFO_V1(uncache_wal_position);

/*
 * Where the last record ended.  If that was at a page's end, the next one begins
 * behind the header of a page that nobody writes before it comes.
 */
static XLogRecPtr
last_record_end(void)
{
	XLogRecPtr	position = GetXLogInsertRecPtr();
	uint64		in_page = position % XLOG_BLCKSZ;
	uint64		header = XLogSegmentOffset(position, wal_segment_size) < XLOG_BLCKSZ ?
	SizeOfXLogLongPHD : SizeOfXLogShortPHD;

	return in_page <= header ? position - in_page : position;
}

/* wal_position() → pg_lsn */
Datum
uncache_wal_position(PG_FUNCTION_ARGS)
{
	XLogRecPtr	position;

	if (RecoveryInProgress())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("recovery is in progress")));
	position = last_record_end();
	XLogFlush(position);
	PG_RETURN_LSN(position);
}
