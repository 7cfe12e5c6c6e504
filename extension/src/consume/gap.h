/*-------------------------------------------------------------------------
 *
 * gap.h
 *	  Transactions whose invalidations could not be journalled.
 *
 * A row of uncache.gaps stands for whatever such a transaction has changed: each
 * target that comes by it resyncs.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_GAP_H
#define UNCACHE_GAP_H

#include "utils/timestamp.h"

/*
 * Inserts a row for the running transaction and warns.  A cause that passes by
 * itself does not use up the one warning that a backend gives of one that stays.
 * If not even this can be written, each call warns: then nothing tells the
 * targets.
 */
extern void gap_write(const char *reason, bool passes_by_itself);

/* Takes a gap; false ends the walk. */
typedef bool (*GapFunction) (uint64 xid, TimestampTz at, void *argument);

/* Calls take for each gap that the active snapshot sees, in no order. */
extern void gap_walk(GapFunction take, void *argument);

#endif
