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

/* Columns of uncache.consumers that C reads, in order. */
typedef enum ConsumerColumn
{
	CONSUMER_ID = 1,
	CONSUMER_TARGET
} ConsumerColumn;

/* InvalidOid if the extension is not (or no longer) installed. */
extern Oid	catalog_journal_id(void);
extern Oid	catalog_journal_index_id(void);
extern Oid	catalog_consumers_id(void);

#endif
