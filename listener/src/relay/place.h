/*-------------------------------------------------------------------------
 *
 * place.h
 *	  Where in Redis a target's keys are deleted, as a text to compare.
 *
 * What was acknowledged holds for one database and one key prefix: elsewhere
 * the cache may be stale.  So the text goes to attach() (docs/protocol.md),
 * which compares it with that of the last deletes.  Where a Redis does not tell
 * which process it is, only its address tells it from another one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_PLACE_H
#define UNCACHED_PLACE_H

#include <stddef.h>

#include "base/url.h"

/*
 * Both return an owned text of printable ASCII, another one for each other place:
 * "database 0, prefix shop:"; "HOST port 6379" or a socket's path, or what sentinels call it.  NULL if memory is
 * exhausted.
 */
extern char *place_describe(int database, const char *prefix, size_t prefix_bytes);
extern char *place_describe_address(const RedisUrl *url);

#endif
