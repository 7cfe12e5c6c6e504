/*-------------------------------------------------------------------------
 *
 * relay_slot.h
 *	  One target's place in the relay: the pipeline that works for it, and what
 *	  is to follow that.
 *
 * Two pipelines of one target would be in each other's way: the consumer's lock is
 * one session's.  So the next one starts when the last one has ended, which is
 * asked to finish its batch in hand and given RELAY_SLOT_STOP_WAIT_MS for that.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_RELAY_SLOT_H
#define UNCACHED_RELAY_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/loop.h"
#include "config/config.h"
#include "relay/pipeline.h"

#define RELAY_SLOT_STOP_WAIT_MS 4500

typedef struct RelaySlot RelaySlot;

typedef enum RelaySlotState
{
	RELAY_SLOT_WORKS,			/* or will: it stops, or waits to start */
	RELAY_SLOT_DONE,			/* its pipeline has ended by itself */
	RELAY_SLOT_FAILED,			/* the same, and failed; it was logged */
	RELAY_SLOT_EMPTY			/* stopped, and nothing is to follow */
} RelaySlotState;

/*
 * The first relay_slot_advance starts the pipeline.  loop and log are borrowed, config is
 * held for as long as it is needed; target_config is one of its targets.  NULL if
 * memory is exhausted.
 */
extern RelaySlot *relay_slot_create(Loop *loop, const Log *log, Config *config,
									const TargetConfig *target_config, uint64_t seed);

/* Closes whatever is still open.  NULL is allowed. */
extern void relay_slot_destroy(RelaySlot *slot);

extern const char *relay_slot_alias(const RelaySlot *slot);

/* How the target stands; between two pipelines it is starting. */
extern void relay_slot_tell(const RelaySlot *slot, TargetStatus *status);

/*
 * The target has these settings from now on; NULL as target_config is none any more.  If they are
 * not those that the pipeline works by, it is stopped, and another one follows;
 * else nothing happens, and the answer is true.
 */
extern bool relay_slot_reload(RelaySlot *slot, Config *config, const TargetConfig *target_config);

/* Stops the pipeline, or does not even start it; nothing follows. */
extern void relay_slot_stop(RelaySlot *slot);

/* Takes the next step, if it is time; after each turn of the loop, never in it. */
extern RelaySlotState relay_slot_advance(RelaySlot *slot);

#endif
