/*-------------------------------------------------------------------------
 *
 * catalog.h
 *	  Finds the extension's own relations.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_CATALOG_H
#define UNCACHE_CATALOG_H

#define CATALOG_SCHEMA "uncache"

/* Columns of uncache.journal, in order. */
typedef enum JournalColumn
{
	JOURNAL_XID = 1,
	JOURNAL_PART,
	JOURNAL_AT,
	JOURNAL_TARGET,
	JOURNAL_ACTION,
	JOURNAL_KEYS
} JournalColumn;

#define JOURNAL_COLUMN_COUNT 6

/* Columns of uncache.consumers, in order. */
typedef enum ConsumerColumn
{
	CONSUMER_ID = 1,
	CONSUMER_TARGET,
	CONSUMER_BARRIER,
	CONSUMER_CURSOR,
	CONSUMER_RESYNC_REASON,
	CONSUMER_IDENTITY,
	CONSUMER_SERVER,
	CONSUMER_REPLID,
	CONSUMER_REGISTERED_AT,
	CONSUMER_ACKED_AT,
	CONSUMER_LOST_AT,
	CONSUMER_MISSED_FROM,
	CONSUMER_CHECKED_AT
} ConsumerColumn;

#define CONSUMER_COLUMN_COUNT 13

/* The column of uncache.markers. */
#define MARKER_CONSUMER_ID 1

/* InvalidOid if the extension is not (or no longer) installed. */
extern Oid	catalog_journal_id(void);
extern Oid	catalog_journal_index_id(void);
extern Oid	catalog_consumers_id(void);
extern Oid	catalog_markers_id(void);
extern Oid	catalog_schemas_id(void);

#endif
