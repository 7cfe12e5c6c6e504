/*-------------------------------------------------------------------------
 *
 * readiness.c
 *	  Does the daemon do for all targets what it is there for?
 *
 *-------------------------------------------------------------------------
 */
#include "status/readiness.h"

#include <inttypes.h>

/* Attached, or standing by; RESYNC and STOPPING are attached. */
static bool
is_served(TargetState state)
{
	return state == TARGET_STATE_READY || state == TARGET_STATE_RESYNC ||
		state == TARGET_STATE_STOPPING || state == TARGET_STATE_STANDBY;
}

static bool
is_ready(const Snapshot *snapshot, const TargetStatus *target, int64_t max_lag_ms, FILE *stream)
{
	int64_t		lag_ms = snapshot_lag_us(snapshot, target) / 1000;

	if (!is_served(target->state))
		(void) fprintf(stream, "%s: it is %s\n", target->alias, target_state_names[target->state]);
	else if (target->state == TARGET_STATE_STANDBY)
		return true;
	else if (!target->has_redis)
		(void) fprintf(stream, "%s: Redis is not connected\n", target->alias);
	else if (lag_ms > max_lag_ms)
		(void) fprintf(stream, "%s: behind for %" PRId64 " ms, more than ready_max_lag, %" PRId64 " ms\n",
					   target->alias, lag_ms, max_lag_ms);
	else
		return true;
	return false;
}

bool
readiness_write(const Snapshot *snapshot, int64_t max_lag_ms, FILE *stream)
{
	bool		are_ready = true;

	for (size_t i = 0; i < snapshot->target_count; i++)
		are_ready = is_ready(snapshot, &snapshot->targets[i], max_lag_ms, stream) && are_ready;
	return are_ready;
}
