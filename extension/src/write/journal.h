/*-------------------------------------------------------------------------
 *
 * journal.h
 *	  Writes invalidations as rows of uncache.journal.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_JOURNAL_H
#define UNCACHE_JOURNAL_H

#include "access/transam.h"
#include "base/invalidation.h"
#include "own/own_table.h"
#include "utils/timestamp.h"

typedef struct JournalWriter
{
	OwnTable	table;
	FullTransactionId xid;
	TimestampTz at;
	int32	   *next_part;		/* borrowed: ordinal of the transaction's next
								 * row */
	const char *target;			/* of the row being filled; borrowed */
	InvalidationAction action;
	Datum	   *keys;			/* of the row being filled */
	int			key_count;
	int			key_capacity;
	Size		key_bytes;
} JournalWriter;

/*
 * next_part counts the transaction's rows over all its writers, from 0.  If the
 * journal cannot be written to, all that is added is forgotten.
 */
extern void journal_begin(JournalWriter *writer, int32 *next_part);

/* Starts rows for a target and action, which is borrowed until the next call. */
extern void journal_start_rows(JournalWriter *writer, const char *target,
							   InvalidationAction action);

/* Adds a key, borrowed until the next journal_start_rows or journal_end. */
extern void journal_add(JournalWriter *writer, text *key);

/*
 * OWN_TABLE_READY if everything is written; otherwise the table tells why not
 * everything is.
 */
extern OwnTableState journal_end(JournalWriter *writer);

#endif
