/*-------------------------------------------------------------------------
 *
 * pipeline_state.h
 *	  The states of a pipeline, and what people are told of them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_PIPELINE_STATE_H
#define UNCACHED_PIPELINE_STATE_H

#include <stdbool.h>

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

/* The same for people: RUNNING is two of them, and where there is no pipeline is one more. */
typedef enum TargetState
{
	TARGET_STATE_STARTING,		/* there is none yet, or not again yet */
	TARGET_STATE_CONNECTING,
	TARGET_STATE_ATTACHING,
	TARGET_STATE_STANDBY,
	TARGET_STATE_CONFLICT,
	TARGET_STATE_WAITING,
	TARGET_STATE_RESYNC,
	TARGET_STATE_READY,
	TARGET_STATE_STOPPING,
	TARGET_STATE_CLOSED,
	TARGET_STATE_FAILED,
	TARGET_STATE_COUNT
} TargetState;

extern const char *const target_state_names[TARGET_STATE_COUNT];

extern TargetState pipeline_state_for_people(PipelineState state, bool is_resyncing);

#endif
