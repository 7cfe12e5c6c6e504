/*-------------------------------------------------------------------------
 *
 * relay.c
 *	  Moves invalidations from the journal to the targets: one pipeline for
 *	  each target.
 *
 *-------------------------------------------------------------------------
 */
#include "relay.h"

#include <stddef.h>
#include <stdlib.h>

#include "pipeline.h"

/* 2^64 / golden ratio: seeds of neighbours have little in common */
#define SEED_STEP UINT64_C(0x9e3779b97f4a7c15)

/*
 * What a target registers with the loop, and more: a target that could not
 * arm a timer would wait for ever.
 */
#define TARGET_WATCHES 8
#define TARGET_TIMERS 16
#define OTHERS 4

struct Relay
{
	size_t		pipeline_count;
	Pipeline   *pipelines[];	/* owned */
};

Relay *
relay_create(Loop *loop, const Log *log, const Config *config, uint64_t seed)
{
	Relay	   *relay = calloc(1, sizeof(*relay) +
							   config->target_count * sizeof(relay->pipelines[0]));

	if (relay == NULL)
		return NULL;
	if (!loop_reserve(loop, config->target_count * TARGET_WATCHES + OTHERS,
					  config->target_count * TARGET_TIMERS + OTHERS))
	{
		relay_destroy(relay);
		return NULL;
	}
	for (size_t i = 0; i < config->target_count; i++)
	{
		seed += SEED_STEP;
		relay->pipelines[i] = pipeline_create(loop, log, config,
											  &config->targets[i], seed);
		if (relay->pipelines[i] == NULL)
		{
			relay_destroy(relay);
			return NULL;
		}
		relay->pipeline_count++;
	}
	return relay;
}

void
relay_stop(Relay *relay)
{
	for (size_t i = 0; i < relay->pipeline_count; i++)
		pipeline_stop(relay->pipelines[i]);
}

RelayState
relay_state(const Relay *relay)
{
	bool		any_failed = false;

	for (size_t i = 0; i < relay->pipeline_count; i++)
		switch (pipeline_state(relay->pipelines[i]))
		{
			case PIPELINE_CLOSED:
				break;
			case PIPELINE_FAILED:
				any_failed = true;
				break;
			default:
				return RELAY_RUNNING;
		}
	return any_failed ? RELAY_FAILED : RELAY_STOPPED;
}

void
relay_destroy(Relay *relay)
{
	if (relay == NULL)
		return;
	for (size_t i = 0; i < relay->pipeline_count; i++)
		pipeline_destroy(relay->pipelines[i]);
	free(relay);
}
