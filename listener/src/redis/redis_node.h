/*-------------------------------------------------------------------------
 *
 * redis_node.h
 *	  One Redis server: deletes names and what matches patterns, and proves it.
 *
 * One piece of work in each lane and a scan pass may be in hand at a time; they
 * share the connection.  What is in an earlier lane goes first, the pass goes last; of what
 * goes by steps (see redis_script.h) one step is under way, so that
 * nothing has to wait for longer than that.  Work is done when every command that
 * belongs to it was answered as Redis answers success, all over one
 * connection.  On anything else the connection is dropped and, after a
 * backoff, all unfinished work is sent again from its start; that goes on
 * until it succeeds or is abandoned.  While there is neither a pass nor names to be sent, tags
 * are swept now and then (redis_sweep.h) if that is allowed, which nobody is told of.  What it
 * reports is in redis_target_events.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_NODE_H
#define UNCACHED_REDIS_NODE_H

#include <stdbool.h>

#include "base/log.h"
#include "base/loop.h"
#include "batch/name_sets.h"
#include "redis/key_tally.h"
#include "redis/redis_history.h"
#include "redis/redis_node_events.h"
#include "redis/redis_target_events.h"

/*
 * "settings" is copied, "events" borrowed.  Nothing is connected yet.  NULL
 * if memory is exhausted.
 */
extern RedisNode *redis_node_create(Loop *loop, const Log *log,
									const RedisTargetSettings *settings,
									const RedisTargetEvents *events, void *context);

/* Who is told of its work; before there is any.  "events" is borrowed. */
extern void redis_node_set_worker(RedisNode *node, const RedisWorkEvents *events,
								  void *context);

/* NULL is allowed. */
extern void redis_node_destroy(RedisNode *node);

/* Connects, and stays connected as far as possible. */
extern void redis_node_start(RedisNode *node);

/* Disconnects and abandons all work; no callback runs any more. */
extern void redis_node_stop(RedisNode *node);

extern bool redis_node_is_ready(const RedisNode *node);

/* The server that it is connected to, or was last: the settings' URL, or what sentinels name. */
extern const RedisUrl *redis_node_server(const RedisNode *node);

/*
 * What Redis has told last of its history, maybe nothing.  While ready it goes
 * on: where it does not, the connection is dropped.  Valid until it is lost.
 */
extern const RedisHistory *redis_node_history(const RedisNode *node);

/* The keys that were named to UNLINK since the node was created, and those that were there. */
extern const KeyTally *redis_node_keys(const RedisNode *node);

/*
 * Deletes the names, each as its kind asks for (see redis_script.h): at least one.
 * They are borrowed and must not change until apply_done or redis_node_abandon.  Only while
 * no other names are in the lane.
 */
extern void redis_node_apply(RedisNode *node, RedisLane lane, const NameSets *names);

/*
 * The same for every name in Redis that matches one of the patterns, which
 * are copied: for one of several kinds, all that they ask for, sets first.
 * Only while no other pass is in hand.  False if memory is exhausted.
 */
extern bool redis_node_scan(RedisNode *node, const NameSets *patterns)
			__attribute__((warn_unused_result));

/*
 * From now on "placed" is called only for what is asked of the history after
 * this call.
 */
extern void redis_node_restart_history(RedisNode *node);

/*
 * May tags be swept?  Not before this is called: only who works for the target is to.  What
 * was begun goes on where it was when it is allowed again.
 */
extern void redis_node_allow_sweep(RedisNode *node, bool is_allowed);

/*
 * Of a node of a cluster.  What was called for could not be done, for that reason of Redis': the connection is dropped.
 * "lost" is called before this returns.
 */
extern void redis_node_fail(RedisNode *node, const char *error);

/* Forgets all work in hand; its callbacks are not called any more. */
extern void redis_node_abandon(RedisNode *node);

#endif
