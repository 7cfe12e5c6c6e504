/*-------------------------------------------------------------------------
 *
 * segment.h
 *	  The segments of the journal: which one takes rows, and how one is emptied.
 *
 * They are filled in turn.  Which is the current one stands in uncache.segments, and
 * trim() turns to the next.  A writer whose idea of it is stale does no harm:
 * every segment is read, and none is emptied while somebody can have a row in it
 * that is still wanted.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_SEGMENT_H
#define UNCACHE_SEGMENT_H

#include "own/own_table.h"

extern void segment_init(void);

/*
 * Opens a segment to insert into: the current one, or the one that this transaction
 * has written to already, so that its locks hold back no other; where that is
 * locked, any that is not.  As own_table_open(), which waits briefly if all are.
 */
extern OwnTableState segment_open(OwnTable *table);

#endif
