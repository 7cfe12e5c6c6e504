/*-------------------------------------------------------------------------
 *
 * journal_report.c
 *	  Says why sessions with PostgreSQL end, and that they work again.
 *
 *-------------------------------------------------------------------------
 */
#include "journal/journal_report.h"

#include <stdio.h>
#include <string.h>

void
journal_report_init(JournalReport *report, const Loop *loop, const Log *log,
					const char *alias, const JournalRoute *route)
{
	memset(report, 0, sizeof(*report));
	report->loop = loop;
	report->log = log;
	report->alias = alias;
	report->route = route;
	report->owed = JOURNAL_OPERATION_CLOSED;
}

/*
 * Else libpq would write notices to stderr, past the log.  What ends an idle
 * session comes as a notice too.
 */
static void
take_notice(void *context, const PGresult *notice)
{
	JournalReport *report = context;
	const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *primary = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
	const char *sqlstate = PQresultErrorField(notice, PG_DIAG_SQLSTATE);

	if (severity == NULL || primary == NULL || strcmp(severity, "FATAL") != 0)
	{
		log_event(report->log, LOG_LEVEL_DEBUG, "notice from PostgreSQL",
				  LOG_TEXT("target", report->alias),
				  LOG_TEXT("notice", primary));
		return;
	}
	(void) snprintf(report->farewell, sizeof(report->farewell), "%s", primary);
	(void) snprintf(report->farewell_sqlstate, sizeof(report->farewell_sqlstate), "%s",
					sqlstate != NULL ? sqlstate : "");
}

void
journal_report_begin(JournalReport *report)
{
	report->farewell[0] = '\0';
}

/* The verbosity: a refusal to connect has its SQLSTATE in libpq's text alone. */
void
journal_report_watch(JournalReport *report, PGconn *conn)
{
	(void) PQsetNoticeReceiver(conn, take_notice, report);
	(void) PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
}

static LogLevel
level_of(const JournalReport *report, const JournalErrorKind *kind)
{
	bool		is_alarm = kind->reaction == JOURNAL_REACTION_ALARM;

	return is_alarm && !journal_route_has_next(report->route) ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING;
}

static void
log_failure(const JournalReport *report, const PGconn *conn, const Failure *failure,
			JournalOperation operation, const JournalErrorKind *kind,
			int64_t repeated_count)
{
	log_event(report->log, level_of(report, kind),
			  "session with PostgreSQL ended, reconnecting",
			  LOG_TEXT("target", report->alias),
			  LOG_TEXT("server", failure->server),
			  LOG_TEXT("address", PQhostaddr(conn)),
			  LOG_TEXT("database", PQdb(conn)),
			  LOG_TEXT("while", journal_operation_traits(operation)->doing),
			  LOG_TEXT("sqlstate", failure->sqlstate),
			  LOG_TEXT("error", failure->error),
			  LOG_TEXT("advice", kind->advice),
			  LOG_NUMBER("repeated", repeated_count));
}

/* The host that the session is with, or was to be with; "" if libpq was to choose it. */
static const char *
server_of(const JournalReport *report, const PGconn *conn)
{
	const char *host = conn != NULL ? PQhost(conn) : journal_route_host(report->route);

	return host != NULL ? host : "";
}

/*
 * What makes failures alike besides their texts: what the server says of an error is the
 * same wherever it is met, and what comes before another address is tried is not
 * yet an error.
 */
static const char *
occasion_of(const JournalReport *report, JournalOperation operation, const char *sqlstate)
{
	if (journal_route_has_next(report->route))
		return "another address is left";
	return sqlstate[0] != '\0' ? "" : journal_operation_traits(operation)->doing;
}

void
journal_report_failure(JournalReport *report, const PGconn *conn,
					   JournalOperation operation, JournalFailure cause,
					   const char *sqlstate, const char *error)
{
	const Failure failure = {
		.message = occasion_of(report, operation, sqlstate),
		.server = server_of(report, conn),
		.sqlstate = sqlstate,
		.error = error
	};
	int64_t		repeated_count;

	if (report->counters != NULL && !journal_route_has_next(report->route))
		report->counters->errors[cause]++;
	if (failure_log_take(&report->failures, &failure, loop_now_ms(report->loop),
						 &repeated_count))
		log_failure(report, conn, &failure, operation,
					journal_error_kind(cause, sqlstate, error), repeated_count);
	if (operation != JOURNAL_OPERATION_IDLE)
		report->owed = operation;
}

void
journal_report_broken(JournalReport *report, const PGconn *conn, JournalOperation operation,
					  const PGresult *result)
{
	const char *refusal = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	char		error[JOURNAL_REPORT_ERROR_BYTES];
	char		sqlstate[JOURNAL_SQLSTATE_BYTES];

	if (refusal != NULL)
	{
		journal_report_failure(report, conn, operation, JOURNAL_FAILURE_SERVER,
							   code != NULL ? code : "", refusal);
		return;
	}
	if (report->farewell[0] != '\0')
	{
		journal_report_failure(report, conn, operation, JOURNAL_FAILURE_CONNECTION,
							   report->farewell_sqlstate, report->farewell);
		return;
	}
	journal_error_read(PQerrorMessage(conn), sqlstate, error, sizeof(error));
	journal_report_failure(report, conn, operation, JOURNAL_FAILURE_CONNECTION, sqlstate,
						   error);
}

/* What comes before a session is set up has ended well in any that is. */
void
journal_report_done(JournalReport *report, JournalOperation operation)
{
	if (operation == report->owed || report->owed < JOURNAL_OPERATION_IDLE)
		report->owed = JOURNAL_OPERATION_CLOSED;
}

bool
journal_report_owes_nothing(const JournalReport *report)
{
	return report->owed == JOURNAL_OPERATION_CLOSED;
}

void
journal_report_end(JournalReport *report)
{
	if (failure_log_is_open(&report->failures))
		log_event(report->log, LOG_LEVEL_INFO, "PostgreSQL serves the target again",
				  LOG_TEXT("target", report->alias),
				  LOG_NUMBER("failures", report->failures.failure_count),
				  LOG_NUMBER("duration_ms", loop_now_ms(report->loop) -
							 report->failures.begin_ms));
	failure_log_end(&report->failures);
	report->owed = JOURNAL_OPERATION_CLOSED;
}
