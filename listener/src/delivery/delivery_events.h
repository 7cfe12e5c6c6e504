/*-------------------------------------------------------------------------
 *
 * delivery_events.h
 *	  What the journal and Redis tell a delivery, and what that changes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_DELIVERY_EVENTS_H
#define UNCACHED_DELIVERY_EVENTS_H

#include "delivery/delivery_internal.h"

/* From now on its source and its Redis target tell the delivery of their work. */
extern void delivery_events_register(Delivery *delivery);

#endif
