/*-------------------------------------------------------------------------
 *
 * place.h
 *	  Where in Redis a target's keys are deleted, as a text to compare.
 *
 * What was acknowledged holds for one database and one key prefix: elsewhere
 * the cache may be stale.  So the text goes to attach() (docs/protocol.md),
 * which compares it with that of the last deletes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_PLACE_H
#define UNCACHED_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "url.h"

/*
 * Returns an owned text of printable ASCII, another one for every other place:
 * "database 0, prefix shop:".  "with_address" is for a Redis that does not tell
 * its run id, which can only be told from another one by where it is.  NULL if
 * memory is exhausted.
 */
extern char *place_describe(const RedisUrl *url, const char *prefix, size_t prefix_bytes,
							bool with_address);

#endif
