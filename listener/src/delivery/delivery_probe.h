/*-------------------------------------------------------------------------
 *
 * delivery_probe.h
 *	  Looks at what waits in the journal while Redis is not there.
 *
 * Nothing is fetched to be applied then; but somebody wants to know how far behind the
 * target is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_DELIVERY_PROBE_H
#define UNCACHED_DELIVERY_PROBE_H

#include "delivery/delivery_internal.h"

/* go_on: when it is time to look, with the delivery. */
extern void delivery_probe_init(Delivery *delivery, LoopTimerCallback go_on);
extern void delivery_probe_reset(Delivery *delivery);

/*
 * Redis is not there: is it time?  Else a timer comes back.  While the source is idle,
 * delivery_probe_start() looks then.
 */
extern bool delivery_probe_is_due(Delivery *delivery);
extern void delivery_probe_start(Delivery *delivery);

/* The answer, whose rows are to be disregarded.  False if memory is exhausted. */
extern bool delivery_probe_take(Delivery *delivery, const JournalFetch *fetch)
			__attribute__((warn_unused_result));

/* Redis is there: what is seen of the journal is fetched to be applied. */
extern void delivery_probe_end(Delivery *delivery);

#endif
