/*-------------------------------------------------------------------------
 *
 * redis_target.h
 *	  One Redis destination, a server or a cluster: deletes names and what matches
 *	  patterns, and proves it.
 *
 * One piece of work in each lane and a pass may be in hand at a time.  What is in an earlier lane goes first,
 * the pass goes last.  Work is done when every command that belongs to it was answered as Redis answers
 * success.  On anything else it is sent again; that goes on until it succeeds or is abandoned.  What it
 * reports is in redis_target_events.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_TARGET_H
#define UNCACHED_REDIS_TARGET_H

#include <stdbool.h>

#include "base/log.h"
#include "base/loop.h"
#include "batch/name_sets.h"
#include "redis/key_tally.h"
#include "redis/redis_histories.h"
#include "redis/redis_target_events.h"

typedef struct RedisTarget RedisTarget;

/*
 * "settings" is copied, "events" borrowed.  Nothing is connected yet.  NULL
 * if memory is exhausted.
 */
extern RedisTarget *redis_target_create(Loop *loop, const Log *log, const RedisTargetSettings *settings,
										const RedisTargetEvents *events, void *context);

/* Who is told of its work; before there is any.  "events" is borrowed. */
extern void redis_target_set_worker(RedisTarget *target, const RedisWorkEvents *events, void *context);

/* NULL is allowed. */
extern void redis_target_destroy(RedisTarget *target);

/* Connects, and stays connected as far as possible. */
extern void redis_target_start(RedisTarget *target);

/* Disconnects and abandons all work; no callback runs any more. */
extern void redis_target_stop(RedisTarget *target);

/* A cluster is while it is known who serves each slot, and all of them are. */
extern bool redis_target_is_ready(const RedisTarget *target);

/* The server that it is connected to, or was last: the settings' URL, also of a cluster, or what sentinels name. */
extern const RedisUrl *redis_target_server(const RedisTarget *target);

extern bool redis_target_is_cluster(const RedisTarget *target);

/*
 * What Redis has told last of its history, maybe nothing, in place of what "histories" had: of a cluster each of its
 * primaries, in the order of their nodes' ids, or nothing unless it is ready.  While ready they go on: where one does not, the target is lost.
 * False if memory is exhausted: then there are none.
 */
extern bool redis_target_get_histories(const RedisTarget *target, RedisHistories *histories)
			__attribute__((warn_unused_result));

/* The keys that were named to UNLINK since the target was created, and those that were there. */
extern const KeyTally *redis_target_keys(const RedisTarget *target);

/*
 * Deletes the names, each as its kind asks for (see redis_script.h): at least one.
 * They are borrowed and must not change until apply_done or redis_target_abandon.  Only while
 * no other names are in the lane.
 */
extern void redis_target_apply(RedisTarget *target, RedisLane lane, const NameSets *names);

/*
 * The same for every name in Redis that matches one of the patterns, which
 * are copied: for one of several kinds, all that they ask for, sets first.
 * Only while no other pass is in hand.  False if memory is exhausted.
 */
extern bool redis_target_scan(RedisTarget *target, const NameSets *patterns)
			__attribute__((warn_unused_result));

/*
 * From now on "placed" is called only for what is asked of the history after
 * this call.
 */
extern void redis_target_restart_history(RedisTarget *target);

/*
 * May tags be swept?  Not before this is called: only who works for the target is to.  What
 * was begun goes on where it was when it is allowed again.  In a cluster they are not.
 */
extern void redis_target_allow_sweep(RedisTarget *target, bool is_allowed);

/* Forgets all work in hand; its callbacks are not called any more. */
extern void redis_target_abandon(RedisTarget *target);

#endif
