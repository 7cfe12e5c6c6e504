/*-------------------------------------------------------------------------
 *
 * delivery_step.h
 *	  The choice of what a delivery does next.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_DELIVERY_STEP_H
#define UNCACHED_DELIVERY_STEP_H

#include <stdbool.h>

#include "delivery/delivery_internal.h"

/*
 * Starts whatever can be started.  Does nothing unless there is a session.  May call the owner's callbacks: look at nothing afterwards.
 */
extern void delivery_step_advance(Delivery *delivery);

/* An event was taken in: the same, unless it was not done since memory is exhausted. */
extern void delivery_step_end_event(Delivery *delivery, bool done);

/*
 * The keys of the slot's batch are proven to be deleted, and its other names are
 * with the lanes; the slot is free then.  False if memory is exhausted.
 */
extern bool delivery_step_finish_batch(Delivery *delivery, DeliverySlot *slot)
			__attribute__((warn_unused_result));

#endif
