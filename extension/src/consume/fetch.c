/*-------------------------------------------------------------------------
 *
 * fetch.c
 *	  Reads the journal from a consumer's cursor on.
 *
 * Everything is read under one snapshot.  From that the next cursor is made, or
 * from an older cursor that bounds what is read.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "base/client_text.h"
#include "base/compat.h"
#include "base/invalidation.h"
#include "base/result_set.h"
#include "base/warning.h"
#include "catalog/pg_type.h"
#include "consume/consumer.h"
#include "consume/deliverable.h"
#include "consume/doorbell.h"
#include "consume/gap.h"
#include "consume/journal_reader.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/xid8.h"

PG_FUNCTION_INFO_V1(uncache_fetch);
PG_FUNCTION_INFO_V1(uncache_fetch_until);
PG_FUNCTION_INFO_V1(uncache_check_ack);

/* More than these are in no row that was written by us, whatever uncache.max_key_bytes was. */
#define MAX_ROW_BYTES (4 * 1024 * 1024)
#define MAX_ACTION_BYTES 128

/* Columns of fetch()'s result. */
enum
{
	RESULT_AT,
	RESULT_ACTION,
	RESULT_KEYS,
	RESULT_CURSOR,
	RESULT_COLUMN_COUNT
};

typedef struct Fetch
{
	const char *target;
	ResultSet	result;
	Size		max_bytes;
	Size		bytes;			/* of the keys read so far */
	bool		is_full;		/* stopped behind (stop_xid, stop_part) */
	uint64		stop_xid;
	int32		stop_part;
	const Cursor *from;
	Cursor		next;
	TimestampTz gap_at;			/* of the oldest gap on the way; 0: none */
} Fetch;

static char *
format_cursor(const Cursor *cursor)
{
	Size		bytes = cursor_format(cursor, NULL, 0) + 1;
	char	   *string = palloc(bytes);

	cursor_format(cursor, string, bytes);
	return string;
}

/* Of a resync: one empty string. */
static Datum
no_keys(void)
{
	Datum		no_key = PointerGetDatum(cstring_to_text(""));

	return PointerGetDatum(construct_array(&no_key, 1, TEXTOID, -1, false, TYPALIGN_INT));
}

static void
add_row(Fetch *fetch, const JournalRow *row, Datum action, Datum keys)
{
	Datum		result[RESULT_COLUMN_COUNT] = {row->values[JOURNAL_COLUMN_AT], action, keys};
	bool		nulls[RESULT_COLUMN_COUNT] = {[RESULT_CURSOR] = true};

	result_set_add(&fetch->result, result, nulls);
}

static void
warn_of_other_keys(const char *target)
{
	static bool has_warned = false;
	const Warning warning = {
		.level = WARNING,
		.message = psprintf("some keys of target \"%s\" have no equivalent in encoding %s",
							target, pg_get_client_encoding_name()),
		.detail = "In place of each, all keys are deleted that have anything where it has such characters."
	};

	if (!has_warned)
		warning_report(&warning);
	has_warned = true;
}

/* The keys of a row, with others in the place of those that cannot be sent. */
static void
sort_keys(const Fetch *fetch, const JournalRow *row, InvalidationAction row_action,
		  ArrayBuildState **keys_by_action)
{
	Datum	   *keys;
	bool	   *nulls;
	int			count;
	int			i;

	deconstruct_array(DatumGetArrayTypeP(row->values[JOURNAL_COLUMN_KEYS]), TEXTOID, -1, false, TYPALIGN_INT,
					  &keys, &nulls, &count);
	for (i = 0; i < count; i++)
	{
		InvalidationAction action = row_action;
		Datum		key = keys[i];

		if (!nulls[i] && deliverable_is_other(key))
		{
			warn_of_other_keys(fetch->target);
			key = deliverable_in_place(&action, key);
		}
		keys_by_action[action] = accumArrayResult(keys_by_action[action], key, nulls[i],
												  TEXTOID, CurrentMemoryContext);
	}
}

/* Where PostgreSQL converts keys, one that it cannot convert must not keep the others. */
static void
add_convertible(Fetch *fetch, const JournalRow *row)
{
	ArrayBuildState *keys_by_action[INVALIDATION_ACTION_COUNT] = {NULL};
	text	   *name = DatumGetTextPP(row->values[JOURNAL_COLUMN_ACTION]);
	InvalidationAction action;

	if (!invalidation_action_parse(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), &action))
	{
		add_row(fetch, row, row->values[JOURNAL_COLUMN_ACTION], row->values[JOURNAL_COLUMN_KEYS]);
		return;
	}
	sort_keys(fetch, row, action, keys_by_action);
	for (action = 0; action < INVALIDATION_ACTION_COUNT; action++)
	{
		if (keys_by_action[action] != NULL)
			add_row(fetch, row, CStringGetTextDatum(invalidation_action_name(action)),
					makeArrayResult(keys_by_action[action], CurrentMemoryContext));
	}
}

static bool
is_too_much(const JournalRow *row)
{
	return toast_raw_datum_size(row->values[JOURNAL_COLUMN_KEYS]) > MAX_ROW_BYTES ||
		toast_raw_datum_size(row->values[JOURNAL_COLUMN_ACTION]) > MAX_ACTION_BYTES;
}

/* What cannot be sent must not keep what stands behind it. */
static void
add_resync(Fetch *fetch, const JournalRow *row)
{
	const Warning warning = {
		.level = WARNING,
		.message = psprintf("a row of the journal for target \"%s\" cannot be sent", fetch->target),
		.detail = psprintf("Its action and keys take %zu bytes. The target resyncs.",
						   toast_raw_datum_size(row->values[JOURNAL_COLUMN_ACTION]) +
						   toast_raw_datum_size(row->values[JOURNAL_COLUMN_KEYS]))
	};

	warning_report(&warning);
	add_row(fetch, row, CStringGetTextDatum(invalidation_action_name(INVALIDATION_RESYNC)), no_keys());
	fetch->bytes += 1;
}

static void
add_keys(Fetch *fetch, const JournalRow *row)
{
	if (client_text_may_fail())
		add_convertible(fetch, row);
	else
		add_row(fetch, row, row->values[JOURNAL_COLUMN_ACTION], row->values[JOURNAL_COLUMN_KEYS]);
	fetch->bytes += toast_raw_datum_size(row->values[JOURNAL_COLUMN_KEYS]);
}

/* Puts a journal row into the result if it is this target's. */
static bool
take_row(const JournalRow *row, void *argument)
{
	Fetch	   *fetch = argument;

	if (!journal_reader_is_for(row, fetch->target))
		return true;
	if (is_too_much(row))
		add_resync(fetch, row);
	else
		add_keys(fetch, row);
	if (fetch->bytes >= fetch->max_bytes)
	{
		fetch->is_full = true;
		fetch->stop_xid = row->xid;
		fetch->stop_part = row->part;
	}
	return !fetch->is_full;
}

static bool
take_gap(uint64 xid, TimestampTz at, void *argument)
{
	Fetch	   *fetch = argument;

	/* while the cursor stands inside the transaction, it is open in both */
	if (cursor_has_open(fetch->from, xid) && !cursor_has_open(&fetch->next, xid) &&
		(fetch->gap_at == 0 || at < fetch->gap_at))
		fetch->gap_at = at;
	return true;
}

/*
 * One resync does for all gaps between the two cursors: it begins when all of
 * their transactions can be seen.
 */
static void
add_gap_row(Fetch *fetch)
{
	Datum		row[RESULT_COLUMN_COUNT] = {0};
	bool		nulls[RESULT_COLUMN_COUNT] = {[RESULT_CURSOR] = true};

	if (fetch->gap_at == 0)
		return;
	row[RESULT_AT] = TimestampTzGetDatum(fetch->gap_at);
	row[RESULT_ACTION] = CStringGetTextDatum(invalidation_action_name(INVALIDATION_RESYNC));
	row[RESULT_KEYS] = no_keys();
	result_set_add(&fetch->result, row, nulls);
}

static void
add_cursor_row(Fetch *fetch)
{
	Datum		row[RESULT_COLUMN_COUNT] = {0};
	bool		nulls[RESULT_COLUMN_COUNT] = {true, true, true, false};

	row[RESULT_CURSOR] = CStringGetTextDatum(format_cursor(&fetch->next));
	result_set_add(&fetch->result, row, nulls);
}

/*
 * Everything under one snapshot, as far as until goes if that is not NULL: what until
 * has consumed had ended when it was made, and can be seen now.
 */
static void
read_all(Fetch *fetch, const Cursor *until)
{
	const Cursor *now = until;

	PushActiveSnapshot(GetLatestSnapshot());
	if (now == NULL)
		now = journal_reader_active_snapshot();
	journal_reader_walk(fetch->from, now, take_row, fetch);
	fetch->next.xip = palloc((fetch->from->xip_count + now->xip_count + 1) * sizeof(uint64));
	cursor_advance(fetch->from, now, fetch->stop_xid, fetch->stop_part, &fetch->next);
	gap_walk(take_gap, fetch);
	PopActiveSnapshot();
}

static void
check_is_mine(const char *target, int32 consumer_id)
{
	if (!consumer_is_mine(consumer_id))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("this session does not work for target \"%s\"", target),
				 errhint("Call uncache.attach(target) in the same session, not through a transaction-pooling proxy.")));
}

/* No cursor that was made here has seen transactions that are still to begin. */
static void
check_is_past(const Cursor *cursor, const char *string)
{
	if (cursor->xmax > U64FromFullTransactionId(ReadNextFullTransactionId()))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cursor \"%s\" lies in the future", string)));
}

/* fetch(target text, cursor text, max_bytes integer, sleep boolean) */
Datum
uncache_fetch(PG_FUNCTION_ARGS)
{
	char	   *target = text_to_cstring(PG_GETARG_TEXT_PP(0));
	int32		max_bytes = PG_GETARG_INT32(2);
	bool		sleep = PG_GETARG_BOOL(3);
	int32		consumer_id = consumer_get(target);
	Fetch		fetch = {.target = target,.max_bytes = (Size) Max(max_bytes, 1)};

	check_is_mine(target, consumer_id);
	fetch.from = journal_reader_parse_cursor(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	fetch.result = result_set_begin(fcinfo);

	/* Arm first, look afterwards: the other order has a gap. */
	if (sleep)
		doorbell_arm(consumer_id);
	read_all(&fetch, NULL);
	if (!sleep || fetch.bytes > 0 || fetch.gap_at != 0)
		doorbell_disarm(consumer_id);

	add_gap_row(&fetch);
	add_cursor_row(&fetch);
	PG_RETURN_NULL();
}

/* fetch_until(target text, cursor text, max_bytes integer, until text) */
Datum
uncache_fetch_until(PG_FUNCTION_ARGS)
{
	char	   *target = text_to_cstring(PG_GETARG_TEXT_PP(0));
	int32		max_bytes = PG_GETARG_INT32(2);
	char	   *until_string = text_to_cstring(PG_GETARG_TEXT_PP(3));
	Cursor	   *until = journal_reader_parse_cursor(until_string);
	Fetch		fetch = {.target = target,.max_bytes = (Size) Max(max_bytes, 1)};

	check_is_mine(target, consumer_get(target));
	check_is_past(until, until_string);
	fetch.from = journal_reader_parse_cursor(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	fetch.result = result_set_begin(fcinfo);

	if (cursor_bound(fetch.from, until))
		read_all(&fetch, until);
	else
		fetch.next = *fetch.from;
	add_gap_row(&fetch);
	add_cursor_row(&fetch);
	PG_RETURN_NULL();
}

/*
 * check_ack(target text, cursor text): raises unless the session has the
 * consumer's lock and the cursor is one that a fetch could have returned
 */
Datum
uncache_check_ack(PG_FUNCTION_ARGS)
{
	char	   *target = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *string = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Cursor	   *cursor = journal_reader_parse_cursor(string);

	check_is_mine(target, consumer_get(target));
	check_is_past(cursor, string);
	PG_RETURN_VOID();
}
