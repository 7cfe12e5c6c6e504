/*-------------------------------------------------------------------------
 *
 * consumer_list.c
 *	  What PostgreSQL knows of each target: for --status.
 *
 *-------------------------------------------------------------------------
 */
#include "check/consumer_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check_ask.h"

/* The columns of list_sql. */
enum
{
	COLUMN_TARGET,
	COLUMN_HAS_RULES,
	COLUMN_HAS_CONSUMER,
	COLUMN_STATE,
	COLUMN_WORKER_PID,
	COLUMN_ROW_COUNT,
	COLUMN_KEY_COUNT,
	COLUMN_IS_ESTIMATE,
	COLUMN_LAG_MS,
	COLUMN_ACKED_MS_AGO,
	COLUMN_ACKED_AT,
	COLUMN_RESYNC_REASON,
	COLUMN_ALARM,
	COLUMN_EXTENSION_VERSION
};

static const char list_sql[] =
"SELECT coalesce(s.target, t.target), coalesce(t.actions <> '{}', false), s.target IS NOT NULL, s.state,"
" s.worker_pid, s.pending_rows, s.pending_keys, s.pending_is_estimate,"
" (extract(epoch FROM s.lag) * 1000)::bigint,"
" (extract(epoch FROM pg_catalog.clock_timestamp() - s.acked_at) * 1000)::bigint,"
" pg_catalog.to_char(s.acked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'),"
" s.resync_reason, s.alarm,"
" (SELECT e.extversion FROM pg_catalog.pg_extension e WHERE e.extname = 'uncache')"
" FROM uncache.targets() t FULL JOIN uncache.read_status() s ON s.target = t.target"
" ORDER BY 1";

static int64_t
read_number(const PGresult *result, int row, int column)
{
	if (PQgetisnull(result, row, column))
		return CONSUMER_UNKNOWN;
	return strtoll(PQgetvalue(result, row, column), NULL, 10);
}

static bool
is_true(const PGresult *result, int row, int column)
{
	return PQgetvalue(result, row, column)[0] == 't';
}

static bool
take_row(const PGresult *result, int row, ConsumerRow *consumer)
{
	int64_t		worker_pid = read_number(result, row, COLUMN_WORKER_PID);

	consumer->has_rules = is_true(result, row, COLUMN_HAS_RULES);
	consumer->has_consumer = is_true(result, row, COLUMN_HAS_CONSUMER);
	consumer->worker_pid = worker_pid == CONSUMER_UNKNOWN ? 0 : worker_pid;
	consumer->row_count = read_number(result, row, COLUMN_ROW_COUNT);
	consumer->key_count = read_number(result, row, COLUMN_KEY_COUNT);
	consumer->is_estimate = is_true(result, row, COLUMN_IS_ESTIMATE);
	consumer->lag_ms = read_number(result, row, COLUMN_LAG_MS);
	consumer->acked_ms_ago = read_number(result, row, COLUMN_ACKED_MS_AGO);
	consumer->target = strdup(PQgetvalue(result, row, COLUMN_TARGET));
	consumer->state = strdup(PQgetvalue(result, row, COLUMN_STATE));
	consumer->acked_at = strdup(PQgetvalue(result, row, COLUMN_ACKED_AT));
	consumer->resync_reason = strdup(PQgetvalue(result, row, COLUMN_RESYNC_REASON));
	consumer->alarm = strdup(PQgetvalue(result, row, COLUMN_ALARM));
	return consumer->target != NULL && consumer->state != NULL && consumer->acked_at != NULL &&
		consumer->resync_reason != NULL && consumer->alarm != NULL;
}

static bool
take_rows(const PGresult *result, ConsumerList *list)
{
	int			count = PQntuples(result);
	bool		is_taken = true;

	list->rows = calloc((size_t) count + 1, sizeof(*list->rows));
	list->extension_version = strdup(count > 0 ? PQgetvalue(result, 0, COLUMN_EXTENSION_VERSION) : "");
	if (list->rows == NULL || list->extension_version == NULL)
		return false;
	for (int i = 0; is_taken && i < count; i++)
		is_taken = take_row(result, i, &list->rows[list->row_count++]);
	return is_taken;
}

bool
consumer_list_read(const char *dsn, ConsumerList *list, char problem[LOOK_PROBLEM_BYTES])
{
	PGconn	   *conn = look_session_open(dsn, problem);
	PGresult   *result;
	bool		is_read;

	memset(list, 0, sizeof(*list));
	if (conn == NULL)
		return false;
	result = check_ask(conn, list_sql, NULL, 0);
	is_read = PQresultStatus(result) == PGRES_TUPLES_OK;
	if (!is_read)
		look_session_describe(conn, result, problem);
	else if (!take_rows(result, list))
	{
		(void) snprintf(problem, LOOK_PROBLEM_BYTES, "out of memory");
		is_read = false;
	}
	PQclear(result);
	PQfinish(conn);
	return is_read;
}

void
consumer_list_reset(ConsumerList *list)
{
	for (size_t i = 0; i < list->row_count; i++)
	{
		free(list->rows[i].target);
		free(list->rows[i].state);
		free(list->rows[i].acked_at);
		free(list->rows[i].resync_reason);
		free(list->rows[i].alarm);
	}
	free(list->rows);
	free(list->extension_version);
	memset(list, 0, sizeof(*list));
}
