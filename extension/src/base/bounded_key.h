/*-------------------------------------------------------------------------
 *
 * bounded_key.h
 *	  A shorter pattern in the place of a key that is too long.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_BOUNDED_KEY_H
#define UNCACHE_BOUNDED_KEY_H

#include "base/invalidation.h"

/*
 * In place of a key of more than uncache.max_key_bytes: an action and a pattern, palloc'd, of no
 * more than that, which match all that the key does.  False, and nothing is changed, if it is no
 * longer than that.
 */
extern bool bounded_key_replace(InvalidationAction *action, const char **key, Size *length);

#endif
