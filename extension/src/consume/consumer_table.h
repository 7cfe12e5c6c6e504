/*-------------------------------------------------------------------------
 *
 * consumer_table.h
 *	  Reads uncache.consumers, below the privilege system.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_CONSUMER_TABLE_H
#define UNCACHE_CONSUMER_TABLE_H

#include "nodes/pg_list.h"
#include "own/own_table.h"
#include "utils/timestamp.h"

/* A row; texts and times that are null are NULL and 0. */
typedef struct ConsumerRow
{
	int32		id;
	char	   *target;
	char	   *cursor;
	char	   *resync_reason;
	char	   *identity;
	TimestampTz registered_at;
	TimestampTz acked_at;
	TimestampTz lost_at;
	TimestampTz checked_at;
} ConsumerRow;

/*
 * All rows as they are committed now, whatever the transaction's isolation
 * level: a list of ConsumerRow in the current memory context.  Raises if the
 * table is not what this library knows.
 */
extern List *consumer_table_read(void);

/*
 * The same of a table that is open for a scan; texts but the target only if that is
 * whole.
 */
extern List *consumer_table_read_from(OwnTable *table, bool is_whole);

/* Does the consumer still have its marker, or has PostgreSQL crashed since it attached? */
extern bool consumer_table_has_marker(int32 id);

#endif
