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

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "compat.h"
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

/* A B-tree that takes rows: one that is just being built does not yet. */
static bool
is_xid_part_index(Relation index)
{
	return index->rd_rel->relam == BTREE_AM_OID && index->rd_index->indisready &&
		index->rd_index->indnatts == 2 &&
		index->rd_index->indkey.values[0] == JOURNAL_XID &&
		index->rd_index->indkey.values[1] == JOURNAL_PART &&
		RelationGetIndexPredicate(index) == NIL;
}

/*
 * Each commit comes by here, so the journal's own index is filled without the
 * descriptions that indexes in general need.
 */
static void
open_indexes(JournalWriter *writer)
{
	List	   *index_ids = RelationGetIndexList(writer->relation);

	if (list_length(index_ids) == 1)
	{
		writer->index = index_open(linitial_oid(index_ids), RowExclusiveLock);
		if (!is_xid_part_index(writer->index))
		{
			index_close(writer->index, RowExclusiveLock);
			writer->index = NULL;
		}
	}
	if (writer->index == NULL)
		writer->indexes = CatalogOpenIndexes(writer->relation);
	list_free(index_ids);
}

static void
close_indexes(JournalWriter *writer)
{
	if (writer->index != NULL)
		index_close(writer->index, RowExclusiveLock);
	else
		CatalogCloseIndexes(writer->indexes);
}

void
journal_begin(JournalWriter *writer, int32 *next_part)
{
	Oid			journal_id = catalog_journal_id();

	memset(writer, 0, sizeof(*writer));
	writer->next_part = next_part;
	if (!OidIsValid(journal_id))
		return;
	writer->relation = table_open(journal_id, RowExclusiveLock);
	open_indexes(writer);
	writer->xid = GetTopFullTransactionId();
	writer->at = GetCurrentTimestamp();
	writer->key_capacity = KEY_CAPACITY_START;
	writer->keys = palloc(writer->key_capacity * sizeof(Datum));
}

static void
insert_row(JournalWriter *writer, HeapTuple tuple, Datum *values, bool *nulls)
{
	if (writer->index == NULL)
	{
		CatalogTupleInsertWithInfo(writer->relation, tuple, writer->indexes);
		return;
	}
	simple_heap_insert(writer->relation, tuple);

	/* the index's columns are the first two of the row */
	compat_index_insert(writer->index, values, nulls, &tuple->t_self, writer->relation);
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
	insert_row(writer, tuple, values, nulls);
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
	close_indexes(writer);
	table_close(writer->relation, NoLock);
}
