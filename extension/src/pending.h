/*-------------------------------------------------------------------------
 *
 * pending.h
 *	  This transaction's invalidations, until they are journalled.
 *
 * Deduplicated over the transaction.  What a savepoint level added goes with it
 * when it is rolled back.  Past uncache.pending_limit the current level's are
 * written to the journal early and forgotten.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_PENDING_H
#define UNCACHE_PENDING_H

#include "invalidation.h"

/* Registers the transaction callbacks. */
extern void pending_init(void);

/*
 * Adds an invalidation.  target is copied; key may be of any bytes that the
 * database's encoding allows.
 */
extern void pending_add(const char *target, InvalidationAction action,
						const char *key, Size key_length);

#endif
