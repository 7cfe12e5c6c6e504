/*-------------------------------------------------------------------------
 *
 * journal_source_internal.h
 *	  What a journal session's requests need of it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_JOURNAL_SOURCE_INTERNAL_H
#define UNCACHED_JOURNAL_SOURCE_INTERNAL_H

#include "journal/journal_operation.h"

typedef struct JournalSource JournalSource;

/* Begins an operation of an idle session; the parameters are sent at once. */
extern void journal_source_request(JournalSource *source, JournalOperation operation, int parameter_count,
								   const char *const *parameters);

/* Borrowed. */
extern const char *journal_source_alias(const JournalSource *source);

/*
 * The offsets of a Redis Cluster, as journal_shards.h makes them, that the next position stands for; NULL if the
 * session works for no cluster.  It owns them.
 */
extern void journal_source_keep_offsets(JournalSource *source, char *offsets);
extern const char *journal_source_offsets(const JournalSource *source);

#endif
