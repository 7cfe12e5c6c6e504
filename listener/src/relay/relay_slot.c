/*-------------------------------------------------------------------------
 *
 * relay_slot.c
 *	  One target's place in the relay: the pipeline that works for it, and what
 *	  is to follow that.
 *
 *-------------------------------------------------------------------------
 */
#include "relay/relay_slot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_fields.h"

#define START_RETRY_MS 5000
#define ADVICE_BYTES (CONFIG_ALIAS_MAX + 128)
#define ADDRESS_BYTES 512

struct RelaySlot
{
	Loop	   *loop;			/* borrowed */
	const Log  *log;			/* borrowed */
	uint64_t	seed;
	char		alias[CONFIG_ALIAS_MAX + 1];
	TargetCounters counters;

	Pipeline   *pipeline;		/* owned; NULL while none works */
	Config	   *config;			/* held; of the pipeline */
	const TargetConfig *target_config;	/* borrowed from config */

	Config	   *next_config;	/* held; of what is to follow; NULL is nothing */
	const TargetConfig *next_target_config; /* borrowed from next_config */

	bool		is_given_up;	/* --once could not even start */
	bool		is_stopping;	/* the pipeline is */
	bool		is_overdue;		/* and was given time enough */
	bool		is_removed;		/* a reload has removed the target */
	LoopTimer	timer;			/* ends the stop; or the pause after a start
								 * that failed */
};

static void
set_next(RelaySlot *slot, Config *config, const TargetConfig *target_config)
{
	if (target_config != NULL)
		config_retain(config);
	config_release(slot->next_config);
	slot->next_config = target_config != NULL ? config : NULL;
	slot->next_target_config = target_config;
}

static void
end_pause(void *context)
{
	RelaySlot  *slot = context;

	if (!slot->is_stopping)
		return;
	log_event(slot->log, LOG_LEVEL_WARNING,
			  "the current batch is abandoned: it will be repeated",
			  LOG_TEXT("target", slot->alias),
			  LOG_NUMBER("waited_ms", RELAY_SLOT_STOP_WAIT_MS));
	slot->is_overdue = true;
}

RelaySlot *
relay_slot_create(Loop *loop, const Log *log, Config *config, const TargetConfig *target_config,
				  uint64_t seed)
{
	RelaySlot  *slot = calloc(1, sizeof(*slot));

	if (slot == NULL)
		return NULL;
	slot->loop = loop;
	slot->log = log;
	slot->seed = seed;
	(void) snprintf(slot->alias, sizeof(slot->alias), "%s", target_config->alias);
	loop_timer_init(&slot->timer, end_pause, slot);
	set_next(slot, config, target_config);
	return slot;
}

static void
drop_pipeline(RelaySlot *slot)
{
	loop_timer_remove(slot->loop, &slot->timer);
	pipeline_destroy(slot->pipeline);
	config_release(slot->config);
	slot->pipeline = NULL;
	slot->config = NULL;
	slot->target_config = NULL;
	slot->is_stopping = false;
	slot->is_overdue = false;
}

void
relay_slot_destroy(RelaySlot *slot)
{
	if (slot == NULL)
		return;
	drop_pipeline(slot);
	set_next(slot, NULL, NULL);
	free(slot);
}

const char *
relay_slot_alias(const RelaySlot *slot)
{
	return slot->alias;
}

void
relay_slot_tell(const RelaySlot *slot, TargetStatus *status)
{
	memset(status, 0, sizeof(*status));
	if (slot->pipeline != NULL)
		pipeline_tell(slot->pipeline, status);
	status->alias = slot->alias;
	status->counters = &slot->counters;
}

/* --- starting --- */

static void
log_sweep(const Log *log, const TargetConfig *target_config)
{
	if (target_config->url.node_count > 0)
		log_event(log, LOG_LEVEL_WARNING, "tags are not swept in a Redis Cluster",
				  LOG_TEXT("target", target_config->alias),
				  LOG_TEXT("advice", "leave out sweep; sets lose names when their tags are invalidated or they expire:"
						   " give them EXPIRE"));
	else
		log_event(log, LOG_LEVEL_INFO, "sweeping tags for names whose keys are gone",
				  LOG_TEXT("target", target_config->alias), LOG_NUMBER("sweep_ms", target_config->sweep_ms));
}

static void
log_target(const Log *log, const TargetConfig *target_config)
{
	static const char event[] = "target configured";
	char		address[ADDRESS_BYTES];

	url_describe(&target_config->url, address, sizeof(address));
	if (target_config->scan_rate > 0)
		log_event(log, LOG_LEVEL_INFO, event, LOG_TEXT("target", target_config->alias),
				  LOG_TEXT("redis", address), LOG_NUMBER("scan_rate", target_config->scan_rate));
	else
		log_event(log, LOG_LEVEL_INFO, event, LOG_TEXT("target", target_config->alias),
				  LOG_TEXT("redis", address));
	if (target_config->password_file_is_public)
		log_event(log, LOG_LEVEL_WARNING, "the password file is readable by everybody",
				  LOG_TEXT("target", target_config->alias), LOG_TEXT("file", target_config->url.password_file),
				  LOG_TEXT("advice", "chmod o-r it, unless nobody else can reach it"));
	if (target_config->sentinel_password_file_is_public)
		log_event(log, LOG_LEVEL_WARNING, "the sentinels' password file is readable by everybody",
				  LOG_TEXT("target", target_config->alias),
				  LOG_TEXT("file", target_config->url.sentinels.password_file),
				  LOG_TEXT("advice", "chmod o-r it, unless nobody else can reach it"));
	if (target_config->url.tls.is_used && target_config->url.tls.verify == URL_VERIFY_NONE)
		log_event(log, LOG_LEVEL_WARNING, "the certificate of Redis is not verified: whoever is in between can read"
				  " and change everything",
				  LOG_TEXT("target", target_config->alias), LOG_TEXT("tls_verify", "none"),
				  LOG_TEXT("advice", "leave out tls_verify, and set tls_ca_file if needed"));
	if (target_config->stagger_ms > 0)
		log_event(log, LOG_LEVEL_INFO, "staggering keys of transactions that have many",
				  LOG_TEXT("target", target_config->alias),
				  LOG_NUMBER("stagger_ms", target_config->stagger_ms),
				  LOG_NUMBER("stagger_from", target_config->stagger_from));
	if (target_config->sweep_ms > 0)
		log_sweep(log, target_config);
	if (target_config->standbys != NULL)
		log_event(log, LOG_LEVEL_INFO, "deletes are repeated when standbys have replayed the change",
				  LOG_TEXT("target", target_config->alias), LOG_TEXT("standbys", target_config->standbys),
				  LOG_NUMBER("standby_timeout_ms", target_config->standby_timeout_ms));
}

/*
 * backend_pid: of a session for the same target in the same database that may
 * not have ended at the server; 0 is none.
 */
static RelaySlotState
start(RelaySlot *slot, int backend_pid)
{
	slot->pipeline = pipeline_create(slot->loop, slot->log, slot->next_config,
									 slot->next_target_config, slot->seed, &slot->counters);
	if (slot->pipeline == NULL)
	{
		log_event(slot->log, LOG_LEVEL_ERROR, "cannot start to serve the target: out of memory",
				  LOG_TEXT("target", slot->alias),
				  LOG_TEXT("advice", "give the machine more memory"),
				  LOG_NUMBER("retry_ms", START_RETRY_MS));
		slot->is_given_up = slot->next_config->once ||
			!loop_timer_set(slot->loop, &slot->timer, START_RETRY_MS);
		return slot->is_given_up ? RELAY_SLOT_FAILED : RELAY_SLOT_WORKS;
	}
	pipeline_succeed(slot->pipeline, backend_pid);
	slot->config = slot->next_config;
	slot->target_config = slot->next_target_config;
	slot->next_config = NULL;
	slot->next_target_config = NULL;
	log_target(slot->log, slot->target_config);
	return RELAY_SLOT_WORKS;
}

static RelaySlotState
begin(RelaySlot *slot, int backend_pid)
{
	if (slot->next_target_config != NULL)
		return start(slot, backend_pid);
	if (slot->is_removed)
	{
		char		advice[ADVICE_BYTES];

		(void) snprintf(advice, sizeof(advice), "unless another daemon serves it, drop it in"
						" the database: SELECT uncache.drop_consumer('%s')", slot->alias);
		log_event(slot->log, LOG_LEVEL_WARNING,
				  "target is no longer configured: its consumer remains and holds back the journal",
				  LOG_TEXT("target", slot->alias), LOG_TEXT("advice", advice));
		slot->is_removed = false;
	}
	return RELAY_SLOT_EMPTY;
}

/* --- stopping --- */

static void
stop_pipeline(RelaySlot *slot)
{
	if (slot->is_stopping || slot->pipeline == NULL)
		return;
	slot->is_stopping = true;
	if (!loop_timer_set(slot->loop, &slot->timer, RELAY_SLOT_STOP_WAIT_MS))
		slot->is_overdue = true;
	pipeline_stop(slot->pipeline);
}

static bool
has_failed(const RelaySlot *slot)
{
	return pipeline_state(slot->pipeline) == PIPELINE_FAILED;
}

bool
relay_slot_reload(RelaySlot *slot, Config *config, const TargetConfig *target_config)
{
	if (target_config != NULL && slot->pipeline != NULL && !slot->is_stopping &&
		(config->once || !has_failed(slot)) &&
		strcmp(slot->config->dsn, config->dsn) == 0 &&
		config_target_equals(slot->target_config, target_config))
		return true;
	slot->is_given_up = false;
	slot->is_removed = target_config == NULL;
	set_next(slot, config, target_config);
	stop_pipeline(slot);
	return false;
}

void
relay_slot_stop(RelaySlot *slot)
{
	set_next(slot, NULL, NULL);
	stop_pipeline(slot);
}

static bool
has_ended(const RelaySlot *slot)
{
	return slot->is_overdue || has_failed(slot) ||
		pipeline_state(slot->pipeline) == PIPELINE_CLOSED;
}

RelaySlotState
relay_slot_advance(RelaySlot *slot)
{
	int			backend_pid = 0;

	if (slot->pipeline == NULL && slot->is_given_up && slot->next_target_config != NULL)
		return RELAY_SLOT_FAILED;
	if (slot->pipeline == NULL)
		return loop_timer_is_armed(&slot->timer) && slot->next_target_config != NULL ?
			RELAY_SLOT_WORKS : begin(slot, 0);
	if (!has_ended(slot))
		return RELAY_SLOT_WORKS;
	if (!slot->is_stopping)
		return has_failed(slot) ? RELAY_SLOT_FAILED : RELAY_SLOT_DONE;
	if (slot->next_config != NULL && strcmp(slot->config->dsn, slot->next_config->dsn) == 0)
		backend_pid = pipeline_backend_pid(slot->pipeline);
	drop_pipeline(slot);
	return begin(slot, backend_pid);
}
