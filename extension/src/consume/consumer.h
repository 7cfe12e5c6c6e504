/*-------------------------------------------------------------------------
 *
 * consumer.h
 *	  Which targets have a consumer, as this backend knows it; and the lock
 *	  of who works for one.
 *
 * A change is journalled only for targets that have a consumer which is not
 * lost.  A backend reads uncache.consumers once and again after a relcache
 * invalidation of it, which whoever adds or drops a consumer or declares it lost
 * sends (consumers_changed()); and now and then, to notice one that does not
 * acknowledge any more (caretaker.h).
 *
 * Why a stale answer is safe: a transaction that was not told of a new consumer
 * had its transaction id before the registration's invalidation was sent, and
 * registration waits until every such transaction has ended before it resyncs.
 * A consumer that comes back after it was lost is registered in the same way.
 *
 * Where the table cannot be read, nobody knows: each target may want everything.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_CONSUMER_H
#define UNCACHE_CONSUMER_H

#include "nodes/pg_list.h"

/* Nobody knows: see consumer_find_problem(). */
#define CONSUMER_UNKNOWN (-1)

extern void consumer_init(void);

/*
 * The consumer's id, or 0 if the target has none or it is lost, or
 * CONSUMER_UNKNOWN.  Never raises or waits for long because of the table.  Takes in
 * invalidations first: other cached things may be outdated afterwards, never
 * freed.
 */
extern int32 consumer_find(const char *target, Size target_length);

/* The same, but instead of 0 or CONSUMER_UNKNOWN an error that says what to do. */
extern int32 consumer_get(const char *target);

/*
 * Why the consumers are not known, or NULL if they are; valid until the next call
 * of any function here.
 */
extern const char *consumer_find_problem(bool *passes_by_itself);

/*
 * The targets that have a consumer which is not lost: palloc'd strings.  None if
 * they are not known.
 */
extern List *consumer_list_targets(void);

/* Takes the consumer's lock for the session; false if another one has it. */
extern bool consumer_lock(int32 id);

/* Does this session have the lock? */
extern bool consumer_is_mine(int32 id);

#endif
