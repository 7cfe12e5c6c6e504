/*-------------------------------------------------------------------------
 *
 * pipeline_forward.h
 *	  What a pipeline consists of, and the events that it hands on to its
 *	  delivery as they are.
 *
 * Private to the pipeline*.c files.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_PIPELINE_FORWARD_H
#define UNCACHED_PIPELINE_FORWARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/backoff.h"
#include "delivery/delivery.h"
#include "journal/journal_source.h"
#include "redis/redis_history.h"
#include "redis/redis_target.h"
#include "relay/pipeline.h"

struct Pipeline
{
	Loop	   *loop;			/* borrowed */
	const Log  *log;			/* borrowed */
	Config	   *whole_config;	/* held */
	const TargetConfig *config; /* borrowed from it */
	bool		once;

	PipelineState state;
	JournalSource *source;		/* owned */
	RedisTarget *target;		/* owned */
	Delivery   *delivery;		/* owned */
	Backoff		backoff;		/* of connecting to PostgreSQL */
	int64_t		connected_ms;	/* when the session was connected */
	unsigned int attach_count;	/* since a session was of use */
	int64_t		waiting_ms;		/* the next delay while waiting */
	char	   *place;			/* owned; where in Redis keys are deleted */
	char	   *address;		/* owned; of Redis */
	bool		is_attached_for_redis;	/* and not while none was there */
	RedisHistory attached;		/* of the Redis that the session is attached
								 * for, as it was told last */
	LoopTimer	retry_timer;	/* connects or attaches again */
	LoopTimer	limit_timer;	/* ends the waiting of --once */
};

/* Of both servers: between two tries. */
#define PIPELINE_RETRY_CAP_MS 5000

/*
 * Whatever a session does first says nothing of what made the last one fail: it is of
 * use when that has been done, and a batch is acknowledged or it has lasted for the
 * longest backoff.  What is seldom done may still fail then, but after a minute that is
 * another failure.  The next backoff is short as soon as it has lasted.
 */
extern void pipeline_settle_if_acked(Pipeline *pipeline);
extern void pipeline_settle_if_lasting(Pipeline *pipeline);

/* Their meaning is that of journal_source.h and redis_target.h; context: the pipeline. */
extern bool pipeline_forward_invalidation(void *context, JournalAction action,
										  size_t sibling_count,
										  const char *key, size_t key_bytes);
extern void pipeline_forward_fetched(void *context, const JournalFetch *fetch);
extern void pipeline_forward_acked(void *context);
extern void pipeline_forward_resync_listed(void *context);
extern void pipeline_forward_resynced(void *context);
extern void pipeline_forward_trimmed(void *context, int64_t row_count);
extern bool pipeline_forward_standby(void *context, const char *name,
									 uint64_t replayed);
extern void pipeline_forward_standbys_told(void *context, uint64_t position);
extern void pipeline_forward_late_reported(void *context);
extern void pipeline_forward_rung(void *context);
extern void pipeline_forward_apply_done(void *context, RedisLane lane);
extern void pipeline_forward_needs_scan(void *context, RedisLane lane, const char *pattern,
										size_t pattern_bytes);
extern void pipeline_forward_scan_done(void *context);

#endif
