/*-------------------------------------------------------------------------
 *
 * journal_error.h
 *	  What kinds of error end a session with PostgreSQL, and what to do about
 *	  them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_JOURNAL_ERROR_H
#define UNCACHED_JOURNAL_ERROR_H

#include <stdbool.h>
#include <stddef.h>

/* Why a session ended. */
typedef enum JournalFailure
{
	JOURNAL_FAILURE_CONNECTION, /* could not be made, was cut or refused, or
								 * is silent */
	JOURNAL_FAILURE_SERVER,		/* an error of a statement */
	JOURNAL_FAILURE_ANSWER,		/* an answer that this daemon does not
								 * understand */
	JOURNAL_FAILURE_COUNT
} JournalFailure;

/*
 * A session is tried again whatever ended it, and nothing that was unfinished is
 * acknowledged.
 */
typedef enum JournalReaction
{
	JOURNAL_REACTION_RETRY,		/* it passes by itself: a warning */
	JOURNAL_REACTION_ALARM		/* an operator must act: an error */
} JournalReaction;

typedef struct JournalErrorKind
{
	const char *sqlstate;		/* its beginning; "" is any, also none */
	const char *text;			/* a part of the error's text; "" is any */
	JournalReaction reaction;
	const char *advice;			/* a sentence for the log; never "" */
} JournalErrorKind;

/*
 * Static data.  sqlstate is "" where the server said none; the server's texts may be
 * translated, so that only those of libpq and of uncache are told apart.
 */
extern const JournalErrorKind *journal_error_kind(JournalFailure failure,
												  const char *sqlstate, const char *text);

/* All kinds of a failure, one after the other by an index from 0; NULL behind the last. */
extern const JournalErrorKind *journal_error_kind_at(JournalFailure failure, size_t index);

/* Room for an SQLSTATE and a zero byte. */
#define JOURNAL_SQLSTATE_BYTES 6

/*
 * What libpq's message of a connection that failed says, with the verbosity
 * PQERRORS_VERBOSE: the SQLSTATE ("" if the server said none), and the server's
 * text for it, or else all of the message without white space at its end.  Where several
 * attempts failed the last error of a server counts.
 */
extern void journal_error_read(const char *message, char sqlstate[JOURNAL_SQLSTATE_BYTES],
							   char *text, size_t text_bytes);

#endif
