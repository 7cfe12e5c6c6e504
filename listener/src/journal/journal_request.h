/*-------------------------------------------------------------------------
 *
 * journal_request.h
 *	  What journal_request.c needs of a journal session, beyond its public
 *	  interface.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_JOURNAL_REQUEST_H
#define UNCACHED_JOURNAL_REQUEST_H

#include "journal/journal_operation.h"
#include "journal/journal_source.h"

/*
 * Begins an operation of an idle session; the parameters are sent at once.
 * Whatever fails ends the session.
 */
extern void journal_request_start(JournalSource *source, JournalOperation operation,
								  int parameter_count, const char *const *parameters);

/* The target's alias, as long as the source is there. */
extern const char *journal_request_target(const JournalSource *source);

#endif
