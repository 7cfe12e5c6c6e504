/*-------------------------------------------------------------------------
 *
 * journal.c
 *	  Writes invalidations as rows of uncache.journal.
 *
 * Works in the pre-commit callback: no snapshot is needed, none is taken.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog.h"
#include "catalog/pg_type.h"
#include "journal.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/xid8.h"

/*
 * A row is closed when its keys take this many bytes, so that it stays on one
 * 8 kB page, uncompressed (the table's toast_tuple_target is set for it).
 */
#define ROW_KEY_BYTES 7000

#define KEY_CAPACITY_START 16

void
journal_begin(JournalWriter *writer, int32 *next_part)
{
	Oid			journal_id = catalog_journal_id();

	memset(writer, 0, sizeof(*writer));
	writer->next_part = next_part;
	if (!OidIsValid(journal_id))
		return;
	writer->relation = table_open(journal_id, RowExclusiveLock);
	writer->indexes = CatalogOpenIndexes(writer->relation);
	writer->xid = GetTopFullTransactionId();
	writer->at = GetCurrentTimestamp();
	writer->key_capacity = KEY_CAPACITY_START;
	writer->keys = palloc(writer->key_capacity * sizeof(Datum));
}

static void
write_row(JournalWriter *writer)
{
	Datum		values[JOURNAL_COLUMN_COUNT];
	bool		nulls[JOURNAL_COLUMN_COUNT] = {false};
	ArrayType  *keys;
	text	   *target;
	text	   *action;
	HeapTuple	tuple;

	if (writer->key_count == 0)
		return;
	keys = construct_array(writer->keys, writer->key_count, TEXTOID, -1, false, TYPALIGN_INT);
	target = cstring_to_text(writer->target);
	action = cstring_to_text(invalidation_action_name(writer->action));
	values[JOURNAL_XID - 1] = FullTransactionIdGetDatum(writer->xid);
	values[JOURNAL_PART - 1] = Int32GetDatum((*writer->next_part)++);
	values[JOURNAL_AT - 1] = TimestampTzGetDatum(writer->at);
	values[JOURNAL_TARGET - 1] = PointerGetDatum(target);
	values[JOURNAL_ACTION - 1] = PointerGetDatum(action);
	values[JOURNAL_KEYS - 1] = PointerGetDatum(keys);
	tuple = heap_form_tuple(RelationGetDescr(writer->relation), values, nulls);
	CatalogTupleInsertWithInfo(writer->relation, tuple, writer->indexes);
	heap_freetuple(tuple);
	pfree(action);
	pfree(target);
	pfree(keys);
	writer->key_count = 0;
	writer->key_bytes = 0;
}

void
journal_start_rows(JournalWriter *writer, const char *target, InvalidationAction action)
{
	write_row(writer);
	writer->target = target;
	writer->action = action;
}

void
journal_add(JournalWriter *writer, text *key)
{
	Size		bytes = INTALIGN(VARSIZE(key));

	if (writer->relation == NULL)
		return;
	if (writer->key_bytes + bytes > ROW_KEY_BYTES)
		write_row(writer);
	if (writer->key_count == writer->key_capacity)
	{
		writer->key_capacity *= 2;
		writer->keys = repalloc(writer->keys, writer->key_capacity * sizeof(Datum));
	}
	writer->keys[writer->key_count++] = PointerGetDatum(key);
	writer->key_bytes += bytes;
}

void
journal_end(JournalWriter *writer)
{
	if (writer->relation == NULL)
		return;
	write_row(writer);
	pfree(writer->keys);
	CatalogCloseIndexes(writer->indexes);
	table_close(writer->relation, NoLock);
}
