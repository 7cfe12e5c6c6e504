/*-------------------------------------------------------------------------
 *
 * tail.c
 *	  Reads the journal for somebody who only looks on.
 *
 * Of all targets, without a consumer: nothing waits for whoever reads here, and nothing is kept
 * for him.  The lock on the segments, until the caller's transaction ends, keeps them from being
 * emptied between the look at the rows and that at uncache.segments.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "base/client_text.h"
#include "base/compat.h"
#include "base/invalidation.h"
#include "base/result_set.h"
#include "catalog/pg_type.h"
#include "consume/deliverable.h"
#include "consume/gap.h"
#include "consume/journal_reader.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/xid8.h"

PG_FUNCTION_INFO_V1(uncache_read_tail);

/* As fetch() has it: more is in no row that was written by us. */
#define MAX_ROW_BYTES (4 * 1024 * 1024)

/* Columns of read_tail()'s result. */
enum
{
	RESULT_XID,
	RESULT_AT,
	RESULT_TARGET,
	RESULT_ACTION,
	RESULT_KEY,
	RESULT_CURSOR,
	RESULT_COLUMN_COUNT
};

typedef struct Tail
{
	ResultSet	result;
	Size		max_bytes;
	Size		bytes;			/* of the keys read so far */
	uint64		stop_xid;		/* 0, or stopped behind (stop_xid, stop_part) */
	int32		stop_part;
	const Cursor *from;
	Cursor		next;
} Tail;

static Datum
xid_datum(uint64 xid)
{
	return FullTransactionIdGetDatum(FullTransactionIdFromU64(xid));
}

static void
add_key(Tail *tail, const JournalRow *row, Datum action, Datum key)
{
	Datum		result[RESULT_COLUMN_COUNT] = {
		xid_datum(row->xid), row->values[JOURNAL_COLUMN_AT], row->values[JOURNAL_COLUMN_TARGET], action, key
	};
	bool		nulls[RESULT_COLUMN_COUNT] = {[RESULT_CURSOR] = true};

	result_set_add(&tail->result, result, nulls);
}

static bool
parse_action(const JournalRow *row, InvalidationAction *action)
{
	text	   *name = DatumGetTextPP(row->values[JOURNAL_COLUMN_ACTION]);

	return invalidation_action_parse(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), action);
}

/* As the target is told of it where the client's encoding lacks a character. */
static void
add_deliverable(Tail *tail, const JournalRow *row, Datum key)
{
	InvalidationAction action;

	if (client_text_may_fail() && parse_action(row, &action) && deliverable_is_other(key))
	{
		key = deliverable_in_place(&action, key);
		add_key(tail, row, CStringGetTextDatum(invalidation_action_name(action)), key);
	}
	else
		add_key(tail, row, row->values[JOURNAL_COLUMN_ACTION], key);
}

static void
add_keys(Tail *tail, const JournalRow *row)
{
	Datum	   *keys;
	bool	   *nulls;
	int			count;
	int			i;

	deconstruct_array(DatumGetArrayTypeP(row->values[JOURNAL_COLUMN_KEYS]), TEXTOID, -1, false, TYPALIGN_INT,
					  &keys, &nulls, &count);
	for (i = 0; i < count; i++)
	{
		if (!nulls[i])
			add_deliverable(tail, row, keys[i]);
	}
}

/* Of a resync: one empty string, as in the journal. */
static void
add_resync(Tail *tail, const JournalRow *row)
{
	add_key(tail, row, CStringGetTextDatum(invalidation_action_name(INVALIDATION_RESYNC)),
			PointerGetDatum(cstring_to_text("")));
}

static bool
take_row(const JournalRow *row, void *argument)
{
	Tail	   *tail = argument;
	Size		bytes = toast_raw_datum_size(row->values[JOURNAL_COLUMN_KEYS]);

	if (bytes > MAX_ROW_BYTES)
		add_resync(tail, row);
	else
		add_keys(tail, row);
	tail->bytes += Min(bytes, MAX_ROW_BYTES);
	if (tail->bytes < tail->max_bytes)
		return true;
	tail->stop_xid = row->xid;
	tail->stop_part = row->part;
	return false;
}

/* What a transaction has changed that could not journal it: every target resyncs. */
static bool
take_gap(uint64 xid, TimestampTz at, void *argument)
{
	Tail	   *tail = argument;
	Datum		result[RESULT_COLUMN_COUNT] = {xid_datum(xid), TimestampTzGetDatum(at)};
	bool		nulls[RESULT_COLUMN_COUNT] = {[RESULT_TARGET] = true,[RESULT_CURSOR] = true};

	if (!cursor_has_open(tail->from, xid) || cursor_has_open(&tail->next, xid))
		return true;
	result[RESULT_ACTION] = CStringGetTextDatum(invalidation_action_name(INVALIDATION_RESYNC));
	result[RESULT_KEY] = PointerGetDatum(cstring_to_text(""));
	result_set_add(&tail->result, result, nulls);
	return true;
}

static void
add_cursor(Tail *tail, const Cursor *cursor)
{
	Datum		result[RESULT_COLUMN_COUNT] = {0};
	bool		nulls[RESULT_COLUMN_COUNT] = {true, true, true, true, true, false};
	Size		bytes = cursor_format(cursor, NULL, 0) + 1;
	char	   *string = palloc(bytes);

	cursor_format(cursor, string, bytes);
	result[RESULT_CURSOR] = CStringGetTextDatum(string);
	result_set_add(&tail->result, result, nulls);
}

static void
read_all(Tail *tail)
{
	const Cursor *now = journal_reader_active_snapshot();

	if (tail->from == NULL)
	{
		add_cursor(tail, now);
		return;
	}
	journal_reader_walk(tail->from, now, take_row, tail);
	tail->next.xip = palloc((tail->from->xip_count + now->xip_count + 1) * sizeof(uint64));
	cursor_advance(tail->from, now, tail->stop_xid, tail->stop_part, &tail->next);
	gap_walk(take_gap, tail);
	add_cursor(tail, &tail->next);
}

/* read_tail(cursor text, max_bytes integer); without a cursor there is nothing but the next one */
Datum
uncache_read_tail(PG_FUNCTION_ARGS)
{
	Tail		tail = {.max_bytes = PG_ARGISNULL(1) ? 1 : (Size) Max(PG_GETARG_INT32(1), 1)};

	if (!PG_ARGISNULL(0))
		tail.from = journal_reader_parse_cursor(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	tail.result = result_set_begin(fcinfo);
	PushActiveSnapshot(GetLatestSnapshot());
	read_all(&tail);
	PopActiveSnapshot();
	PG_RETURN_NULL();
}
