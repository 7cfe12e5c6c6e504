/*-------------------------------------------------------------------------
 *
 * journal.c
 *	  Writes invalidations as rows of uncache.journal.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "consume/segment.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/xid8.h"
#include "write/journal.h"

/*
 * A row is closed when its keys take this many bytes, so that it stays on one
 * 8 kB page, uncompressed (the table's toast_tuple_target is set for it).
 */
#define ROW_KEY_BYTES 7000

#define KEY_CAPACITY_START 16

static bool
is_ready(const JournalWriter *writer)
{
	return writer->table.state == OWN_TABLE_READY;
}

void
journal_begin(JournalWriter *writer, int32 *next_part)
{
	memset(writer, 0, sizeof(*writer));
	writer->next_part = next_part;
	if (segment_open(&writer->table) != OWN_TABLE_READY)
		return;
	writer->xid = GetTopFullTransactionId();
	writer->at = GetCurrentTimestamp();
	writer->key_capacity = KEY_CAPACITY_START;
	writer->keys = palloc(writer->key_capacity * sizeof(Datum));
}

static void
write_row(JournalWriter *writer)
{
	Datum		values[JOURNAL_COLUMN_COUNT];
	ArrayType  *keys;
	text	   *target;
	text	   *action;

	if (writer->key_count == 0 || !is_ready(writer))
		return;
	keys = construct_array(writer->keys, writer->key_count, TEXTOID, -1, false, TYPALIGN_INT);
	target = cstring_to_text(writer->target);
	action = cstring_to_text(invalidation_action_name(writer->action));
	values[JOURNAL_COLUMN_XID] = FullTransactionIdGetDatum(writer->xid);
	values[JOURNAL_COLUMN_PART] = Int32GetDatum((*writer->next_part)++);
	values[JOURNAL_COLUMN_AT] = TimestampTzGetDatum(writer->at);
	values[JOURNAL_COLUMN_TARGET] = PointerGetDatum(target);
	values[JOURNAL_COLUMN_ACTION] = PointerGetDatum(action);
	values[JOURNAL_COLUMN_KEYS] = PointerGetDatum(keys);
	(void) own_table_insert(&writer->table, values);
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

	if (writer->key_bytes + bytes > ROW_KEY_BYTES)
		write_row(writer);
	if (!is_ready(writer))
		return;
	if (writer->key_count == writer->key_capacity)
	{
		writer->key_capacity *= 2;
		writer->keys = repalloc(writer->keys, writer->key_capacity * sizeof(Datum));
	}
	writer->keys[writer->key_count++] = PointerGetDatum(key);
	writer->key_bytes += bytes;
}

OwnTableState
journal_end(JournalWriter *writer)
{
	write_row(writer);
	if (writer->keys != NULL)
		pfree(writer->keys);
	if (writer->table.relation != NULL)
		own_table_close(&writer->table);
	return writer->table.state;
}
