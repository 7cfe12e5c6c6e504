/*-------------------------------------------------------------------------
 *
 * journal_answer.h
 *	  Reads the results of the journal's functions and reports them.
 *
 * Part of journal_source: what an answer means, apart from how it arrives.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_JOURNAL_ANSWER_H
#define UNCACHED_JOURNAL_ANSWER_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "journal/journal_events.h"

/*
 * Each reads a result with status PGRES_TUPLES_OK in binary format, and calls
 * the events that belong to it.  NULL if all went well, or a static text that
 * says what was wrong; the final event was not called then.
 */
typedef const char *(*JournalAnswerReader) (const PGresult *result,
											const JournalListeners *listeners);

extern const char *journal_answer_attach(const PGresult *result,
										 const JournalListeners *listeners);
extern const char *journal_answer_fetch(const PGresult *result,
										const JournalListeners *listeners);
extern const char *journal_answer_ack(const PGresult *result,
									  const JournalListeners *listeners);
extern const char *journal_answer_resync_keys(const PGresult *result,
											  const JournalListeners *listeners);
extern const char *journal_answer_resynced(const PGresult *result,
										   const JournalListeners *listeners);
extern const char *journal_answer_trim(const PGresult *result,
									   const JournalListeners *listeners);
extern const char *journal_answer_standbys(const PGresult *result,
										   const JournalListeners *listeners);
extern const char *journal_answer_report_late(const PGresult *result,
											  const JournalListeners *listeners);

#endif
