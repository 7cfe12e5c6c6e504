/*-------------------------------------------------------------------------
 *
 * deliverable.h
 *	  What a consumer is told in place of a key that its encoding lacks.
 *
 * Keys go to consumers in UTF-8.  Other encodings have bytes that mean nothing there,
 * and anybody who writes to a table may put them into a key.  Whoever reads in UTF-8
 * can have cached nothing under exactly that key, but under anything that he made of it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_DELIVERABLE_H
#define UNCACHE_DELIVERABLE_H

#include "base/invalidation.h"

/* Whether a key, a text, cannot be sent to the session's client. */
extern bool deliverable_is_other(Datum key);

/*
 * What does for a key that cannot be sent, and can be: a pattern of what stands around the
 * characters in question, all that cacheops keeps for the table, or all keys.
 */
extern Datum deliverable_in_place(InvalidationAction *action, Datum key);

#endif
