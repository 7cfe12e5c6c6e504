/*-------------------------------------------------------------------------
 *
 * look_session.c
 *	  A session with PostgreSQL for whoever looks on: --status, --tail.
 *
 *-------------------------------------------------------------------------
 */
#include "check/look_session.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check_ask.h"
#include "check/check_report.h"
#include "check/check_session.h"

#define GRANT_ADVICE "a superuser must run: SELECT uncache.grant_consumer('<this role>')"

static const char setup_sql[] =
"SET search_path = pg_catalog, pg_temp;"
"SET default_transaction_read_only = on;"
"SET default_transaction_isolation = 'read committed';"
"SET statement_timeout = '5s';"
"SET lock_timeout = '1s';"
"SET jit = off;"
"SELECT pg_catalog.set_config('client_encoding', CASE pg_catalog.getdatabaseencoding()"
" WHEN 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END, false)";

/* By the catalog: names could not even be looked up without USAGE. */
static const char extension_sql[] =
"SELECT e.extversion, pg_catalog.count(p.oid),"
" pg_catalog.has_schema_privilege(e.extnamespace, 'USAGE') AND"
" coalesce(pg_catalog.bool_and(pg_catalog.has_function_privilege(p.oid, 'EXECUTE')), false)"
" FROM pg_catalog.pg_extension e LEFT JOIN pg_catalog.pg_proc p"
"  ON p.pronamespace = e.extnamespace AND p.proname IN ('read_status', 'tail', 'targets')"
" WHERE e.extname = 'uncache' GROUP BY e.extversion, e.extnamespace";

#define NEEDED_FUNCTIONS 3

/* The first of the lines "missing postgres: …", without their first word. */
static void
take_first_line(const char *report, char *problem)
{
	const char *begin = strstr(report, "postgres: ");
	size_t		length = begin != NULL ? strcspn(begin, "\n") : 0;

	(void) snprintf(problem, LOOK_PROBLEM_BYTES, "%.*s", (int) length, begin != NULL ? begin : "");
	if (length == 0)
		(void) snprintf(problem, LOOK_PROBLEM_BYTES, "postgres: cannot be reached");
}

static PGconn *
connect_to(const char *dsn, char *problem)
{
	CheckReport report;
	char	   *text = NULL;
	size_t		text_bytes = 0;
	FILE	   *stream = open_memstream(&text, &text_bytes);
	PGconn	   *conn;

	if (stream == NULL)
	{
		(void) snprintf(problem, LOOK_PROBLEM_BYTES, "out of memory");
		return NULL;
	}
	check_report_begin(&report, stream);
	check_report_subject(&report, "postgres", NULL);
	conn = check_session_open(dsn, &report);
	if (fclose(stream) == 0 && conn == NULL)
		take_first_line(text, problem);
	free(text);
	return conn;
}

void
look_session_describe(const PGconn *conn, const PGresult *result, char problem[LOOK_PROBLEM_BYTES])
{
	const char *advice = check_ask_advice(conn, result);

	(void) snprintf(problem, LOOK_PROBLEM_BYTES, "postgres: %s%s%s", check_ask_error(conn, result),
					*advice != '\0' ? "; " : "", advice);
}

static bool
set_up(PGconn *conn, char *problem)
{
	PGresult   *result = check_ask(conn, setup_sql, NULL, 0);
	bool		is_done = PQresultStatus(result) == PGRES_TUPLES_OK;

	if (!is_done)
		look_session_describe(conn, result, problem);
	PQclear(result);
	return is_done;
}

static bool
judge_extension(const PGresult *result, char *problem)
{
	if (PQntuples(result) == 0)
		(void) snprintf(problem, LOOK_PROBLEM_BYTES, "postgres: the extension uncache is not installed in this database;"
						" a superuser must run: CREATE EXTENSION uncache");
	else if (strtol(PQgetvalue(result, 0, 1), NULL, 10) < NEEDED_FUNCTIONS)
		(void) snprintf(problem, LOOK_PROBLEM_BYTES, "postgres: the extension has version %s, and this needs 0.2;"
						" a superuser must run: ALTER EXTENSION uncache UPDATE;"
						" SELECT uncache.grant_consumer('<this role>')", PQgetvalue(result, 0, 0));
	else if (PQgetvalue(result, 0, 2)[0] != 't')
		(void) snprintf(problem, LOOK_PROBLEM_BYTES, "postgres: the role may not look at uncache; " GRANT_ADVICE);
	else
		return true;
	return false;
}

static bool
check_extension(PGconn *conn, char *problem)
{
	PGresult   *result = check_ask(conn, extension_sql, NULL, 0);
	bool		is_usable = PQresultStatus(result) == PGRES_TUPLES_OK;

	if (is_usable)
		is_usable = judge_extension(result, problem);
	else
		look_session_describe(conn, result, problem);
	PQclear(result);
	return is_usable;
}

PGconn *
look_session_open(const char *dsn, char problem[LOOK_PROBLEM_BYTES])
{
	PGconn	   *conn = connect_to(dsn, problem);

	if (conn != NULL && set_up(conn, problem) && check_extension(conn, problem))
		return conn;
	PQfinish(conn);
	return NULL;
}
