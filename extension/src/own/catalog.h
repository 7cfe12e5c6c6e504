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

/* Where the functions are that only other functions of ours call. */
#define CATALOG_INTERNAL_SCHEMA "uncache_internal"

/* The tables that are read or written without SQL. */
typedef enum CatalogTable
{
	CATALOG_JOURNAL_1,			/* the segments of the journal, of one shape */
	CATALOG_JOURNAL_2,
	CATALOG_JOURNAL_3,
	CATALOG_JOURNAL_4,
	CATALOG_SEGMENTS,
	CATALOG_CONSUMERS,
	CATALOG_MARKERS,
	CATALOG_GAPS
} CatalogTable;

#define CATALOG_TABLE_COUNT (CATALOG_GAPS + 1)

#define CATALOG_SEGMENT_COUNT (CATALOG_JOURNAL_4 + 1)

/* The index of a segment, from 0 on, is its place among the tables. */
static inline CatalogTable
catalog_segment(int index)
{
	return (CatalogTable) index;
}

static inline bool
catalog_is_segment(CatalogTable table)
{
	return (int) table < CATALOG_SEGMENT_COUNT;
}

/* Columns of a table; where they are in a row, own_shape.h finds out. */
typedef enum JournalColumn
{
	JOURNAL_COLUMN_XID,
	JOURNAL_COLUMN_PART,
	JOURNAL_COLUMN_AT,
	JOURNAL_COLUMN_TARGET,
	JOURNAL_COLUMN_ACTION,
	JOURNAL_COLUMN_KEYS
} JournalColumn;

#define JOURNAL_COLUMN_COUNT 6

typedef enum SegmentColumn
{
	SEGMENT_COLUMN_NUMBER,
	SEGMENT_COLUMN_OPENED_AT,
	SEGMENT_COLUMN_CLOSED_AT
} SegmentColumn;

#define SEGMENT_COLUMN_COUNT 3

typedef enum ConsumerColumn
{
	CONSUMER_COLUMN_ID,
	CONSUMER_COLUMN_TARGET,
	CONSUMER_COLUMN_BARRIER,
	CONSUMER_COLUMN_CURSOR,
	CONSUMER_COLUMN_RESYNC_REASON,
	CONSUMER_COLUMN_IDENTITY,
	CONSUMER_COLUMN_SERVER,
	CONSUMER_COLUMN_REPLID,
	CONSUMER_COLUMN_REGISTERED_AT,
	CONSUMER_COLUMN_ACKED_AT,
	CONSUMER_COLUMN_LOST_AT,
	CONSUMER_COLUMN_MISSED_FROM,
	CONSUMER_COLUMN_CHECKED_AT,
	CONSUMER_COLUMN_LATE_STANDBYS,
	CONSUMER_COLUMN_PLACE,
	CONSUMER_COLUMN_ADDRESS
} ConsumerColumn;

#define CONSUMER_COLUMN_COUNT 16

typedef enum MarkerColumn
{
	MARKER_COLUMN_CONSUMER_ID
} MarkerColumn;

#define MARKER_COLUMN_COUNT 1

typedef enum GapColumn
{
	GAP_COLUMN_XID,
	GAP_COLUMN_AT,
	GAP_COLUMN_REASON
} GapColumn;

#define GAP_COLUMN_COUNT 3

/* No table has more of them. */
#define CATALOG_COLUMN_MAX CONSUMER_COLUMN_COUNT

/* The table's name, without its schema's. */
extern const char *catalog_table_name(CatalogTable table);

/*
 * The schema of the extension, also after somebody has renamed it.  InvalidOid if
 * the extension is not (or no longer) installed.
 */
extern Oid	catalog_find_schema(void);

/* InvalidOid if there is none of its name in the extension's schema. */
extern Oid	catalog_find(CatalogTable table);

/* The same; *schema_id is what catalog_find_schema() says. */
extern Oid	catalog_find_with_schema(CatalogTable table, Oid *schema_id);

/* Looks into pg_extension: for when something is missing. */
extern bool catalog_is_installed(void);

/* InvalidOid if it is not there. */
extern Oid	catalog_schemas_id(void);
extern Oid	catalog_schemas_index_id(void);
extern Oid	catalog_dependencies_id(void);
extern Oid	catalog_dependencies_index_id(void);
extern Oid	catalog_renamed_columns_id(void);
extern Oid	catalog_renamed_tables_id(void);
extern Oid	catalog_view_rules_id(void);
extern Oid	catalog_admissions_id(void);
extern Oid	catalog_admissions_index_id(void);

/* Has a table no rows, told from its size?  So has one that is not there (InvalidOid). */
extern bool catalog_is_empty(Oid id);

/* Who owns them: the extension's owner.  Raises if it is not installed. */
extern Oid	catalog_owner_id(void);

/* Is a relation one of the schema's? */
extern bool catalog_is_own(Oid id);

#endif
