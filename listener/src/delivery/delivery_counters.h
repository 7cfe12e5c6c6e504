/*-------------------------------------------------------------------------
 *
 * delivery_counters.h
 *	  What was counted of a target's work since the process was started, and how that
 *	  stands now.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_DELIVERY_COUNTERS_H
#define UNCACHED_DELIVERY_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/histogram.h"
#include "delivery/progress.h"
#include "delivery/resync_reason.h"
#include "journal/journal_row.h"

/* All zero is one where nothing has happened yet. */
typedef struct DeliveryCounters
{
	uint64_t	batches;		/* with rows; what is done again is not
								 * counted again */
	uint64_t	rows;			/* of these */
	uint64_t	invalidations[JOURNAL_ACTION_COUNT];	/* the rows' elements */
	Histogram	latency;		/* from commit to Redis' answer: rows of keys
								 * and versions that nothing holds up */
	uint64_t	acks;
	uint64_t	trims;
	uint64_t	resyncs[RESYNC_REASON_COUNT];	/* that have begun */
	uint64_t	resyncs_complete;
	uint64_t	passes;			/* that have begun */
	uint64_t	passes_complete;
} DeliveryCounters;

/* How it is at the moment. */
typedef struct DeliveryStatus
{
	bool		is_attached;	/* else all below is zero */
	uint64_t	lag_rows;		/* not acknowledged, as far as it is known */
	int64_t		oldest_at_us;	/* of these, since 1970; 0 if there are none */
	bool		is_resyncing;	/* what the rules can produce is still to be
								 * deleted, or that to be reported */
	bool		is_scanning;	/* a pass is under way */
	uint64_t	pass_begin_keys;	/* scanned_keys of RedisCounters, when it
									 * began */
	size_t		waiting[LANE_COUNT];	/* names in each lane */
	size_t		late_standbys;	/* that are no longer waited for */
} DeliveryStatus;

#endif
