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
#include "relay/pipeline_state.h"
#include "relay/target_status.h"

typedef struct Pipeline Pipeline;

/*
 * Starts connecting.  loop and log are borrowed; config is held until
 * pipeline_destroy, and target_config is one of its targets.  NULL if memory is exhausted.
 */
extern Pipeline *pipeline_create(Loop *loop, const Log *log, Config *config,
								 const TargetConfig *target_config, uint64_t seed,
								 TargetCounters *counters);

/* NULL is allowed. */
extern void pipeline_destroy(Pipeline *pipeline);

/*
 * Finishes and acknowledges the batch in hand, if Redis and PostgreSQL are
 * there, and closes.  How long that may take is up to the caller.
 */
extern void pipeline_stop(Pipeline *pipeline);

extern PipelineState pipeline_state(const Pipeline *pipeline);

/* How it stands; the alias and the counters are the caller's to fill in. */
extern void pipeline_tell(const Pipeline *pipeline, TargetStatus *status);

/*
 * Lets a new pipeline take the place of an earlier one for the same target and dsn, which
 * is destroyed by then and had this process of the server's (0: none): what is left of
 * its session is ended instead of waited for.
 */
extern int	pipeline_backend_pid(const Pipeline *pipeline);
extern void pipeline_succeed(Pipeline *pipeline, int backend_pid);

#endif
