/*-------------------------------------------------------------------------
 *
 * check_session.h
 *	  A session for the check with PostgreSQL, with one that accepts writes.
 *
 * As the daemon goes about it: host by host, each address by address, and some seconds
 * for each.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CHECK_SESSION_H
#define UNCACHED_CHECK_SESSION_H

#include <libpq-fe.h>
#include <stdint.h>

#include "check/check_report.h"

#define CHECK_SESSION_PRIMARY_ADVICE \
	"let the dsn name the primary; with host=a,b,c it may be any of them"

/*
 * Blocks.  Not blocking itself, to be ended with PQfinish; or NULL.  Reports names
 * that are not resolved, and if there is no session why not.
 */
extern PGconn *check_session_open(const char *dsn, CheckReport *report)
			__attribute__((warn_unused_result));

/* Milliseconds that never go back. */
extern int64_t check_session_now_ms(void);

#endif
