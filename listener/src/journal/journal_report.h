/*-------------------------------------------------------------------------
 *
 * journal_report.h
 *	  Says why sessions with PostgreSQL end, and that they work again.
 *
 * Part of journal_source: outlives the sessions of one target.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_JOURNAL_REPORT_H
#define UNCACHED_JOURNAL_REPORT_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "base/failure_log.h"
#include "base/log.h"
#include "base/loop.h"
#include "journal/journal_counters.h"
#include "journal/journal_error.h"
#include "journal/journal_operation.h"
#include "journal/journal_route.h"

#define JOURNAL_REPORT_ERROR_BYTES 1024

typedef struct JournalReport
{
	const Loop *loop;			/* borrowed */
	const Log  *log;			/* borrowed */
	const char *alias;			/* borrowed */
	const JournalRoute *route;	/* borrowed */
	JournalCounters *counters;	/* borrowed; NULL counts nothing */
	FailureLog	failures;
	JournalOperation owed;		/* what failed last and was not done since; or
								 * CLOSED */

	/* what the server said last in this session, if it ended that */
	char		farewell[JOURNAL_REPORT_ERROR_BYTES];
	char		farewell_sqlstate[JOURNAL_SQLSTATE_BYTES];
} JournalReport;

/* All pointers are borrowed. */
extern void journal_report_init(JournalReport *report, const Loop *loop, const Log *log,
								const char *alias, const JournalRoute *route);

/* A session is about to be begun. */
extern void journal_report_begin(JournalReport *report);

/* The connection is that session's.  "report" must not move until it is closed. */
extern void journal_report_watch(JournalReport *report, PGconn *conn);

/*
 * The session failed during the operation; conn may be NULL.  The second one
 * takes the reason from the operation's result, which may be NULL, if the server gives
 * one there; else from the server's last words, or from libpq.  It is no error yet
 * while the host has another address to be tried.
 */
extern void journal_report_failure(JournalReport *report, const PGconn *conn,
								   JournalOperation operation, JournalFailure cause,
								   const char *sqlstate, const char *error);
extern void journal_report_broken(JournalReport *report, const PGconn *conn,
								  JournalOperation operation, const PGresult *result);

/* An operation has ended well. */
extern void journal_report_done(JournalReport *report, JournalOperation operation);

/* Has what failed last been done since, if anything has failed? */
extern bool journal_report_owes_nothing(const JournalReport *report);

/* What failed is over. */
extern void journal_report_end(JournalReport *report);

#endif
