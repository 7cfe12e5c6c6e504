/*-------------------------------------------------------------------------
 *
 * pending.h
 *	  This transaction's invalidations, until they are journalled.
 *
 * Deduplicated over the transaction.  What a savepoint level added goes with it
 * when it is rolled back.  Past uncache.pending_limit the current level's are
 * written to the journal early and forgotten; twice the limit is never passed.
 *
 * A transaction whose invalidations cannot be kept or journalled leaves a gap
 * (gap.h) instead, also where the savepoint that brought it was rolled back.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_PENDING_H
#define UNCACHE_PENDING_H

#include "base/invalidation.h"

/* Registers the transaction callbacks. */
extern void pending_init(void);

/*
 * Adds an invalidation.  target is copied; key may be of any bytes that the
 * database's encoding allows.  Does not raise for lack of memory, except by hand:
 * what no rule can produce no resync makes up for.
 */
extern void pending_add(const char *target, InvalidationAction action,
						const char *key, Size key_length, bool is_by_hand);

/* The transaction will leave a gap, for a reason; see gap_write(). */
extern void pending_add_gap(const char *reason, bool passes_by_itself);

#endif
