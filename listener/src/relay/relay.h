/*-------------------------------------------------------------------------
 *
 * relay.h
 *	  Moves invalidations from the journal to the targets: for each target
 *	  fetch, batch, pipeline, wait for every reply, acknowledge.
 *
 * The only module that knows both the journal and Redis.  Each target is a
 * pipeline of its own with its own two connections: a dead Redis holds back
 * nobody else, neither when the configuration is reloaded nor at the end.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_RELAY_H
#define UNCACHED_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/log.h"
#include "base/loop.h"
#include "config/config.h"
#include "relay/target_status.h"

typedef struct Relay Relay;

typedef enum RelayState
{
	RELAY_RUNNING,
	RELAY_STOPPED,				/* every pipeline has ended: asked to, or
								 * --once is done */
	RELAY_FAILED				/* none works any more, and a target could not
								 * be served; it was logged */
} RelayState;

/* What a reload does with targets; each is counted once. */
typedef struct RelayChanges
{
	size_t		unchanged;		/* go on as if nothing had happened */
	size_t		changed;		/* are started anew */
	size_t		added;
	size_t		removed;
} RelayChanges;

/*
 * One pipeline for each target, which the first relay_advance starts; all further work
 * happens in the loop's callbacks.  loop and log are borrowed until
 * relay_destroy, config is held for as long as a pipeline works by it.
 * "seed" spreads the retries of several daemons.  NULL if memory is exhausted.
 */
extern Relay *relay_create(Loop *loop, const Log *log, Config *config, uint64_t seed);

/*
 * Works by another config from now on.  Targets whose settings are the same are not
 * touched.  Each of the others finishes its batch in hand, within
 * RELAY_SLOT_STOP_WAIT_MS, and is then started anew, all by itself.  False if
 * memory is exhausted: then nothing changes.
 */
extern bool relay_reload(Relay *relay, Config *config, RelayChanges *changes)
			__attribute__((warn_unused_result));

/*
 * Asks every pipeline to finish the batch in hand, acknowledge it and close, for
 * which it has RELAY_SLOT_STOP_WAIT_MS.  Pipelines without a batch in hand close
 * at once, and nothing is started any more.
 */
extern void relay_stop(Relay *relay);

/*
 * Writes a line for each target: "ALIAS state=STATE redis=connected", the latter
 * "disconnected" while it is not there.  STATE: one of target_state_names.
 */
extern void relay_describe(const Relay *relay, FILE *stream);

/* How each target stands, by an index below their number. */
extern size_t relay_target_count(const Relay *relay);
extern void relay_tell(const Relay *relay, size_t index, TargetStatus *status);

/* How all targets stand, in short. */
typedef struct RelaySummary
{
	size_t		target_count;
	size_t		ready_count;	/* at work, with their Redis */
	bool		is_settled;		/* each is at work, or it is known what it
								 * waits for; nothing that a reload has
								 * changed still ends or starts */
	const char *alias;			/* of the first that is not ready, until the
								 * next relay_advance; NULL if there is none */
	const char *state;			/* static; its state as relay_describe has it */
	bool		has_redis;
} RelaySummary;

extern void relay_summarize(const Relay *relay, RelaySummary *summary);

/* Starts what is to be started, and tells how it goes; after each turn of the loop. */
extern RelayState relay_advance(Relay *relay);

/* Closes whatever is still open; what was not acknowledged is repeated later. */
extern void relay_destroy(Relay *relay);

#endif
