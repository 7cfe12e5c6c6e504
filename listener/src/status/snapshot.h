/*-------------------------------------------------------------------------
 *
 * snapshot.h
 *	  How the daemon stands at a moment: all that anybody is shown of it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_SNAPSHOT_H
#define UNCACHED_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "relay/relay.h"
#include "status/process_usage.h"

typedef struct Snapshot
{
	int64_t		taken_at_us;	/* since 1970 */
	int64_t		started_at_us;	/* the process; likewise */
	LoopUsage	loop;
	ProcessUsage process;
	TargetStatus *targets;		/* owned */
	size_t		target_count;
} Snapshot;

/*
 * Valid until the loop turns again, to be freed by snapshot_free.  False if memory is exhausted:
 * then there is nothing to be freed.
 */
extern bool snapshot_take(Snapshot *snapshot, const Relay *relay, const Loop *loop,
						  int64_t started_at_us) __attribute__((warn_unused_result));
extern void snapshot_free(Snapshot *snapshot);

/* How old the oldest row is that waits for a target; 0 if none does. */
extern int64_t snapshot_lag_us(const Snapshot *snapshot, const TargetStatus *target);

#endif
