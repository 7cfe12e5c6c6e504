/*-------------------------------------------------------------------------
 *
 * journal_operation.h
 *	  What a journal session can be doing, and the SQL of it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_JOURNAL_OPERATION_H
#define UNCACHED_JOURNAL_OPERATION_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#include "journal/journal_answer.h"

typedef enum JournalOperation
{
	JOURNAL_OPERATION_CLOSED,	/* no session */
	JOURNAL_OPERATION_CONNECTING,
	JOURNAL_OPERATION_SETTING_UP,
	JOURNAL_OPERATION_PREPARING_FETCH,
	JOURNAL_OPERATION_PREPARING_ACK,
	JOURNAL_OPERATION_IDLE,
	JOURNAL_OPERATION_ATTACH,
	JOURNAL_OPERATION_ATTACH_CLUSTER,
	JOURNAL_OPERATION_FETCH,
	JOURNAL_OPERATION_FETCH_UNTIL,
	JOURNAL_OPERATION_ACK,
	JOURNAL_OPERATION_ACK_CLUSTER,
	JOURNAL_OPERATION_LIST_RESYNC,
	JOURNAL_OPERATION_RESYNCED,
	JOURNAL_OPERATION_TRIM,
	JOURNAL_OPERATION_STANDBYS,
	JOURNAL_OPERATION_REPORT_LATE,
	JOURNAL_OPERATION_COUNT
} JournalOperation;

typedef struct JournalOperationTraits
{
	const char *doing;			/* for the log */
	const char *sql;			/* NULL before the session is set up */
	const char *statement;		/* its name, if it is prepared */
	JournalAnswerReader read;
} JournalOperationTraits;

/* Is it under way at the server: will an answer come? */
extern bool journal_operation_is_asked(JournalOperation operation);

/* Static data. */
extern const JournalOperationTraits *journal_operation_traits(JournalOperation operation);

/*
 * Each hands a query to libpq, to be flushed by the caller; false says that
 * libpq refused it.  Results come in binary format but for the setup, whose
 * last result is the backend's process id as text.  The setup ends the caller's
 * last session, which the process last_pid serves, if it is still there: it would keep
 * the consumer's lock.  0 is none.
 */
extern bool journal_operation_send(PGconn *conn, JournalOperation operation,
								   int parameter_count, const char *const *parameters)
			__attribute__((warn_unused_result));
extern bool journal_operation_send_prepare(PGconn *conn, JournalOperation prepared)
			__attribute__((warn_unused_result));
extern bool journal_operation_send_setup(PGconn *conn, const char *alias, int last_pid)
			__attribute__((warn_unused_result));

/*
 * Does the answer to the setup come from the server that was connected
 * to?  A pooling proxy invents the process id that it announces; behind one,
 * LISTEN and session locks would silently belong to somebody else.
 */
extern bool journal_operation_is_direct(const PGconn *conn, const PGresult *setup);

#endif
