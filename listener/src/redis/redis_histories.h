/*-------------------------------------------------------------------------
 *
 * redis_histories.h
 *	  What the primaries of a Redis tell of their histories: of a single server one, of
 *	  a cluster one for each shard.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_HISTORIES_H
#define UNCACHED_REDIS_HISTORIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "redis/redis_history.h"

/* All zero is one of no server. */
typedef struct RedisHistories
{
	RedisHistory *items;		/* owned */
	size_t		count;
} RedisHistories;

extern void redis_histories_free(RedisHistories *histories);

/* So many that say nothing, in place of those that were there.  False if memory is exhausted: then there are none. */
extern bool redis_histories_reset(RedisHistories *histories, size_t count)
			__attribute__((warn_unused_result));

/* The same as others; likewise. */
extern bool redis_histories_copy(RedisHistories *histories, const RedisHistories *from)
			__attribute__((warn_unused_result));

/* Does each say which process it is, and which history that goes on with?  False if there are none. */
extern bool redis_histories_are_told(const RedisHistories *histories);

/* Does each go on as the later one at the same place? */
extern bool redis_histories_go_on(const RedisHistories *histories, const RedisHistories *later);

/* The sum of all offsets: it grows when one of them does. */
extern int64_t redis_histories_offset(const RedisHistories *histories);

#endif
