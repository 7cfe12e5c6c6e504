/*-------------------------------------------------------------------------
 *
 * check_ask.c
 *	  A statement, and what PostgreSQL answers before a deadline.
 *
 *-------------------------------------------------------------------------
 */
#include "check/check_ask.h"

#include <poll.h>
#include <stdbool.h>

#include "check/check_session.h"
#include "journal/journal_error.h"

#define ANSWER_TIMEOUT_MS 6000

/* False when the deadline passes or the connection breaks. */
static bool
await_result(PGconn *conn)
{
	int64_t		deadline_ms = check_session_now_ms() + ANSWER_TIMEOUT_MS;

	for (;;)
	{
		int			unsent = PQflush(conn);
		struct pollfd entry = {.fd = PQsocket(conn),.events = POLLIN};
		int64_t		left_ms = deadline_ms - check_session_now_ms();

		if (unsent == 0 && !PQisBusy(conn))
			return true;
		if (unsent == 1)
			entry.events |= POLLOUT;
		if (unsent < 0 || left_ms <= 0 || poll(&entry, 1, (int) left_ms) < 0)
			return false;
		if ((entry.revents & ~POLLOUT) != 0 && PQconsumeInput(conn) == 0)
			return false;
	}
}

static PGresult *
take_last_result(PGconn *conn)
{
	PGresult   *last = NULL;

	for (;;)
	{
		PGresult   *result;

		if (!await_result(conn))
		{
			PQclear(last);
			return NULL;
		}
		result = PQgetResult(conn);
		if (result == NULL)
			return last;
		PQclear(last);
		last = result;
	}
}

PGresult *
check_ask(PGconn *conn, const char *sql, const char *const *parameters, int parameter_count)
{
	int			sent;

	if (parameter_count > 0)
		sent = PQsendQueryParams(conn, sql, parameter_count, NULL, parameters, NULL, NULL, 0);
	else
		sent = PQsendQuery(conn, sql);
	return sent == 1 ? take_last_result(conn) : NULL;
}

const char *
check_ask_error(const PGconn *conn, const PGresult *result)
{
	const char *error = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (error != NULL)
		return error;
	return PQstatus(conn) == CONNECTION_OK ? "no reply before the deadline" :
		"the connection is lost";
}

const char *
check_ask_advice(const PGconn *conn, const PGresult *result)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	return journal_error_kind(sqlstate != NULL ? JOURNAL_FAILURE_SERVER : JOURNAL_FAILURE_CONNECTION,
							  sqlstate != NULL ? sqlstate : "", check_ask_error(conn, result))->advice;
}
