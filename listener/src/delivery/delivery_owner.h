/*-------------------------------------------------------------------------
 *
 * delivery_owner.h
 *	  What the owner of a delivery gives it, and is told by it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_DELIVERY_OWNER_H
#define UNCACHED_DELIVERY_OWNER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/loop.h"
#include "config/config.h"
#include "delivery/delivery_counters.h"
#include "journal/journal_source.h"
#include "redis/redis_counters.h"
#include "redis/redis_target.h"

typedef struct Delivery Delivery;

/* Callbacks may call any function of delivery.h but delivery_destroy. */
typedef struct DeliveryEvents
{
	/*
	 * A fetch was answered, or an acknowledgement; before anything is done
	 * about it.
	 */
	void		(*answered) (void *context, bool is_ack);

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
	RedisTarget *redis;
	DeliveryCounters *counters;
	const RedisCounters *redis_counters;
	uint64_t	seed;
} DeliveryParts;

#endif
