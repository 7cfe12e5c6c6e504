/*-------------------------------------------------------------------------
 *
 * journal_answer.c
 *	  Reads the results of the journal's functions and reports them.
 *
 *-------------------------------------------------------------------------
 */
#include "journal/journal_answer.h"

#include <string.h>

/* Columns of uncache.fetch() */
enum
{
	FETCH_AT,
	FETCH_ACTION,
	FETCH_KEYS,
	FETCH_CURSOR,
	FETCH_COLUMN_COUNT
};

/* Columns of uncache.attach() */
enum
{
	ATTACH_STATE,
	ATTACH_CURSOR,
	ATTACH_REASON,
	ATTACH_COLUMN_COUNT
};

/* Columns of uncache.resync_keys() */
enum
{
	RESYNC_ACTION,
	RESYNC_KEY,
	RESYNC_COLUMN_COUNT
};

/* Columns of uncache.standbys() */
enum
{
	STANDBY_NAME,
	STANDBY_REPLAYED,
	STANDBY_COLUMN_COUNT
};

/* pg_type.dat */
#define INT8_OID 20
#define INT4_OID 23
#define TEXT_OID 25
#define TEXT_ARRAY_OID 1009
#define TIMESTAMPTZ_OID 1184
#define PG_LSN_OID 3220

static const char wrong_shape[] =
"the answer's columns are not those of this protocol version";
static const char unknown_action[] =
"the journal has an action that this version does not know: upgrade uncached";
static const char malformed_row[] = "a journal row is malformed";
static const char no_memory[] = "out of memory";

static bool
has_types(const PGresult *result, const Oid *types, int count)
{
	if (PQnfields(result) != count)
		return false;
	for (int i = 0; i < count; i++)
		if (PQftype(result, i) != types[i] || PQfformat(result, i) != 1)
			return false;
	return true;
}

static size_t
field_bytes(const PGresult *result, int row, int column)
{
	return (size_t) PQgetlength(result, row, column);
}

static const char *
field_text(const PGresult *result, int row, int column)
{
	/* libpq puts a zero byte behind every value, and "" for NULL */
	return PQgetvalue(result, row, column);
}

static bool
parse_state(const char *text, JournalAttachState *state)
{
	static const char *const names[] = {
		[JOURNAL_ATTACH_STANDBY] = "standby",
		[JOURNAL_ATTACH_CONFLICT] = "conflict",
		[JOURNAL_ATTACH_WAITING] = "waiting",
		[JOURNAL_ATTACH_RESYNC] = "resync",
		[JOURNAL_ATTACH_READY] = "ready",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(text, names[i]) == 0)
		{
			*state = (JournalAttachState) i;
			return true;
		}
	return false;
}

const char *
journal_answer_attach(const PGresult *result, const JournalListeners *listeners)
{
	static const Oid types[] = {TEXT_OID, TEXT_OID, TEXT_OID};
	JournalAttachment attachment;

	if (!has_types(result, types, ATTACH_COLUMN_COUNT) || PQntuples(result) != 1)
		return wrong_shape;
	if (!parse_state(field_text(result, 0, ATTACH_STATE), &attachment.state))
		return "attach() answered a state that this version does not know";
	attachment.cursor = field_text(result, 0, ATTACH_CURSOR);
	attachment.reason = field_text(result, 0, ATTACH_REASON);
	if ((attachment.state == JOURNAL_ATTACH_READY || attachment.state == JOURNAL_ATTACH_RESYNC) &&
		attachment.cursor[0] == '\0')
		return "attach() answered no cursor";
	listeners->owner->attached(listeners->owner_context, &attachment);
	return NULL;
}

/* Reports each key of one row; adds up their bytes. */
static const char *
read_keys(const PGresult *result, int row, JournalAction action, size_t sibling_count,
		  const JournalListeners *listeners, JournalFetch *fetch)
{
	JournalKeys keys;
	const char *key;
	size_t		key_bytes;
	JournalStep step;

	if (PQgetisnull(result, row, FETCH_KEYS) ||
		!journal_row_begin_keys(PQgetvalue(result, row, FETCH_KEYS),
								field_bytes(result, row, FETCH_KEYS), &keys))
		return malformed_row;
	while ((step = journal_row_next_key(&keys, &key, &key_bytes)) == JOURNAL_STEP_KEY)
	{
		fetch->key_bytes += key_bytes;
		if (!listeners->worker->invalidation(listeners->worker_context, action, sibling_count,
											 key, key_bytes))
			return no_memory;
	}
	return step == JOURNAL_STEP_END ? NULL : malformed_row;
}

static const char *
read_row(const PGresult *result, int row, size_t sibling_count,
		 const JournalListeners *listeners, JournalFetch *fetch)
{
	JournalAction action;
	int64_t		at_us;

	if (PQgetisnull(result, row, FETCH_AT) ||
		!journal_row_decode_time(PQgetvalue(result, row, FETCH_AT),
								 field_bytes(result, row, FETCH_AT), &at_us))
		return malformed_row;
	if (!journal_row_decode_action(PQgetvalue(result, row, FETCH_ACTION),
								   field_bytes(result, row, FETCH_ACTION), &action))
		return unknown_action;
	if (fetch->row_count == 0 || at_us < fetch->oldest_at_us)
		fetch->oldest_at_us = at_us;
	fetch->row_count++;
	listeners->worker->row(listeners->worker_context, action, sibling_count, at_us);
	return read_keys(result, row, action, sibling_count, listeners, fetch);
}

static bool
is_equal_field(const PGresult *result, int row, int other, int column)
{
	size_t		byte_count = field_bytes(result, row, column);

	return byte_count == field_bytes(result, other, column) &&
		memcmp(field_text(result, row, column), field_text(result, other, column),
			   byte_count) == 0;
}

/*
 * The row behind those that one transaction wrote at one time with the same
 * action, which are neighbours.  Nothing names the transaction but its time:
 * two that committed one behind the other in the same microsecond count as one.
 */
static int
find_siblings_end(const PGresult *result, int row, int last, size_t *sibling_count)
{
	int			end = row;

	*sibling_count = 0;
	for (; end < last && is_equal_field(result, row, end, FETCH_AT) &&
		 is_equal_field(result, row, end, FETCH_ACTION); end++)
	{
		JournalKeys keys;

		if (journal_row_begin_keys(field_text(result, end, FETCH_KEYS),
								   field_bytes(result, end, FETCH_KEYS), &keys))
			*sibling_count += keys.remaining_count;
	}
	return end;
}

static const char *
read_rows(const PGresult *result, int last, const JournalListeners *listeners,
		  JournalFetch *fetch)
{
	int			row = 0;

	while (row < last)
	{
		size_t		sibling_count;
		int			end = find_siblings_end(result, row, last, &sibling_count);

		for (; row < end; row++)
		{
			const char *problem = read_row(result, row, sibling_count, listeners,
										   fetch);

			if (problem != NULL)
				return problem;
		}
	}
	return NULL;
}

const char *
journal_answer_fetch(const PGresult *result, const JournalListeners *listeners)
{
	static const Oid types[] = {TIMESTAMPTZ_OID, TEXT_OID, TEXT_ARRAY_OID, TEXT_OID};
	int			last = PQntuples(result) - 1;
	JournalFetch fetch = {0};
	const char *problem;

	if (!has_types(result, types, FETCH_COLUMN_COUNT) || last < 0)
		return wrong_shape;
	fetch.cursor = field_text(result, last, FETCH_CURSOR);
	if (fetch.cursor[0] == '\0' || !PQgetisnull(result, last, FETCH_ACTION))
		return "fetch() answered no cursor";
	problem = read_rows(result, last, listeners, &fetch);
	if (problem != NULL)
		return problem;
	listeners->worker->fetched(listeners->worker_context, &fetch);
	return NULL;
}

const char *
journal_answer_ack(const PGresult *result, const JournalListeners *listeners)
{
	if (PQntuples(result) != 1)
		return wrong_shape;
	listeners->worker->acked(listeners->worker_context);
	return NULL;
}

const char *
journal_answer_resync_keys(const PGresult *result, const JournalListeners *listeners)
{
	static const Oid types[] = {TEXT_OID, TEXT_OID};

	if (!has_types(result, types, RESYNC_COLUMN_COUNT))
		return wrong_shape;
	for (int row = 0; row < PQntuples(result); row++)
	{
		JournalAction action;

		if (!journal_row_decode_action(PQgetvalue(result, row, RESYNC_ACTION),
									   field_bytes(result, row, RESYNC_ACTION), &action))
			return unknown_action;
		if (PQgetisnull(result, row, RESYNC_KEY))
			return malformed_row;
		if (!listeners->worker->invalidation(listeners->worker_context, action, 0,
											 PQgetvalue(result, row, RESYNC_KEY),
											 field_bytes(result, row, RESYNC_KEY)))
			return no_memory;
	}
	listeners->worker->resync_listed(listeners->worker_context);
	return NULL;
}

const char *
journal_answer_resynced(const PGresult *result, const JournalListeners *listeners)
{
	if (PQntuples(result) != 1)
		return wrong_shape;
	listeners->worker->resynced(listeners->worker_context);
	return NULL;
}

/* An unsigned number of eight bytes; false if the field is not one. */
static bool
read_number(const PGresult *result, int row, int column, uint64_t *number)
{
	const unsigned char *bytes = (const unsigned char *) PQgetvalue(result, row, column);

	*number = 0;
	if (field_bytes(result, row, column) != sizeof(*number))
		return false;
	for (size_t i = 0; i < sizeof(*number); i++)
		*number = *number << 8 | bytes[i];
	return true;
}

const char *
journal_answer_trim(const PGresult *result, const JournalListeners *listeners)
{
	static const Oid types[] = {INT4_OID};

	if (!has_types(result, types, 1) || PQntuples(result) != 1)
		return wrong_shape;
	listeners->worker->trimmed(listeners->worker_context);
	return NULL;
}

/* The row without a name, if there is one, is the place. */
const char *
journal_answer_standbys(const PGresult *result, const JournalListeners *listeners)
{
	static const Oid types[] = {TEXT_OID, PG_LSN_OID};
	uint64_t	position = 0;

	if (!has_types(result, types, STANDBY_COLUMN_COUNT))
		return wrong_shape;
	for (int row = 0; row < PQntuples(result); row++)
	{
		uint64_t	replayed = 0;

		if (!PQgetisnull(result, row, STANDBY_REPLAYED) &&
			!read_number(result, row, STANDBY_REPLAYED, &replayed))
			return wrong_shape;
		if (PQgetisnull(result, row, STANDBY_NAME))
			position = replayed;
		else if (!listeners->worker->standby(listeners->worker_context,
											 field_text(result, row, STANDBY_NAME), replayed))
			return no_memory;
	}
	listeners->worker->standbys_told(listeners->worker_context, position);
	return NULL;
}

const char *
journal_answer_report_late(const PGresult *result, const JournalListeners *listeners)
{
	if (PQntuples(result) != 1)
		return wrong_shape;
	listeners->worker->late_reported(listeners->worker_context);
	return NULL;
}
