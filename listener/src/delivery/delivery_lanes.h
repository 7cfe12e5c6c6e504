/*-------------------------------------------------------------------------
 *
 * delivery_lanes.h
 *	  What a delivery does that takes long, so that keys need not wait for it.
 *
 * Part of delivery.  Keys and counters of a batch are deleted at once; what else
 * it has goes by three lanes: sets and rows, staggered keys, patterns.  In each,
 * names wait while others are worked on, without duplicates.  Where too many
 * wait already, a batch's are skipped: they stay in the journal, and the lane
 * fetches them again when it has room.  Until then the lane skips whatever
 * follows, so that what it has left is one stretch of the journal (progress.h).
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_DELIVERY_LANES_H
#define UNCACHED_DELIVERY_LANES_H

#include <stdbool.h>
#include <stddef.h>

#include "delivery/delivery_action.h"
#include "delivery/delivery_internal.h"

/* Part of the delivery's lifetime.  go_on: when a portion is due, with the delivery. */
extern void delivery_lanes_init(Delivery *delivery, LoopTimerCallback go_on);
extern void delivery_lanes_reset(Delivery *delivery);
extern void delivery_lanes_free(Delivery *delivery);

/*
 * Take in what of a batch is for the lanes: its names, which leave the batch, and tables of cacheops
 * when its keys are given to Redis, which sends them before any pass that begins later; its
 * other patterns when the keys are deleted.  Those of a batch that was fetched for a
 * lane are for that one alone.  False if memory is exhausted.
 */
extern bool delivery_lanes_take_names(Delivery *delivery, DeliverySlot *slot)
			__attribute__((warn_unused_result));
extern bool delivery_lanes_take_patterns(Delivery *delivery, const DeliverySlot *slot)
			__attribute__((warn_unused_result));

/* Does the action concern the lane that the slot is fetched for? */
extern bool delivery_lanes_want_action(const DeliverySlot *slot, const DeliveryAction *action);

/* Gives Redis whatever waits and can be begun.  False if memory is exhausted. */
extern bool delivery_lanes_advance(Delivery *delivery) __attribute__((warn_unused_result));

/* Redis is done with what it was given; it needs a pass for a pattern over sets. */
extern bool delivery_lanes_take_steps_done(Delivery *delivery) __attribute__((warn_unused_result));
extern bool delivery_lanes_take_portion_done(Delivery *delivery) __attribute__((warn_unused_result));
extern bool delivery_lanes_take_pass_done(Delivery *delivery) __attribute__((warn_unused_result));
extern bool delivery_lanes_take_needed_scan(Delivery *delivery, const char *pattern,
											size_t pattern_bytes) __attribute__((warn_unused_result));

/*
 * Has a lane something to fetch again, and room for it?  Its slot is the one that is being
 * filled then; delivery_lanes_take_fetch and, once its batch was taken in,
 * delivery_lanes_end_fetch follow.  False if memory is exhausted.
 */
extern bool delivery_lanes_want_fetch(const Delivery *delivery);
extern bool delivery_lanes_start_fetch(Delivery *delivery) __attribute__((warn_unused_result));
extern bool delivery_lanes_take_fetch(Delivery *delivery, const JournalFetch *fetch)
			__attribute__((warn_unused_result));
extern bool delivery_lanes_end_fetch(Delivery *delivery, const DeliverySlot *slot)
			__attribute__((warn_unused_result));

/* Are names of a resync left in any lane? */
extern bool delivery_lanes_have_resync(const Delivery *delivery);

/* Is nothing left in any lane, but for what was skipped? */
extern bool delivery_lanes_are_idle(const Delivery *delivery);

/* Are sets and rows being deleted? */
extern bool delivery_lanes_are_stepping(const Delivery *delivery);

#endif
