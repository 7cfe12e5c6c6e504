/*-------------------------------------------------------------------------
 *
 * relay.h
 *	  Moves invalidations from the journal to the targets: for each target
 *	  fetch, batch, pipeline, wait for every reply, acknowledge.
 *
 * The only module that knows both the journal and Redis.  Each target is a
 * pipeline of its own with its own two connections: a dead Redis holds back
 * nobody else.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_RELAY_H
#define UNCACHED_RELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "log.h"
#include "loop.h"

typedef struct Relay Relay;

typedef enum RelayState
{
	RELAY_RUNNING,
	RELAY_STOPPED,				/* every pipeline has ended: asked to, or
								 * --once is done */
	RELAY_FAILED				/* --once only: a target could not be served;
								 * it was logged */
} RelayState;

/*
 * Builds one pipeline for each target and starts connecting; all further work
 * happens in the loop's callbacks.  loop, log and config are borrowed until
 * relay_destroy.  "seed" spreads the retries of several daemons.  NULL if
 * memory is exhausted.
 */
extern Relay *relay_create(Loop *loop, const Log *log, const Config *config,
						   uint64_t seed);

/*
 * Asks every pipeline to finish the batch in hand, acknowledge it and close.
 * Pipelines without a batch in hand close at once.
 */
extern void relay_stop(Relay *relay);

extern RelayState relay_state(const Relay *relay);

/* Closes whatever is still open; what was not acknowledged is repeated later. */
extern void relay_destroy(Relay *relay);

#endif
