/*-------------------------------------------------------------------------
 *
 * journal_report.c
 *	  Says why sessions with PostgreSQL end, and that they work again.
 *
 *-------------------------------------------------------------------------
 */
#include "journal_report.h"

#include <stdio.h>
#include <string.h>

void
journal_report_init(JournalReport *report, const Loop *loop, const Log *log,
					const char *target)
{
	memset(report, 0, sizeof(*report));
	report->loop = loop;
	report->log = log;
	report->target = target;
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
				  LOG_TEXT("target", report->target),
				  LOG_TEXT("notice", primary));
		return;
	}
	(void) snprintf(report->farewell, sizeof(report->farewell), "%s", primary);
	(void) snprintf(report->farewell_sqlstate, sizeof(report->farewell_sqlstate), "%s",
					sqlstate != NULL ? sqlstate : "");
}

/* The verbosity: a refusal to connect has its SQLSTATE in libpq's text alone. */
void
journal_report_watch(JournalReport *report, PGconn *conn)
{
	report->farewell[0] = '\0';
	(void) PQsetNoticeReceiver(conn, take_notice, report);
	(void) PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
}

static void
log_failure(const JournalReport *report, const PGconn *conn, const Failure *failure,
			JournalOperation operation, const JournalErrorKind *kind,
			int64_t repeated_count)
{
	log_event(report->log,
			  kind->reaction == JOURNAL_REACTION_RETRY ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR,
			  "session with PostgreSQL ended, reconnecting",
			  LOG_TEXT("target", report->target),
			  LOG_TEXT("server", failure->server),
			  LOG_TEXT("database", PQdb(conn)),
			  LOG_TEXT("while", journal_operation_traits(operation)->doing),
			  LOG_TEXT("sqlstate", failure->sqlstate),
			  LOG_TEXT("error", failure->error),
			  LOG_TEXT("advice", kind->advice),
			  LOG_NUMBER("repeated", repeated_count));
}

void
journal_report_failure(JournalReport *report, const PGconn *conn,
					   JournalOperation operation, JournalFailure cause,
					   const char *sqlstate, const char *error)
{
	const char *host = PQhost(conn);

	/* what the server says of an error is the same wherever it is met */
	const Failure failure = {
		.message = sqlstate[0] != '\0' ? "" : journal_operation_traits(operation)->doing,
		.server = host != NULL ? host : "",
		.sqlstate = sqlstate,
		.error = error
	};
	int64_t		repeated_count;

	if (failure_log_take(&report->failures, &failure, loop_now_ms(report->loop),
						 &repeated_count))
		log_failure(report, conn, &failure, operation,
					journal_error_kind(cause, sqlstate, error), repeated_count);
	if (operation != JOURNAL_OPERATION_IDLE)
		report->owed = operation;
}

void
journal_report_broken(JournalReport *report, const PGconn *conn, JournalOperation operation)
{
	char		error[JOURNAL_REPORT_ERROR_BYTES];
	char		sqlstate[JOURNAL_SQLSTATE_BYTES];

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
				  LOG_TEXT("target", report->target),
				  LOG_NUMBER("failures", report->failures.failure_count),
				  LOG_NUMBER("duration_ms", loop_now_ms(report->loop) -
							 report->failures.begin_ms));
	failure_log_end(&report->failures);
	report->owed = JOURNAL_OPERATION_CLOSED;
}
