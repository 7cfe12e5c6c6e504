/*-------------------------------------------------------------------------
 *
 * pipeline_state.c
 *	  The states of a pipeline, and what people are told of them.
 *
 *-------------------------------------------------------------------------
 */
#include "relay/pipeline_state.h"

const char *const target_state_names[TARGET_STATE_COUNT] = {
	[TARGET_STATE_STARTING] = "starting",
	[TARGET_STATE_CONNECTING] = "connecting",
	[TARGET_STATE_ATTACHING] = "attaching",
	[TARGET_STATE_STANDBY] = "standby",
	[TARGET_STATE_CONFLICT] = "conflict",
	[TARGET_STATE_WAITING] = "waiting",
	[TARGET_STATE_RESYNC] = "resync",
	[TARGET_STATE_READY] = "ready",
	[TARGET_STATE_STOPPING] = "stopping",
	[TARGET_STATE_CLOSED] = "closed",
	[TARGET_STATE_FAILED] = "failed",
};

TargetState
pipeline_state_for_people(PipelineState state, bool is_resyncing)
{
	switch (state)
	{
		case PIPELINE_CONNECTING:
			return TARGET_STATE_CONNECTING;
		case PIPELINE_ATTACHING:
			return TARGET_STATE_ATTACHING;
		case PIPELINE_STANDBY:
			return TARGET_STATE_STANDBY;
		case PIPELINE_CONFLICT:
			return TARGET_STATE_CONFLICT;
		case PIPELINE_WAITING:
			return TARGET_STATE_WAITING;
		case PIPELINE_RUNNING:
			return is_resyncing ? TARGET_STATE_RESYNC : TARGET_STATE_READY;
		case PIPELINE_STOPPING:
			return TARGET_STATE_STOPPING;
		case PIPELINE_CLOSED:
			return TARGET_STATE_CLOSED;
		case PIPELINE_FAILED:
			break;
	}
	return TARGET_STATE_FAILED;
}
