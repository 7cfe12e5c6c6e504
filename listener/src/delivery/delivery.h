/*-------------------------------------------------------------------------
 *
 * delivery.h
 *	  What a target does while it is attached: fetch, apply, acknowledge,
 *	  resync, trim.
 *
 * Drives one journal source and one Redis target, both borrowed; their
 * connecting is the owner's business.  Two batches at most are in memory,
 * one that Redis works on and one that was fetched meanwhile, and what waits
 * in the lanes (delivery_lanes.h).
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_DELIVERY_H
#define UNCACHED_DELIVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/loop.h"
#include "config/config.h"
#include "journal/journal_source.h"
#include "redis/redis_target.h"

typedef struct Delivery Delivery;

/* Callbacks may call any function of this header but delivery_destroy. */
typedef struct DeliveryEvents
{
	/* Nothing is left to fetch, apply or acknowledge; more may come. */
	void		(*drained) (void *context);

	/* After delivery_finish: the batch in hand is acknowledged. */
	void		(*finished) (void *context);

	/* Memory is exhausted: the owner must call delivery_reset. */
	void		(*exhausted) (void *context);
} DeliveryEvents;

typedef struct DeliveryParts
{
	Loop	   *loop;			/* all borrowed */
	const Log  *log;
	const TargetConfig *config;
	JournalSource *source;
	RedisTarget *target;
	uint64_t	seed;
} DeliveryParts;

/* "parts" is copied, "events" borrowed.  NULL if memory is exhausted. */
extern Delivery *delivery_create(const DeliveryParts *parts,
								 const DeliveryEvents *events, void *context);

/* Before its source and target.  NULL is allowed. */
extern void delivery_destroy(Delivery *delivery);

/*
 * The session is attached: works from the cursor on.  With "resync", deletes
 * everything that the rules can produce as well, and reports that.
 */
extern void delivery_start(Delivery *delivery, const char *cursor, bool resync,
						   const char *reason);

/* The session is gone: forgets all work; the journal still has it. */
extern void delivery_reset(Delivery *delivery);

/* Is what the rules can produce still to be deleted, or that to be reported? */
extern bool delivery_is_resyncing(const Delivery *delivery);

/* Fetches no more; "finished" follows when the batch in hand is acknowledged. */
extern void delivery_finish(Delivery *delivery);

/*
 * The owner passes on the events of source and target by these; their meaning
 * is that of journal_source.h and redis_target.h.
 */
extern bool delivery_take_invalidation(Delivery *delivery, JournalAction action,
									   size_t sibling_count,
									   const char *key, size_t key_bytes);
extern void delivery_take_fetch(Delivery *delivery, const JournalFetch *fetch);
extern void delivery_take_ack(Delivery *delivery);
extern void delivery_take_resync_list(Delivery *delivery);
extern void delivery_take_resynced(Delivery *delivery);
extern void delivery_take_trim(Delivery *delivery, int64_t row_count);
extern bool delivery_take_standby(Delivery *delivery, const char *name, uint64_t replayed);
extern void delivery_take_standbys(Delivery *delivery, uint64_t position);
extern void delivery_take_late_reported(Delivery *delivery);
extern void delivery_take_bell(Delivery *delivery);
extern void delivery_take_needed_scan(Delivery *delivery, const char *pattern,
									  size_t pattern_bytes);
extern void delivery_take_apply_done(Delivery *delivery, RedisLane lane);
extern void delivery_take_scan_done(Delivery *delivery);

/*
 * Where Redis' history stands after everything that the target has done; 0 if
 * that is not told.
 */
extern void delivery_take_position(Delivery *delivery, int64_t repl_offset);

/* The target became ready, or was lost. */
extern void delivery_take_target_change(Delivery *delivery);

#endif
