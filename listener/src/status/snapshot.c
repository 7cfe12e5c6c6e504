/*-------------------------------------------------------------------------
 *
 * snapshot.c
 *	  How the daemon stands at a moment: all that anybody is shown of it.
 *
 *-------------------------------------------------------------------------
 */
#include "status/snapshot.h"

#include <stdlib.h>

#include "base/wall_clock.h"

bool
snapshot_take(Snapshot *snapshot, const Relay *relay, const Loop *loop, int64_t started_at_us)
{
	size_t		count = relay_target_count(relay);

	snapshot->targets = calloc(count + 1, sizeof(*snapshot->targets));
	if (snapshot->targets == NULL)
		return false;
	snapshot->target_count = count;
	for (size_t i = 0; i < count; i++)
		relay_tell(relay, i, &snapshot->targets[i]);
	snapshot->taken_at_us = wall_clock_us();
	snapshot->started_at_us = started_at_us;
	snapshot->loop = loop_usage(loop);
	snapshot->process = process_usage_read();
	return true;
}

void
snapshot_free(Snapshot *snapshot)
{
	free(snapshot->targets);
	snapshot->targets = NULL;
	snapshot->target_count = 0;
}

/* The server's clock may be ahead of ours. */
int64_t
snapshot_lag_us(const Snapshot *snapshot, const TargetStatus *target)
{
	int64_t		at_us = target->delivery.oldest_at_us;

	return at_us > 0 && at_us < snapshot->taken_at_us ? snapshot->taken_at_us - at_us : 0;
}
