/*-------------------------------------------------------------------------
 *
 * delivery.h
 *	  What a target does while it is attached: fetch, apply, acknowledge,
 *	  resync, trim.
 *
 * Drives one journal source and one Redis target, both borrowed, and registers with
 * them as the one that works; their connecting is the owner's business.  Two batches at most are in memory,
 * one that Redis works on and one that was fetched meanwhile, and what waits
 * in the lanes (delivery_lanes.h).
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_DELIVERY_H
#define UNCACHED_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "delivery/delivery_owner.h"

/* "parts" is copied, "events" borrowed.  NULL if memory is exhausted. */
extern Delivery *delivery_create(const DeliveryParts *parts,
								 const DeliveryEvents *events, void *context);

/* Before its source and Redis target.  NULL is allowed. */
extern void delivery_destroy(Delivery *delivery);

/*
 * The session is attached: works from the cursor on.  With "resync", deletes
 * everything that the rules can produce as well, and reports that.
 */
extern void delivery_start(Delivery *delivery, const char *cursor, bool resync,
						   const char *reason);

/* The session is gone: drops all work; the journal still has it. */
extern void delivery_reset(Delivery *delivery);

/* How it is at the moment. */
extern void delivery_tell(const Delivery *delivery, DeliveryStatus *status);

/* Fetches no more; "finished" follows when the batch in hand is acknowledged. */
extern void delivery_finish(Delivery *delivery);

/*
 * Where Redis' history stands after everything that Redis has done; 0 if
 * that is not told.
 */
extern void delivery_take_position(Delivery *delivery, int64_t repl_offset);

/* Redis became ready, or was lost. */
extern void delivery_take_redis_change(Delivery *delivery);

#endif
