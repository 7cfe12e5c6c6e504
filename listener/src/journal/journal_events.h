/*-------------------------------------------------------------------------
 *
 * journal_events.h
 *	  What a journal session reports, and to whom.
 *
 * Two parties listen: whoever opens and closes the session, and whoever works
 * with what the journal holds.  Callbacks run from the loop.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_JOURNAL_EVENTS_H
#define UNCACHED_JOURNAL_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journal/journal_row.h"

typedef enum JournalAttachState
{
	JOURNAL_ATTACH_STANDBY,
	JOURNAL_ATTACH_CONFLICT,	/* stands by, too: the session that works
								 * deletes elsewhere */
	JOURNAL_ATTACH_WAITING,
	JOURNAL_ATTACH_RESYNC,
	JOURNAL_ATTACH_READY
} JournalAttachState;

/* Strings are borrowed, and valid during the callback. */
typedef struct JournalAttachment
{
	JournalAttachState state;
	const char *cursor;			/* "" unless resync or ready */
	const char *reason;
} JournalAttachment;

typedef struct JournalFetch
{
	const char *cursor;			/* where the next fetch starts */
	size_t		row_count;		/* journal rows, that is without the last */
	size_t		key_bytes;		/* of all their keys */
	int64_t		oldest_at_us;	/* of the rows, since 1970; 0 without rows */
} JournalFetch;

/* For the owner of the session. */
typedef struct JournalSessionEvents
{
	/* The session is set up: attach now. */
	void		(*connected) (void *context);

	void		(*attached) (void *context, const JournalAttachment *attachment);

	/*
	 * Connecting or the session failed; it was logged and is closed.  The
	 * operation that was under way gets no other answer.
	 */
	void		(*lost) (void *context);
} JournalSessionEvents;

/* For whoever starts operations once the session is attached. */
typedef struct JournalWorkEvents
{
	/*
	 * A fetched row, before its elements: when its transaction wrote it, just
	 * before it committed, in microseconds since 1970 by the server's clock.
	 */
	void		(*row) (void *context, JournalAction action, size_t sibling_count, int64_t at_us);

	/*
	 * One element of a fetched row, or a row of resync_keys; the bytes are
	 * valid during the callback.  sibling_count is how many elements with
	 * this action its transaction has in the answer, itself included, and 0
	 * for a row of resync_keys.  False says that memory is exhausted, and
	 * ends the session.  All of them come before "fetched" or
	 * "resync_listed".
	 */
	bool		(*invalidation) (void *context, JournalAction action, size_t sibling_count,
								 const char *key, size_t key_bytes);

	/* The answers, one for each operation that was started. */
	void		(*fetched) (void *context, const JournalFetch *fetch);
	void		(*acked) (void *context);
	void		(*resync_listed) (void *context);
	void		(*resynced) (void *context);
	void		(*trimmed) (void *context);

	/*
	 * What standbys have replayed: first one call for each that is connected,
	 * "replayed" being 0 if it is not known; then the last one, with the
	 * place in the WAL that was marked, or 0.  Names are borrowed.
	 */
	bool		(*standby) (void *context, const char *name, uint64_t replayed);
	void		(*standbys_told) (void *context, uint64_t position);
	void		(*late_reported) (void *context);

	/* The doorbell: look for rows. */
	void		(*rung) (void *context);
} JournalWorkEvents;

/* All pointers are borrowed. */
typedef struct JournalListeners
{
	const JournalSessionEvents *owner;
	void	   *owner_context;
	const JournalWorkEvents *worker;
	void	   *worker_context;
} JournalListeners;

#endif
