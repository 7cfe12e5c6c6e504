/*-------------------------------------------------------------------------
 *
 * pipeline.h
 *	  One target from its journal session to its Redis, through all the
 *	  states of either.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_PIPELINE_H
#define UNCACHED_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/loop.h"
#include "config/config.h"

typedef struct Pipeline Pipeline;

/*
 * CONNECTING → ATTACHING			the session is set up
 * ATTACHING → STANDBY, CONFLICT, WAITING, RUNNING
 *									attach() has answered so; all but RUNNING ask again
 * STANDBY, CONFLICT, WAITING → the same
 *									asked again, it has answered something else
 * up to RUNNING → CONNECTING		the session is lost
 * RUNNING → CONNECTING				another Redis is there, or one that has lost its history
 * RUNNING → STOPPING				pipeline_stop(), and Redis is there
 * up to RUNNING → CLOSED			pipeline_stop() otherwise: nothing can be finished
 * STOPPING → CLOSED				the batch in hand is acknowledged, or a server is lost
 * RUNNING → CLOSED					config->once: everything is applied
 * any → FAILED						config->once: it cannot go on; or no memory for a timer
 */
typedef enum PipelineState
{
	PIPELINE_CONNECTING,		/* to PostgreSQL, or waiting to try again */
	PIPELINE_ATTACHING,
	PIPELINE_STANDBY,			/* another session works for this target */
	PIPELINE_CONFLICT,			/* the same, and it deletes elsewhere */
	PIPELINE_WAITING,			/* for transactions in flight */
	PIPELINE_RUNNING,
	PIPELINE_STOPPING,			/* the batch in hand is being finished; it and
								 * the next ones lead to no other */
	PIPELINE_CLOSED,
	PIPELINE_FAILED				/* closed too; only if config->once */
} PipelineState;

/*
 * Starts connecting.  loop and log are borrowed; config is held until
 * pipeline_destroy, and target_config is one of its targets.  NULL if memory is exhausted.
 */
extern Pipeline *pipeline_create(Loop *loop, const Log *log, Config *config,
								 const TargetConfig *target_config, uint64_t seed);

/* NULL is allowed. */
extern void pipeline_destroy(Pipeline *pipeline);

/*
 * Finishes and acknowledges the batch in hand, if Redis and PostgreSQL are
 * there, and closes.  How long that may take is up to the caller.
 */
extern void pipeline_stop(Pipeline *pipeline);

extern PipelineState pipeline_state(const Pipeline *pipeline);

/* The state in a word, for people: as the enum has it, RUNNING being "resync" or "ready". */
extern const char *pipeline_describe(const Pipeline *pipeline);

/* Is Redis there? */
extern bool pipeline_has_redis(const Pipeline *pipeline);

/*
 * Lets a new pipeline take the place of an earlier one for the same target and dsn, which
 * is destroyed by then and had this process of the server's (0: none): what is left of
 * its session is ended instead of waited for.
 */
extern int	pipeline_backend_pid(const Pipeline *pipeline);
extern void pipeline_succeed(Pipeline *pipeline, int backend_pid);

#endif
