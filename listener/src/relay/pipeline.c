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
#include "delivery/delivery.h"
#include "journal/journal_source.h"
#include "redis/redis_target.h"
#include "relay/attached_redis.h"
#include "relay/session_use.h"

/* Of both servers: between two tries. */
#define RETRY_FIRST_MS 100
#define RETRY_CAP_MS 5000

#define REDIS_CONNECT_DEADLINE_MS 5000
#define REDIS_REPLY_DEADLINE_MS 5000

#define STANDBY_RETRY_MS 500
#define WAITING_FIRST_MS 50
#define WAITING_MAX_MS 1000

/* How long --once waits for transactions in flight. */
#define ONCE_WAITING_MAX_MS 60000

struct Pipeline
{
	Loop	   *loop;			/* borrowed */
	const Log  *log;			/* borrowed */
	Config	   *whole_config;	/* held */
	const TargetConfig *config; /* borrowed from it */
	bool		once;
	TargetCounters *counters;	/* borrowed */

	PipelineState state;
	bool		has_answer;		/* attach() has been answered, or a session
								 * was lost before */
	JournalSource *source;		/* owned */
	RedisTarget *redis;			/* owned */
	Delivery   *delivery;		/* owned */
	SessionUse	use;			/* of its sessions */
	AttachedRedis attached;
	int64_t		waiting_ms;		/* the next delay while waiting */
	LoopTimer	retry_timer;	/* connects or attaches again */
	LoopTimer	limit_timer;	/* ends the waiting of --once */
};

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
	pipeline->has_answer = pipeline->has_answer || state > PIPELINE_ATTACHING;
}

static void
close_pipeline(Pipeline *pipeline, PipelineState state)
{
	loop_timer_remove(pipeline->loop, &pipeline->retry_timer);
	loop_timer_remove(pipeline->loop, &pipeline->limit_timer);
	delivery_reset(pipeline->delivery);
	redis_target_stop(pipeline->redis);
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

static void
take_answer(void *context, bool is_ack)
{
	Pipeline   *pipeline = context;

	if (session_use_take_answer(&pipeline->use, loop_now_ms(pipeline->loop), is_ack,
								journal_source_owes_nothing(pipeline->source)))
		journal_source_end_failures(pipeline->source);
}

/* Once, while sessions fail one after the other behind it. */
static void
say_attached(Pipeline *pipeline, const char *message, const char *reason)
{
	say(pipeline, session_use_is_repeated(&pipeline->use) ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO,
		message, reason);
}

static void
source_lost(void *context)
{
	Pipeline   *pipeline = context;

	delivery_reset(pipeline->delivery);
	pipeline->has_answer = true;
	if (pipeline->state == PIPELINE_STOPPING)
		close_pipeline(pipeline, PIPELINE_CLOSED);
	else if (pipeline->once)
		give_up(pipeline, "the session with PostgreSQL failed",
				"follow the advice of the previous line, and run it again");
	else
	{
		set_state(pipeline, PIPELINE_CONNECTING);
		set_timer(pipeline, &pipeline->retry_timer, session_use_wait_ms(&pipeline->use));
	}
}

static void
attach(Pipeline *pipeline)
{
	attached_redis_attach(&pipeline->attached, pipeline->redis, pipeline->source);
}

static void
source_connected(void *context)
{
	Pipeline   *pipeline = context;

	pipeline->counters->journal.sessions++;
	session_use_connect(&pipeline->use, loop_now_ms(pipeline->loop));
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
				"stop the other uncached, or leave this target to it");
		return;
	}
	if (state == PIPELINE_CONFLICT && pipeline->state != PIPELINE_CONFLICT)
		say_error(pipeline, "standing by for a daemon that deletes in a different Redis", reason,
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
	session_use_attach(&pipeline->use);
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

	take_answer(pipeline, false);
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
			if (attached_redis_holds(&pipeline->attached, pipeline->redis))
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

/* --- Redis --- */

/*
 * A Redis that was started again, or stands in for another, may have lost what
 * was acknowledged: attaching tells whether a resync is due.
 */
static void
redis_ready(void *context)
{
	Pipeline   *pipeline = context;

	if (pipeline->state != PIPELINE_RUNNING || attached_redis_holds(&pipeline->attached, pipeline->redis))
	{
		delivery_take_redis_change(pipeline->delivery);
		return;
	}
	delivery_reset(pipeline->delivery);
	journal_source_disconnect(pipeline->source);
	session_use_restart(&pipeline->use);
	set_state(pipeline, PIPELINE_CONNECTING);
	journal_source_connect(pipeline->source);
}

static void
redis_placed(void *context)
{
	Pipeline   *pipeline = context;

	delivery_take_position(pipeline->delivery,
						   attached_redis_go_on(&pipeline->attached, pipeline->redis, pipeline->source));
}

static void
redis_lost(void *context)
{
	Pipeline   *pipeline = context;

	if (pipeline->state == PIPELINE_STOPPING)
		close_pipeline(pipeline, PIPELINE_CLOSED);
	else if (pipeline->once)
		give_up(pipeline, "Redis failed",
				"follow the advice of the previous line, and run it again");
	else
		delivery_take_redis_change(pipeline->delivery);
}

static const RedisTargetEvents redis_events = {
	.ready = redis_ready,
	.placed = redis_placed,
	.lost = redis_lost,
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

	say_error(pipeline, "session abandoned, reconnecting", "out of memory",
			  "give the machine more memory");
	journal_source_disconnect(pipeline->source);
	source_lost(pipeline);
}

static const DeliveryEvents delivery_events = {
	.answered = take_answer,
	.drained = delivery_drained,
	.finished = delivery_finished,
	.exhausted = delivery_exhausted,
};

/* --- the interface --- */

static void
limit_passed(void *context)
{
	give_up(context, "transactions in flight did not end",
			"end the oldest transaction (see pg_stat_activity), and run it again");
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
		.backoff_cap_ms = RETRY_CAP_MS,
		.scan_rate = config->scan_rate,
		.sweep_ms = config->sweep_ms,
		.prefix = config->prefix,
		.prefix_bytes = config->prefix_bytes,
		.seed = seed,
		.counters = &pipeline->counters->redis,
	};
	DeliveryParts parts = {.loop = pipeline->loop,.log = pipeline->log,
		.config = config,.seed = seed,.counters = &pipeline->counters->delivery,
	.redis_counters = &pipeline->counters->redis};

	pipeline->source = journal_source_create(pipeline->loop, pipeline->log, dsn,
											 config->alias, &source_events, pipeline);
	pipeline->redis = redis_target_create(pipeline->loop, pipeline->log, &settings,
										  &redis_events, pipeline);
	if (pipeline->source == NULL || pipeline->redis == NULL)
		return false;
	journal_source_set_counters(pipeline->source, &pipeline->counters->journal);
	parts.source = pipeline->source;
	parts.redis = pipeline->redis;
	pipeline->delivery = delivery_create(&parts, &delivery_events, pipeline);
	return pipeline->delivery != NULL;
}

Pipeline *
pipeline_create(Loop *loop, const Log *log, Config *config,
				const TargetConfig *target_config, uint64_t seed, TargetCounters *counters)
{
	Pipeline   *pipeline = calloc(1, sizeof(*pipeline));

	if (pipeline == NULL)
		return NULL;
	pipeline->loop = loop;
	pipeline->log = log;
	config_retain(config);
	pipeline->whole_config = config;
	pipeline->config = target_config;
	pipeline->once = config->once;
	pipeline->counters = counters;
	set_state(pipeline, PIPELINE_CONNECTING);
	session_use_init(&pipeline->use, RETRY_FIRST_MS, RETRY_CAP_MS, seed);
	loop_timer_init(&pipeline->retry_timer, try_again, pipeline);
	loop_timer_init(&pipeline->limit_timer, limit_passed, pipeline);
	if (!attached_redis_init(&pipeline->attached, target_config) ||
		!create_parts(pipeline, config->dsn, seed))
	{
		pipeline_destroy(pipeline);
		return NULL;
	}
	redis_target_start(pipeline->redis);
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
	redis_target_destroy(pipeline->redis);
	journal_source_destroy(pipeline->source);
	attached_redis_free(&pipeline->attached);
	config_release(pipeline->whole_config);
	free(pipeline);
}

void
pipeline_stop(Pipeline *pipeline)
{
	if (pipeline->state >= PIPELINE_STOPPING)
		return;
	if (pipeline->state != PIPELINE_RUNNING || !redis_target_is_ready(pipeline->redis))
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

void
pipeline_tell(const Pipeline *pipeline, TargetStatus *status)
{
	delivery_tell(pipeline->delivery, &status->delivery);
	status->state = pipeline_state_for_people(pipeline->state, status->delivery.is_resyncing);
	status->has_session = pipeline->state > PIPELINE_CONNECTING && pipeline->state < PIPELINE_CLOSED;
	status->has_redis = redis_target_is_ready(pipeline->redis);
	status->is_settled = pipeline->has_answer && pipeline->state < PIPELINE_STOPPING;
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
