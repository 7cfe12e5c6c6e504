/*-------------------------------------------------------------------------
 *
 * relay.c
 *	  Moves invalidations from the journal to the targets: one pipeline for
 *	  each target.
 *
 *-------------------------------------------------------------------------
 */
#include "relay/relay.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "relay/pipeline.h"
#include "relay/relay_slot.h"

/* 2^64 / golden ratio: seeds of neighbours have little in common */
#define SEED_STEP UINT64_C(0x9e3779b97f4a7c15)

/*
 * What a target registers with the loop, and more: a target that could not
 * arm a timer would wait for ever.
 */
#define TARGET_WATCHES 12
#define TARGET_TIMERS 24
#define OTHERS 8

struct Relay
{
	Loop	   *loop;			/* borrowed */
	const Log  *log;			/* borrowed */
	uint64_t	seed;			/* of the latest slot */
	RelaySlot **slots;			/* owned, as are its entries */
	size_t		slot_count;
};

/* Makes room for so many slots, and for what they register. */
static bool
reserve(Relay *relay, size_t slot_count)
{
	RelaySlot **slots = reallocarray(relay->slots, slot_count, sizeof(*slots));

	if (slots == NULL)
		return false;
	relay->slots = slots;
	return loop_reserve(relay->loop, slot_count * TARGET_WATCHES + OTHERS,
						slot_count * TARGET_TIMERS + OTHERS);
}

static RelaySlot *
find_slot(const Relay *relay, const char *alias)
{
	for (size_t i = 0; i < relay->slot_count; i++)
		if (strcmp(relay_slot_alias(relay->slots[i]), alias) == 0)
			return relay->slots[i];
	return NULL;
}

static const TargetConfig *
find_target(const Config *config, const char *alias)
{
	for (size_t i = 0; i < config->target_count; i++)
		if (strcmp(config->targets[i].alias, alias) == 0)
			return &config->targets[i];
	return NULL;
}

static void
drop_slots(Relay *relay, size_t kept_count)
{
	while (relay->slot_count > kept_count)
		relay_slot_destroy(relay->slots[--relay->slot_count]);
}

/* A slot for each target that has none; on false there are no more than before. */
static bool
add_slots(Relay *relay, Config *config)
{
	size_t		known_count = relay->slot_count;

	if (!reserve(relay, known_count + config->target_count))
		return false;
	for (size_t i = 0; i < config->target_count; i++)
	{
		RelaySlot  *slot;

		if (find_slot(relay, config->targets[i].alias) != NULL)
			continue;
		relay->seed += SEED_STEP;
		slot = relay_slot_create(relay->loop, relay->log, config, &config->targets[i],
								 relay->seed);
		if (slot == NULL)
		{
			drop_slots(relay, known_count);
			return false;
		}
		relay->slots[relay->slot_count++] = slot;
	}
	return true;
}

Relay *
relay_create(Loop *loop, const Log *log, Config *config, uint64_t seed)
{
	Relay	   *relay = calloc(1, sizeof(*relay));

	if (relay == NULL)
		return NULL;
	relay->loop = loop;
	relay->log = log;
	relay->seed = seed;
	if (add_slots(relay, config))
		return relay;
	relay_destroy(relay);
	return NULL;
}

bool
relay_reload(Relay *relay, Config *config, RelayChanges *changes)
{
	size_t		known_count = relay->slot_count;

	memset(changes, 0, sizeof(*changes));
	if (!add_slots(relay, config))
		return false;
	changes->added = relay->slot_count - known_count;
	for (size_t i = 0; i < known_count; i++)
	{
		const TargetConfig *target_config = find_target(config, relay_slot_alias(relay->slots[i]));

		if (relay_slot_reload(relay->slots[i], config, target_config))
			changes->unchanged++;
		else if (target_config != NULL)
			changes->changed++;
		else
			changes->removed++;
	}
	return true;
}

void
relay_stop(Relay *relay)
{
	for (size_t i = 0; i < relay->slot_count; i++)
		relay_slot_stop(relay->slots[i]);
}

RelayState
relay_advance(Relay *relay)
{
	RelayState	state = RELAY_STOPPED;
	size_t		kept_count = 0;

	for (size_t i = 0; i < relay->slot_count; i++)
	{
		RelaySlot  *slot = relay->slots[i];
		RelaySlotState slot_state = relay_slot_advance(slot);

		if (slot_state == RELAY_SLOT_EMPTY)
		{
			relay_slot_destroy(slot);
			continue;
		}
		relay->slots[kept_count++] = slot;
		if (slot_state == RELAY_SLOT_WORKS)
			state = RELAY_RUNNING;
		else if (slot_state == RELAY_SLOT_FAILED && state == RELAY_STOPPED)
			state = RELAY_FAILED;
	}
	relay->slot_count = kept_count;
	return state;
}

size_t
relay_target_count(const Relay *relay)
{
	return relay->slot_count;
}

void
relay_tell(const Relay *relay, size_t index, TargetStatus *status)
{
	relay_slot_tell(relay->slots[index], status);
}

void
relay_describe(const Relay *relay, FILE *stream)
{
	for (size_t i = 0; i < relay->slot_count; i++)
	{
		TargetStatus status;

		relay_slot_tell(relay->slots[i], &status);
		(void) fprintf(stream, "%s state=%s redis=%s\n", status.alias,
					   target_state_names[status.state],
					   status.has_redis ? "connected" : "disconnected");
	}
}

void
relay_summarize(const Relay *relay, RelaySummary *summary)
{
	*summary = (RelaySummary)
	{
		.target_count = relay->slot_count,.is_settled = true
	};
	for (size_t i = 0; i < relay->slot_count; i++)
	{
		TargetStatus status;

		relay_slot_tell(relay->slots[i], &status);
		summary->is_settled = summary->is_settled && status.is_settled;
		if (status.has_redis && status.state == TARGET_STATE_READY)
			summary->ready_count++;
		else if (summary->alias == NULL)
		{
			summary->alias = status.alias;
			summary->state = target_state_names[status.state];
			summary->has_redis = status.has_redis;
		}
	}
}

void
relay_destroy(Relay *relay)
{
	if (relay == NULL)
		return;
	drop_slots(relay, 0);
	free(relay->slots);
	free(relay);
}
