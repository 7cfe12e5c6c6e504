/*-------------------------------------------------------------------------
 *
 * journal_counters.h
 *	  What was counted of a target's sessions with PostgreSQL since the process was
 *	  started.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_JOURNAL_COUNTERS_H
#define UNCACHED_JOURNAL_COUNTERS_H

#include <stdint.h>

#include "journal/journal_error.h"

/* All zero is one where nothing has happened yet. */
typedef struct JournalCounters
{
	uint64_t	sessions;		/* that were set up */
	uint64_t	errors[JOURNAL_FAILURE_COUNT];
} JournalCounters;

#endif
