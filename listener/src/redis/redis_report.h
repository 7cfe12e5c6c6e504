/*-------------------------------------------------------------------------
 *
 * redis_report.h
 *	  Says what becomes of a node's connections.
 *
 * Part of redis_node.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_REPORT_H
#define UNCACHED_REDIS_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "redis/redis_error.h"
#include "redis/redis_node_events.h"

/* Connected and greeted; said once, while connections fail one after the other behind it. */
extern void redis_report_connected(RedisNode *node);

/* While connected: no sentinel says any more whether the server still is the master, or one does again. */
extern void redis_report_watched(const RedisNode *node, bool is_answered);

/* A connection failed, before it was ready or after; said when it is news. */
extern void redis_report_failure(RedisNode *node, bool was_ready, RedisFailure failure,
								 const char *reason, int64_t retry_ms);

/*
 * The connection is of use: what failed before is over, and the next backoff is short.  What a
 * connection can do first says nothing of what made the last one fail: names may be deleted
 * again and again by a user who may not SCAN.  So it is of use when nothing is left in
 * hand.
 */
extern void redis_report_use(RedisNode *node);

/*
 * Redis answers.  Is it of use, after the longest backoff without anything in hand, or
 * after a minute?
 */
extern void redis_report_answer(RedisNode *node);

/* Has the connection lasted for longer than the longest backoff? */
extern bool redis_report_has_lasted(const RedisNode *node);

/* A piece of work is done: is nothing left in hand? */
extern void redis_report_done(RedisNode *node);

/*
 * Of so many keys so many were there.  Once an hour at most it says how many they were in all, and
 * a warning comes where there were thousands and never one.
 */
extern void redis_report_deleted(RedisNode *node, size_t named_count,
								 uint64_t deleted_count);

/* Says how many they were, if there were any since that was said last. */
extern void redis_report_keys(RedisNode *node);

#endif
