/*-------------------------------------------------------------------------
 *
 * journal_shards.h
 *	  What is told to the journal of the primaries of a Redis Cluster, as JSON.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_JOURNAL_SHARDS_H
#define UNCACHED_JOURNAL_SHARDS_H

#include "redis/redis_histories.h"

/*
 * Owned texts, of histories that are all told: the "shards" of attach_cluster(), and the "repl_offsets" of
 * ack_cluster() (docs/protocol.md).  NULL if memory is exhausted.
 */
extern char *journal_shards_describe(const RedisHistories *histories);
extern char *journal_shards_offsets(const RedisHistories *histories);

#endif
