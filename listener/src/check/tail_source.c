/*-------------------------------------------------------------------------
 *
 * tail_source.c
 *	  What is invalidated, as PostgreSQL's journal has it: for --tail.
 *
 *-------------------------------------------------------------------------
 */
#include "check/tail_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check_ask.h"

/* Of keys, in one look: of a few milliseconds. */
#define LOOK_BYTES "262144"

/* A look that has more rows may have been full. */
#define MANY_ROWS 500

#define REASON_BYTES 256
#define INVALID_CURSOR "22023"

/* The columns of tail_sql. */
enum
{
	COLUMN_XID,
	COLUMN_AT_US,
	COLUMN_AGE_MS,
	COLUMN_TARGET,
	COLUMN_ACTION,
	COLUMN_KEY,
	COLUMN_CURSOR
};

static const char tail_sql[] =
"SELECT t.xid, (pg_catalog.date_part('epoch', t.at) * 1000000)::bigint,"
" (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - t.at) * 1000)::bigint,"
" t.target, t.action, t.key, t.next_cursor FROM uncache.tail($1::text, " LOOK_BYTES ") t";

struct TailSource
{
	const char *dsn;			/* borrowed */
	const TailReader *reader;	/* borrowed */
	PGconn	   *conn;			/* owned; NULL while there is none */
	char	   *cursor;			/* owned; NULL until the first look */
};

TailSource *
tail_source_create(const char *dsn, const TailReader *reader)
{
	TailSource *source = calloc(1, sizeof(*source));

	if (source != NULL)
	{
		source->dsn = dsn;
		source->reader = reader;
	}
	return source;
}

static void
disconnect(TailSource *source)
{
	PQfinish(source->conn);
	source->conn = NULL;
}

void
tail_source_destroy(TailSource *source)
{
	if (source == NULL)
		return;
	disconnect(source);
	free(source->cursor);
	free(source);
}

static void
tell_gap(const TailSource *source, const char *reason)
{
	source->reader->take_gap(source->reader->context, reason);
}

static void
forget_cursor(TailSource *source)
{
	free(source->cursor);
	source->cursor = NULL;
}

bool
tail_source_connect(TailSource *source, char problem[LOOK_PROBLEM_BYTES])
{
	bool		is_first = source->cursor == NULL;

	disconnect(source);
	source->conn = look_session_open(source->dsn, problem);
	if (source->conn == NULL)
		return false;
	if (is_first && tail_source_look(source, problem) == TAIL_FAILED)
		return false;
	if (!is_first)
		tell_gap(source, "the connection was lost: if PostgreSQL has crashed or another server took over,"
				 " some may be missing");
	return true;
}

static void
take_row(const TailSource *source, const PGresult *result, int row)
{
	const TailRow taken = {
		.xid = PQgetvalue(result, row, COLUMN_XID),
		.at_us = strtoll(PQgetvalue(result, row, COLUMN_AT_US), NULL, 10),
		.age_ms = strtoll(PQgetvalue(result, row, COLUMN_AGE_MS), NULL, 10),
		.target = PQgetvalue(result, row, COLUMN_TARGET),
		.action = PQgetvalue(result, row, COLUMN_ACTION),
		.key = PQgetvalue(result, row, COLUMN_KEY),
		.key_bytes = (size_t) PQgetlength(result, row, COLUMN_KEY)
	};

	source->reader->take(source->reader->context, &taken);
}

static void
take_trimmed(const TailSource *source, const char *xid)
{
	char		reason[REASON_BYTES];

	(void) snprintf(reason, sizeof(reason), "the journal was trimmed before it was looked at: some of transactions up to"
					" %s may be missing", xid);
	tell_gap(source, reason);
}

/* Trimmed ones first: they were before.  True if there may be more. */
static bool
take_answer(TailSource *source, const PGresult *result)
{
	int			count = PQntuples(result);
	char	   *cursor = NULL;

	for (int i = 0; i < count; i++)
	{
		if (PQgetisnull(result, i, COLUMN_CURSOR) && PQgetisnull(result, i, COLUMN_KEY))
			take_trimmed(source, PQgetvalue(result, i, COLUMN_XID));
		if (!PQgetisnull(result, i, COLUMN_CURSOR))
			cursor = strdup(PQgetvalue(result, i, COLUMN_CURSOR));
	}
	for (int i = 0; i < count; i++)
		if (!PQgetisnull(result, i, COLUMN_KEY))
			take_row(source, result, i);
	if (cursor != NULL)
	{
		free(source->cursor);
		source->cursor = cursor;
	}
	return count > MANY_ROWS;
}

TailOutcome
tail_source_look(TailSource *source, char problem[LOOK_PROBLEM_BYTES])
{
	const char *const parameters[] = {source->cursor};
	PGresult   *result = check_ask(source->conn, tail_sql, parameters, 1);
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	TailOutcome outcome = TAIL_FAILED;

	if (PQresultStatus(result) == PGRES_TUPLES_OK)
		outcome = take_answer(source, result) ? TAIL_MUCH : TAIL_LITTLE;
	else if (source->cursor != NULL && sqlstate != NULL && strcmp(sqlstate, INVALID_CURSOR) == 0)
	{
		tell_gap(source, "this server has not seen the transactions that were looked at: what it has"
				 " invalidated before now is missing");
		forget_cursor(source);
		outcome = TAIL_LITTLE;
	}
	else
		look_session_describe(source->conn, result, problem);
	PQclear(result);
	return outcome;
}
