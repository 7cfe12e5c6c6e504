/*-------------------------------------------------------------------------
 *
 * delivery_sleep.h
 *	  How long a target sleeps when nothing is there, and which bells wake it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_DELIVERY_SLEEP_H
#define UNCACHED_DELIVERY_SLEEP_H

#include <stdbool.h>
#include <stddef.h>

#include "delivery/delivery_internal.h"

/* The first sleep of a session, and after rows; each is twice as long as the last. */
#define DELIVERY_SLEEP_FIRST_MS 1

/*
 * Not while an acknowledgement waits since more rows are expected: writers of a stream would
 * have to ring the bell.
 */
extern bool delivery_sleep_may_arm_bell(const Delivery *delivery);

/*
 * After an empty answer: sleeps, unless a bell has rung or none is to ring.  False if memory is
 * exhausted.
 */
extern bool delivery_sleep_begin(Delivery *delivery)
			__attribute__((warn_unused_result));

/* The bell rings: is it time to look for rows?  Else that comes when the sleep is over. */
extern bool delivery_sleep_take_bell(Delivery *delivery)
			__attribute__((warn_unused_result));

/* What the fetch has found that a bell may have asked for. */
extern void delivery_sleep_judge_bell(Delivery *delivery, size_t row_count);

#endif
