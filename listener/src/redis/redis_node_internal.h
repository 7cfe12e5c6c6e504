/*-------------------------------------------------------------------------
 *
 * redis_node_internal.h
 *	  The state of a Redis target, for the files that it consists of.
 *
 * Every event changes some fields here and then calls redis_send_work.  Replies come in
 * the order of commands: a queue remembers what was sent.  What was sent for work that
 * has been abandoned since keeps its place there.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_NODE_INTERNAL_H
#define UNCACHED_REDIS_NODE_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/backoff.h"
#include "base/failure_log.h"
#include "base/log.h"
#include "base/loop.h"
#include "redis/key_tally.h"
#include "redis/redis_history.h"
#include "redis/redis_info.h"
#include "redis/redis_node_events.h"
#include "redis/redis_pace.h"
#include "redis/redis_queue.h"
#include "redis/redis_scan.h"
#include "redis/redis_sentinel.h"
#include "redis/redis_sweep.h"

#include "redis/redis_work.h"

typedef enum NodeState
{
	NODE_STOPPED,
	NODE_CONNECTING,
	NODE_READY,
	NODE_BACKING_OFF
} NodeState;

/* What is known of the cache's health (redis_health.h). */
typedef struct RedisHealth
{
	RedisInfo	info;
	bool		is_published;	/* info is in the counters' list */
	bool		is_asked;		/* over this connection */
	bool		is_refused;		/* one of the answers was none */
	int			awaited_count;	/* answers */
	int64_t		asked_ms;
} RedisHealth;

struct RedisNode
{
	Loop	   *loop;			/* borrowed */
	const Log  *log;			/* borrowed */
	RedisTargetSettings settings;
	const RedisTargetEvents *events;	/* borrowed */
	void	   *context;		/* borrowed */
	const RedisWorkEvents *work_events; /* borrowed */
	void	   *work_context;	/* borrowed */
	const RedisNodeEvents *node_events; /* borrowed; NULL unless it is of a
										 * cluster */
	void	   *node_context;	/* borrowed */
	char		server[256];	/* for the log */

	NodeState	state;
	RedisSentinel *sentinel;	/* owned; NULL if the URL names the server */
	RedisConn  *conn;			/* owned */
	Backoff		backoff;
	FailureLog	failures;
	LoopTimer	retry_timer;
	int64_t		ready_since_ms;
	unsigned int ready_count;	/* since a connection was of use */

	KeyTally	keys;
	uint64_t	reported_keys;	/* named, when that was logged last */
	int64_t		reported_ms;	/* when it was */

	RedisWork	lanes[REDIS_NODE_LANE_COUNT];	/* the names in hand; the last
												 * is empty but in a node of a
												 * cluster */
	RedisScan	scan;			/* the pass in hand */
	RedisWork	found;			/* what its last slice found */
	RedisPace	pace;
	LoopTimer	pace_timer;		/* armed until the next slice may be asked for */
	const RedisWork *last_stepper;	/* a lane or found; NULL before any */
	RedisQueue	queue;			/* commands without a reply */

	bool		may_sweep;		/* else nothing of it is sent */
	RedisSweep	sweep;			/* of tags */
	RedisPace	sweep_pace;
	LoopTimer	sweep_timer;	/* armed until its next step, or the next
								 * sweep */

	RedisHistoryWatch history;
	LoopTimer	history_timer;	/* armed until it is asked for again */
	RedisHealth health;
};

/*
 * Drops the connection: all unfinished work is sent again over another one.
 * The backoff starts over only after a connection that was of use.
 */
extern void redis_node_drop(RedisNode *node, RedisFailure failure, const char *reason);

/* Forgets the pass in hand. */
extern void redis_node_end_scan(RedisNode *node);

#endif
