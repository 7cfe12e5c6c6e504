/*-------------------------------------------------------------------------
 *
 * check_ask.h
 *	  A statement, and what PostgreSQL answers before a deadline.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CHECK_ASK_H
#define UNCACHED_CHECK_ASK_H

#include <libpq-fe.h>

/*
 * Blocks, for some seconds at most, in a session that does not.  The last of the results, to be
 * cleared by the caller, whatever came of it; NULL if there was none in time.  parameters are texts,
 * as $1 and so on; with none, several statements may be in one.
 */
extern PGresult *check_ask(PGconn *conn, const char *sql, const char *const *parameters,
						   int parameter_count)
			__attribute__((warn_unused_result));

/* What went wrong; a text of the result's, or static. */
extern const char *check_ask_error(const PGconn *conn, const PGresult *result);

/* What to do about it; static. */
extern const char *check_ask_advice(const PGconn *conn, const PGresult *result);

#endif
