/*-------------------------------------------------------------------------
 *
 * check_session.c
 *	  A session for the check with PostgreSQL, with one that accepts writes.
 *
 *-------------------------------------------------------------------------
 */
#include "check/check_session.h"

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/resolver.h"
#include "check/check_names.h"
#include "journal/journal_conninfo.h"
#include "journal/journal_error.h"

#define CONNECT_TIMEOUT_MS 5000
#define TEXT_BYTES 512
#define ADVICE_BYTES 512

/* More of them, that differ, are not told. */
#define FAILURES_MAX 8

#define TOO_MANY_CONNECTIONS "53300"

typedef struct Failure
{
	char		sqlstate[JOURNAL_SQLSTATE_BYTES];
	char		text[TEXT_BYTES];
} Failure;

/* On the way to a session. */
typedef struct Attempt
{
	CheckReport *report;		/* borrowed */
	PGconn	   *conn;			/* owned until it is returned; NULL so far */
	Failure		failures[FAILURES_MAX];
	size_t		failure_count;
	bool		has_standby;	/* a server can be reached that accepts no
								 * writes */
} Attempt;

int64_t
check_session_now_ms(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- one address --- */

/* PQconnectPoll's documentation: first wait as if it had said "writing". */
static bool
await_session(PGconn *conn)
{
	int64_t		deadline_ms = check_session_now_ms() + CONNECT_TIMEOUT_MS;
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;

	while (status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING)
	{
		struct pollfd entry = {
			.fd = PQsocket(conn),
			.events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT
		};
		int64_t		left_ms = deadline_ms - check_session_now_ms();

		if (left_ms <= 0 || poll(&entry, 1, (int) left_ms) <= 0)
			return false;
		status = PQconnectPoll(conn);
	}
	return true;
}

/* What libpq says where a session is there, but not the one that was asked for. */
static bool
is_standby(const char *text)
{
	return strstr(text, "session is read-only") != NULL ||
		strstr(text, "server is in hot standby mode") != NULL;
}

static void
add_failure(Attempt *attempt, const char *message)
{
	Failure		failure;

	journal_error_read(message, failure.sqlstate, failure.text, sizeof(failure.text));
	if (is_standby(failure.text))
	{
		attempt->has_standby = true;
		return;
	}
	for (size_t i = 0; i < attempt->failure_count; i++)
		if (strcmp(attempt->failures[i].text, failure.text) == 0)
			return;
	if (attempt->failure_count < FAILURES_MAX)
		attempt->failures[attempt->failure_count++] = failure;
}

/* The verbosity: a refusal has its SQLSTATE in libpq's text alone. */
static void
try_address(Attempt *attempt, const JournalConninfo *info)
{
	PGconn	   *conn = PQconnectStartParams(info->keywords, info->values, 1);
	bool		has_answer;

	(void) PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
	has_answer = PQstatus(conn) == CONNECTION_BAD || await_session(conn);
	if (PQstatus(conn) == CONNECTION_OK && PQsetnonblocking(conn, 1) == 0)
	{
		(void) PQsetErrorVerbosity(conn, PQERRORS_DEFAULT);
		attempt->conn = conn;
		return;
	}
	add_failure(attempt, has_answer ? PQerrorMessage(conn) : "no reply before the deadline");
	PQfinish(conn);
}

/* --- one host --- */

static void
report_failure(CheckReport *report, const char *sqlstate, const char *text)
{
	char		advice[ADVICE_BYTES];

	(void) snprintf(advice, sizeof(advice), "%s%s",
					journal_error_kind(JOURNAL_FAILURE_CONNECTION, sqlstate, text)->advice,
					strcmp(sqlstate, TOO_MANY_CONNECTIONS) == 0 ?
					"; the check needs one more than the daemon" : "");
	check_report_say(report, CHECK_MISSING, advice, "cannot be reached: %s", text);
}

static void
try_name(Attempt *attempt, JournalConninfo *info)
{
	char		problem[CHECK_NAMES_PROBLEM_BYTES];
	char		address[64];
	struct addrinfo *addresses = check_names_resolve(info->host, 0, CHECK_NAMES_TIMEOUT_MS,
													 problem);

	if (addresses == NULL)
		check_report_say(attempt->report, CHECK_MISSING,
						 journal_error_kind(JOURNAL_FAILURE_CONNECTION, "", problem)->advice,
						 "the host %s: %s", info->host, problem);
	for (const struct addrinfo *next = addresses; next != NULL && attempt->conn == NULL;
		 next = next->ai_next)
	{
		resolver_describe(next, address, sizeof(address));
		journal_conninfo_set_address(info, address);
		try_address(attempt, info);
	}
	if (addresses != NULL)
		freeaddrinfo(addresses);
}

/* How many hosts there are; one if libpq chooses. */
static size_t
try_host(Attempt *attempt, const char *dsn, size_t index)
{
	JournalConninfo info;
	size_t		host_count;

	if (!journal_conninfo_build(dsn, "uncached/check", index, &info))
	{
		add_failure(attempt, "out of memory");
		return 0;
	}
	host_count = info.host_count > 0 ? info.host_count : 1;
	if (journal_conninfo_has_name(&info))
		try_name(attempt, &info);
	else
		try_address(attempt, &info);
	journal_conninfo_reset(&info);
	return host_count;
}

/* --- the interface --- */

static void
report_failures(const Attempt *attempt)
{
	if (attempt->has_standby)
		check_report_say(attempt->report, CHECK_MISSING, CHECK_SESSION_PRIMARY_ADVICE,
						 "only a server that does not accept writes can be reached, such as a standby");
	for (size_t i = 0; i < attempt->failure_count; i++)
		report_failure(attempt->report, attempt->failures[i].sqlstate,
					   attempt->failures[i].text);
}

PGconn *
check_session_open(const char *dsn, CheckReport *report)
{
	Attempt		attempt = {.report = report};
	size_t		host_count = 1;

	if (!journal_conninfo_is_valid(dsn))
	{
		check_report_say(report, CHECK_MISSING, "correct the dsn",
						 "the dsn is not a valid connection string");
		return NULL;
	}
	for (size_t i = 0; i < host_count && attempt.conn == NULL; i++)
		host_count = try_host(&attempt, dsn, i);
	if (attempt.conn == NULL)
		report_failures(&attempt);
	return attempt.conn;
}
