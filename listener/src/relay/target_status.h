/*-------------------------------------------------------------------------
 *
 * target_status.h
 *	  How a target stands, and what was counted of it: for whoever shows that.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_TARGET_STATUS_H
#define UNCACHED_TARGET_STATUS_H

#include <stdbool.h>

#include "delivery/delivery_counters.h"
#include "journal/journal_counters.h"
#include "redis/redis_counters.h"
#include "relay/pipeline_state.h"

/* Outlives pipelines: from when the target was configured until it is not any more. */
typedef struct TargetCounters
{
	RedisCounters redis;
	JournalCounters journal;
	DeliveryCounters delivery;
} TargetCounters;

/* Valid until the loop turns again. */
typedef struct TargetStatus
{
	const char *alias;			/* all pointers borrowed */
	const TargetCounters *counters;
	TargetState state;
	bool		has_session;	/* with PostgreSQL */
	bool		has_redis;
	bool		is_settled;		/* at work, or it is known what it waits for:
								 * PostgreSQL has answered attach(), or could
								 * not be asked; false again once it stops */
	DeliveryStatus delivery;
} TargetStatus;

#endif
