/*-------------------------------------------------------------------------
 *
 * journal_source.h
 *	  One target's session with the journal: docs/protocol.md over an
 *	  asynchronous libpq connection.
 *
 * Callbacks (journal_events.h) never run from inside a function of this header;
 * they may call any of them but journal_source_destroy.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_JOURNAL_SOURCE_H
#define UNCACHED_JOURNAL_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/loop.h"
#include "journal/journal_counters.h"
#include "journal/journal_events.h"
#include "redis/redis_histories.h"

typedef struct JournalSource JournalSource;

/*
 * "dsn" (libpq's conninfo, may be empty), "alias" (the target's) and "events" are
 * borrowed.  Nothing is connected yet.  NULL if memory is exhausted.
 */
extern JournalSource *journal_source_create(Loop *loop, const Log *log, const char *dsn,
											const char *alias,
											const JournalSessionEvents *events, void *context);

/* Who gets the answers to operations; before the first one.  "events" is borrowed. */
extern void journal_source_set_worker(JournalSource *source, const JournalWorkEvents *events,
									  void *context);

/* Where failures are counted from now on; borrowed. */
extern void journal_source_set_counters(JournalSource *source, JournalCounters *counters);

/* NULL is allowed. */
extern void journal_source_destroy(JournalSource *source);

/* Answered by "connected" or "lost".  Only while disconnected. */
extern void journal_source_connect(JournalSource *source);

/* No callback runs any more, "lost" included. */
extern void journal_source_disconnect(JournalSource *source);

/*
 * The server's process of the latest session, and that of another source for the
 * same target and dsn, which the next session ends, should it still be there: it would keep
 * the consumer's lock.  0 is none.
 */
extern int	journal_source_backend_pid(const JournalSource *source);
extern void journal_source_succeed(JournalSource *source, int backend_pid);

/* Connected, set up, and without an operation under way? */
extern bool journal_source_is_idle(const JournalSource *source);

/*
 * Has everything been done again that failed last, in an earlier session?  False as long as
 * a session that looks well may end where the last one did.
 */
extern bool journal_source_owes_nothing(const JournalSource *source);

/* The session is of use: what failed before is over. */
extern void journal_source_end_failures(JournalSource *source);

/* Operations; only while idle.  Strings are copied. */
/*
 * history: of the Redis that the deletes will go to, NULL if none is there; place: where in
 * it, and address: of it, as place.h describes them.
 */
extern void journal_source_attach(JournalSource *source, const RedisHistory *history,
								  const char *place, const char *address);

/* The same for a Redis Cluster whose primaries all tell their histories. */
extern void journal_source_attach_cluster(JournalSource *source, const RedisHistories *histories,
										  const char *place);
extern void journal_source_fetch(JournalSource *source, const char *cursor,
								 size_t max_bytes, bool sleep);

/* What lies between two cursors; answered by "fetched", too. */
extern void journal_source_fetch_until(JournalSource *source, const char *cursor,
									   size_t max_bytes, const char *until);

/*
 * Of the cluster that the session is attached for: what the next position stands for, which "ack" is then called
 * with the sum of.  A later call replaces it.  Not only while idle.
 */
extern void journal_source_place(JournalSource *source, const RedisHistories *histories);

/*
 * repl_offset: 0, or where Redis' history stood after everything had been
 * applied that was acknowledged, or resynced, before this call.
 */
extern void journal_source_ack(JournalSource *source, const char *cursor,
							   int64_t repl_offset);
extern void journal_source_list_resync(JournalSource *source);
extern void journal_source_resynced(JournalSource *source);
extern void journal_source_trim(JournalSource *source);

/*
 * names: of standbys, with commas between them; NULL is all that are streaming.  mark:
 * asks for a place in the WAL that they have to reach, behind all that was visible
 * before this call.
 */
extern void journal_source_ask_standbys(JournalSource *source, const char *names,
										bool mark);

/* Those that are no longer waited for; NULL is none. */
extern void journal_source_report_late(JournalSource *source, const char *names);

#endif
