/*-------------------------------------------------------------------------
 *
 * journal_reader.h
 *	  Walks the journal rows that a snapshot sees and a cursor does not, in
 *	  order.
 *
 * That costs index look-ups for what is not consumed, however many consumed
 * rows are retained, whatever transaction is open and whatever old snapshot is
 * held.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_JOURNAL_READER_H
#define UNCACHE_JOURNAL_READER_H

#include "consume/cursor.h"
#include "own/catalog.h"

typedef struct JournalRow
{
	uint64		xid;
	int32		part;
	Datum		values[JOURNAL_COLUMN_COUNT];	/* valid during the call */
} JournalRow;

/* Takes a row, of whatever target; false ends the walk. */
typedef bool (*JournalRowFunction) (const JournalRow *row, void *argument);

/* A cursor from its text; an error if it is none. */
extern Cursor *journal_reader_parse_cursor(const char *string);

/*
 * The active snapshot as a cursor: which transactions have ended for it.  The
 * running one has not.
 */
extern Cursor *journal_reader_active_snapshot(void);

/* Does the row lie before the cursor? */
extern bool journal_reader_is_consumed(const Cursor *cursor, uint64 xid, int32 part);

/*
 * Calls take for each row of an ended transaction that lies behind from, in the
 * order that cursor_advance() is told of.  now is the active snapshot's cursor.
 * Needs no privilege; raises if the journal is not what this library knows.
 */
extern void journal_reader_walk(const Cursor *from, const Cursor *now,
								JournalRowFunction take, void *argument);

/* Is the target of the row this one? */
extern bool journal_reader_is_for(const JournalRow *row, const char *target);

#endif
