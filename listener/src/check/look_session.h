/*-------------------------------------------------------------------------
 *
 * look_session.h
 *	  A session with PostgreSQL for whoever looks on: --status, --tail.
 *
 * It may only read, takes no lock of a consumer, and each of its statements is a transaction
 * that lasts for some seconds at most.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_LOOK_SESSION_H
#define UNCACHED_LOOK_SESSION_H

#include <libpq-fe.h>
#include <stddef.h>

#define LOOK_PROBLEM_BYTES 1024

/*
 * Blocks.  To be ended with PQfinish; or NULL, and "problem" has one line that says why, and what to
 * do.  There is a session only where the extension has what this daemon looks with, and the role
 * may use it.
 */
extern PGconn *look_session_open(const char *dsn, char problem[LOOK_PROBLEM_BYTES])
			__attribute__((warn_unused_result));

/* The same for a statement that failed. */
extern void look_session_describe(const PGconn *conn, const PGresult *result,
								  char problem[LOOK_PROBLEM_BYTES]);

#endif
