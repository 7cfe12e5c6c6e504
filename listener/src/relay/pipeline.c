/*-------------------------------------------------------------------------
 *
 * pipeline.c
 *	  One target from its journal session to its Redis, through all the
 *	  states of either.
 *
 * The session with PostgreSQL decides over the state: without it there is
 * nothing to do, and whatever was in hand is in the journal still.  Redis
 * comes and goes below that, and rows wait in the journal meanwhile.
 *
 *-------------------------------------------------------------------------
 */
#include "relay/pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_fields.h"
#include "relay/pipeline_forward.h"
#include "relay/place.h"

#define RETRY_FIRST_MS 100
#define REDIS_CONNECT_DEADLINE_MS 5000
#define REDIS_REPLY_DEADLINE_MS 5000

#define STANDBY_RETRY_MS 500
#define WAITING_FIRST_MS 50
#define WAITING_MAX_MS 1000

/* How long --once waits for transactions in flight. */
#define ONCE_WAITING_MAX_MS 60000

/* --- states --- */

static void
say(const Pipeline *pipeline, LogLevel level, const char *message, const char *reason)
{
	log_event(pipeline->log, level, message,
			  LOG_TEXT("target", pipeline->config->alias),
			  LOG_TEXT("reason", reason));
}

static void
say_error(const Pipeline *pipeline, const char *message, const char *reason,
		  const char *advice)
{
	log_event(pipeline->log, LOG_LEVEL_ERROR, message,
			  LOG_TEXT("target", pipeline->config->alias),
			  LOG_TEXT("reason", reason),
			  LOG_TEXT("advice", advice));
}

static void
set_state(Pipeline *pipeline, PipelineState state)
{
	pipeline->state = state;
}

static bool
is_closed(const Pipeline *pipeline)
{
	return pipeline->state == PIPELINE_CLOSED || pipeline->state == PIPELINE_FAILED;
}

static void
close_pipeline(Pipeline *pipeline, PipelineState state)
{
	loop_timer_remove(pipeline->loop, &pipeline->retry_timer);
	loop_timer_remove(pipeline->loop, &pipeline->limit_timer);
	delivery_reset(pipeline->delivery);
	redis_target_stop(pipeline->target);
	journal_source_disconnect(pipeline->source);
	set_state(pipeline, state);
}

static void
give_up(Pipeline *pipeline, const char *reason, const char *advice)
{
	say_error(pipeline, "--once cannot serve the target", reason, advice);
	close_pipeline(pipeline, PIPELINE_FAILED);
}

/* Without timers nothing would ever happen again. */
static void
set_timer(Pipeline *pipeline, LoopTimer *timer, int64_t delay_ms)
{
	if (loop_timer_set(pipeline->loop, timer, delay_ms))
		return;
	say_error(pipeline, "target is no longer served", "out of memory",
			  "give the machine more memory, and start uncached again");
	close_pipeline(pipeline, PIPELINE_FAILED);
}

/* --- the session with PostgreSQL --- */

/* Once, while sessions fail one after the other behind it. */
static void
say_attached(Pipeline *pipeline, const char *message, const char *reason)
{
	say(pipeline, pipeline->attach_count > 0 ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, message,
		reason);
}

static void
source_lost(void *context)
{
	Pipeline   *pipeline = context;

	delivery_reset(pipeline->delivery);
	if (pipeline->state == PIPELINE_STOPPING)
		close_pipeline(pipeline, PIPELINE_CLOSED);
	else if (pipeline->once)
		give_up(pipeline, "the session with PostgreSQL failed",
				"do what the line before this one advises, and run it again");
	else
	{
		set_state(pipeline, PIPELINE_CONNECTING);
		set_timer(pipeline, &pipeline->retry_timer, backoff_next_ms(&pipeline->backoff));
	}
}

/* Attaches for the Redis that is there; if none is, for any. */
static void
attach(Pipeline *pipeline)
{
	pipeline->is_attached_for_redis = redis_target_is_ready(pipeline->target);
	pipeline->attached = *redis_target_history(pipeline->target);
	journal_source_attach(pipeline->source,
						  pipeline->is_attached_for_redis ? &pipeline->attached : NULL,
						  pipeline->place, pipeline->address);
}

/* Is Redis the one that the session is attached for, or not there at all? */
static bool
is_attached_for_target(const Pipeline *pipeline)
{
	return !redis_target_is_ready(pipeline->target) ||
		(pipeline->is_attached_for_redis &&
		 redis_history_goes_on(&pipeline->attached, redis_target_history(pipeline->target)));
}

static void
source_connected(void *context)
{
	Pipeline   *pipeline = context;

	pipeline->connected_ms = loop_now_ms(pipeline->loop);
	set_state(pipeline, PIPELINE_ATTACHING);
	attach(pipeline);
}

static void
try_again(void *context)
{
	Pipeline   *pipeline = context;

	if (pipeline->state == PIPELINE_CONNECTING)
		journal_source_connect(pipeline->source);
	else
		attach(pipeline);
}

/* Logs once that it stands by, and why; again when the two daemons begin to disagree. */
static void
stand_by(Pipeline *pipeline, PipelineState state, const char *reason)
{
	if (pipeline->once)
	{
		give_up(pipeline, "another session works for this target",
				"stop the other uncached, or leave the target to it");
		return;
	}
	if (state == PIPELINE_CONFLICT && pipeline->state != PIPELINE_CONFLICT)
		say_error(pipeline, "standing by for a daemon that deletes elsewhere", reason,
				  "give both the same database and prefix, or another target's name to one; "
				  "whoever takes over from the other has to resync");
	else if (pipeline->state != PIPELINE_STANDBY && pipeline->state != PIPELINE_CONFLICT)
		say_attached(pipeline, "standing by", reason);
	set_state(pipeline, state);
	set_timer(pipeline, &pipeline->retry_timer, STANDBY_RETRY_MS);
}

static void
await_transactions(Pipeline *pipeline, const char *reason)
{
	if (pipeline->state != PIPELINE_WAITING)
	{
		say(pipeline, LOG_LEVEL_INFO, "waiting for transactions in flight", reason);
		pipeline->waiting_ms = WAITING_FIRST_MS;
		if (pipeline->once)
			set_timer(pipeline, &pipeline->limit_timer, ONCE_WAITING_MAX_MS);
	}
	set_state(pipeline, PIPELINE_WAITING);
	set_timer(pipeline, &pipeline->retry_timer, pipeline->waiting_ms);
	pipeline->waiting_ms *= 2;
	if (pipeline->waiting_ms > WAITING_MAX_MS)
		pipeline->waiting_ms = WAITING_MAX_MS;
}

static void
run(Pipeline *pipeline, const JournalAttachment *attachment)
{
	bool		goes_back = attachment->state == JOURNAL_ATTACH_READY && attachment->reason[0] != '\0';

	say_attached(pipeline,
				 pipeline->state == PIPELINE_STANDBY || pipeline->state == PIPELINE_CONFLICT ?
				 "attached, taking over" : "attached",
				 goes_back ? "" : attachment->reason);
	pipeline->attach_count++;
	if (goes_back)
		say(pipeline, LOG_LEVEL_WARNING, "Redis may have lost deletes, applying them again",
			attachment->reason);
	loop_timer_remove(pipeline->loop, &pipeline->limit_timer);
	set_state(pipeline, PIPELINE_RUNNING);
	delivery_start(pipeline->delivery, attachment->cursor,
				   attachment->state == JOURNAL_ATTACH_RESYNC, attachment->reason);
}

static void
source_attached(void *context, const JournalAttachment *attachment)
{
	Pipeline   *pipeline = context;

	pipeline_settle_if_lasting(pipeline);
	switch (attachment->state)
	{
		case JOURNAL_ATTACH_STANDBY:
			stand_by(pipeline, PIPELINE_STANDBY, attachment->reason);
			break;
		case JOURNAL_ATTACH_CONFLICT:
			stand_by(pipeline, PIPELINE_CONFLICT, attachment->reason);
			break;
		case JOURNAL_ATTACH_WAITING:
			await_transactions(pipeline, attachment->reason);
			break;
		case JOURNAL_ATTACH_RESYNC:
		case JOURNAL_ATTACH_READY:
			if (is_attached_for_target(pipeline))
				run(pipeline, attachment);
			else
				attach(pipeline);
			break;
	}
}

static const JournalSessionEvents source_events = {
	.connected = source_connected,
	.attached = source_attached,
	.lost = source_lost,
};

static const JournalWorkEvents source_work_events = {
	.invalidation = pipeline_forward_invalidation,
	.fetched = pipeline_forward_fetched,
	.acked = pipeline_forward_acked,
	.resync_listed = pipeline_forward_resync_listed,
	.resynced = pipeline_forward_resynced,
	.trimmed = pipeline_forward_trimmed,
	.standby = pipeline_forward_standby,
	.standbys_told = pipeline_forward_standbys_told,
	.late_reported = pipeline_forward_late_reported,
	.rung = pipeline_forward_rung,
};

/* --- Redis --- */

/*
 * A Redis that was started again, or stands in for another, may have lost what
 * was acknowledged: attaching tells whether a resync is due.
 */
static void
target_ready(void *context)
{
	Pipeline   *pipeline = context;

	if (pipeline->state != PIPELINE_RUNNING || is_attached_for_target(pipeline))
	{
		delivery_take_target_change(pipeline->delivery);
		return;
	}
	delivery_reset(pipeline->delivery);
	journal_source_disconnect(pipeline->source);
	pipeline->attach_count = 0;
	set_state(pipeline, PIPELINE_CONNECTING);
	journal_source_connect(pipeline->source);
}

static void
target_placed(void *context)
{
	Pipeline   *pipeline = context;

	pipeline->attached.offset = redis_target_history(pipeline->target)->offset;
	delivery_take_position(pipeline->delivery, pipeline->attached.offset);
}

static void
target_lost(void *context)
{
	Pipeline   *pipeline = context;

	if (pipeline->state == PIPELINE_STOPPING)
		close_pipeline(pipeline, PIPELINE_CLOSED);
	else if (pipeline->once)
		give_up(pipeline, "Redis failed",
				"do what the line before this one advises, and run it again");
	else
		delivery_take_target_change(pipeline->delivery);
}

static const RedisTargetEvents target_events = {
	.ready = target_ready,
	.placed = target_placed,
	.lost = target_lost,
};

static const RedisWorkEvents target_work_events = {
	.apply_done = pipeline_forward_apply_done,
	.needs_scan = pipeline_forward_needs_scan,
	.scan_done = pipeline_forward_scan_done,
};

/* --- the delivery --- */

static void
delivery_drained(void *context)
{
	Pipeline   *pipeline = context;

	if (!pipeline->once)
		return;
	say(pipeline, LOG_LEVEL_INFO, "everything is applied", "--once");
	close_pipeline(pipeline, PIPELINE_CLOSED);
}

static void
delivery_finished(void *context)
{
	close_pipeline(context, PIPELINE_CLOSED);
}

/* The journal still has everything: begin again from there. */
static void
delivery_exhausted(void *context)
{
	Pipeline   *pipeline = context;

	say_error(pipeline, "session given up, reconnecting", "out of memory",
			  "give the machine more memory");
	journal_source_disconnect(pipeline->source);
	source_lost(pipeline);
}

static const DeliveryEvents delivery_events = {
	.drained = delivery_drained,
	.finished = delivery_finished,
	.exhausted = delivery_exhausted,
};

/* --- the interface --- */

static void
limit_passed(void *context)
{
	give_up(context, "transactions in flight do not end",
			"end the oldest transaction, which pg_stat_activity shows, and run it again");
}

static bool
create_parts(Pipeline *pipeline, const char *dsn, uint64_t seed)
{
	const TargetConfig *config = pipeline->config;
	const RedisTargetSettings settings = {
		.alias = config->alias,
		.url = &config->url,
		.timeouts = {REDIS_CONNECT_DEADLINE_MS, REDIS_REPLY_DEADLINE_MS},
		.backoff_first_ms = RETRY_FIRST_MS,
		.backoff_cap_ms = PIPELINE_RETRY_CAP_MS,
		.scan_rate = config->scan_rate,
		.sweep_ms = config->sweep_ms,
		.prefix = config->prefix,
		.prefix_bytes = config->prefix_bytes,
		.seed = seed,
	};
	DeliveryParts parts = {.loop = pipeline->loop,.log = pipeline->log,
	.config = config,.seed = seed};

	pipeline->source = journal_source_create(pipeline->loop, pipeline->log, dsn,
											 config->alias, &source_events, pipeline);
	pipeline->target = redis_target_create(pipeline->loop, pipeline->log, &settings,
										   &target_events, pipeline);
	if (pipeline->source == NULL || pipeline->target == NULL)
		return false;
	journal_source_set_worker(pipeline->source, &source_work_events, pipeline);
	redis_target_set_worker(pipeline->target, &target_work_events, pipeline);
	parts.source = pipeline->source;
	parts.target = pipeline->target;
	pipeline->delivery = delivery_create(&parts, &delivery_events, pipeline);
	return pipeline->delivery != NULL;
}

Pipeline *
pipeline_create(Loop *loop, const Log *log, Config *config,
				const TargetConfig *target, uint64_t seed)
{
	Pipeline   *pipeline = calloc(1, sizeof(*pipeline));

	if (pipeline == NULL)
		return NULL;
	pipeline->loop = loop;
	pipeline->log = log;
	config_retain(config);
	pipeline->whole_config = config;
	pipeline->config = target;
	pipeline->once = config->once;
	set_state(pipeline, PIPELINE_CONNECTING);
	backoff_init(&pipeline->backoff, RETRY_FIRST_MS, PIPELINE_RETRY_CAP_MS, seed);
	loop_timer_init(&pipeline->retry_timer, try_again, pipeline);
	loop_timer_init(&pipeline->limit_timer, limit_passed, pipeline);
	pipeline->place = place_describe(target->url.database, target->prefix, target->prefix_bytes);
	pipeline->address = place_describe_address(&target->url);
	if (pipeline->place == NULL || pipeline->address == NULL ||
		!create_parts(pipeline, config->dsn, seed))
	{
		pipeline_destroy(pipeline);
		return NULL;
	}
	redis_target_start(pipeline->target);
	journal_source_connect(pipeline->source);
	return pipeline;
}

void
pipeline_destroy(Pipeline *pipeline)
{
	if (pipeline == NULL)
		return;
	loop_timer_remove(pipeline->loop, &pipeline->retry_timer);
	loop_timer_remove(pipeline->loop, &pipeline->limit_timer);
	delivery_destroy(pipeline->delivery);
	redis_target_destroy(pipeline->target);
	journal_source_destroy(pipeline->source);
	free(pipeline->place);
	free(pipeline->address);
	config_release(pipeline->whole_config);
	free(pipeline);
}

void
pipeline_stop(Pipeline *pipeline)
{
	if (is_closed(pipeline) || pipeline->state == PIPELINE_STOPPING)
		return;
	if (pipeline->state != PIPELINE_RUNNING || !redis_target_is_ready(pipeline->target))
	{
		close_pipeline(pipeline, PIPELINE_CLOSED);
		return;
	}
	set_state(pipeline, PIPELINE_STOPPING);
	delivery_finish(pipeline->delivery);
}

PipelineState
pipeline_state(const Pipeline *pipeline)
{
	return pipeline->state;
}

const char *
pipeline_describe(const Pipeline *pipeline)
{
	static const char *const names[] = {
		[PIPELINE_CONNECTING] = "connecting",
		[PIPELINE_ATTACHING] = "attaching",
		[PIPELINE_STANDBY] = "standby",
		[PIPELINE_CONFLICT] = "conflict",
		[PIPELINE_WAITING] = "waiting",
		[PIPELINE_RUNNING] = "ready",
		[PIPELINE_STOPPING] = "stopping",
		[PIPELINE_CLOSED] = "closed",
		[PIPELINE_FAILED] = "failed",
	};

	if (pipeline->state == PIPELINE_RUNNING && delivery_is_resyncing(pipeline->delivery))
		return "resync";
	return names[pipeline->state];
}

bool
pipeline_has_redis(const Pipeline *pipeline)
{
	return redis_target_is_ready(pipeline->target);
}

int
pipeline_backend_pid(const Pipeline *pipeline)
{
	return journal_source_backend_pid(pipeline->source);
}

void
pipeline_succeed(Pipeline *pipeline, int backend_pid)
{
	journal_source_succeed(pipeline->source, backend_pid);
}
