/*-------------------------------------------------------------------------
 *
 * delivery.c
 *	  What a target does while it is attached: fetch, apply, acknowledge,
 *	  resync, trim.
 *
 * This file has its lifetime, and what its owner and the clock say; events of the journal
 * and of Redis come in by delivery_events.c, and what follows is in delivery_step.c.
 *
 *-------------------------------------------------------------------------
 */
#include "delivery/delivery.h"

#include <stdlib.h>
#include <string.h>

#include "delivery/delivery_events.h"
#include "delivery/delivery_lanes.h"
#include "delivery/delivery_probe.h"
#include "delivery/delivery_repeat.h"
#include "delivery/delivery_sleep.h"
#include "delivery/delivery_step.h"

/* Between two trims, somewhat different for each daemon. */
#define TRIM_INTERVAL_MS INT64_C(10000)
#define TRIM_JITTER_MS INT64_C(2000)

/* --- from the owner --- */

/*
 * Whatever was acknowledged so far had been applied before: by this session,
 * or before it began by another one.
 */
void
delivery_take_position(Delivery *delivery, int64_t repl_offset)
{
	if (delivery->session.phase == DELIVERY_DETACHED || delivery->session.is_placed ||
		delivery->session.resync != RESYNC_NONE)
		return;
	delivery->session.position = repl_offset;
	delivery_step_advance(delivery);
}

void
delivery_take_redis_change(Delivery *delivery)
{
	loop_timer_remove(delivery->parts.loop, &delivery->idle_timer);
	delivery->session.idle_ms = DELIVERY_SLEEP_FIRST_MS;
	delivery_step_advance(delivery);
}

/* --- time --- */

static void
wait_is_over(void *context)
{
	delivery_step_advance(context);
}

static bool
set_trim_timer(Delivery *delivery)
{
	return loop_timer_set(delivery->parts.loop, &delivery->trim_timer,
						  TRIM_INTERVAL_MS - TRIM_JITTER_MS / 2 +
						  (int64_t) (delivery->parts.seed % (uint64_t) TRIM_JITTER_MS));
}

/*
 * Empty fetches move the cursor as well.  That is acknowledged too, now and
 * then: rows of other targets can only be trimmed behind it.  While standbys
 * or lanes hold it up, the same cursor says that somebody lives.
 */
static void
trim_is_due(void *context)
{
	Delivery   *delivery = context;
	bool		done = set_trim_timer(delivery);

	delivery->is_trim_due = true;
	if (!delivery->repeat.is_on && done && !delivery_slots_are_taken(&delivery->slots))
		done = progress_apply(&delivery->progress, delivery->cursor);
	if (delivery->repeat.is_on)
		delivery_repeat_want_mark(delivery);
	if (delivery->repeat.is_on || !delivery_lanes_are_idle(delivery))
		delivery->progress.is_ack_due = true;
	delivery_step_end_event(delivery, done);
}

/* --- lifetime --- */

Delivery *
delivery_create(const DeliveryParts *parts, const DeliveryEvents *events, void *context)
{
	const TargetConfig *config = parts->config;
	Delivery   *delivery = calloc(1, sizeof(*delivery));

	if (delivery == NULL)
		return NULL;
	delivery->parts = *parts;
	delivery->events = events;
	delivery->context = context;
	progress_init(&delivery->progress);
	delivery_lanes_init(delivery, wait_is_over);
	delivery_probe_init(delivery, wait_is_over);
	keyset_init(&delivery->unknown, parts->seed);
	loop_timer_init(&delivery->idle_timer, wait_is_over, delivery);
	loop_timer_init(&delivery->ack_timer, wait_is_over, delivery);
	loop_timer_init(&delivery->trim_timer, trim_is_due, delivery);
	if (!delivery_repeat_init(delivery, wait_is_over) ||
		!delivery_slots_init(&delivery->slots, config->prefix, config->prefix_bytes,
							 parts->seed))
	{
		delivery_destroy(delivery);
		return NULL;
	}
	delivery_events_register(delivery);
	return delivery;
}

void
delivery_destroy(Delivery *delivery)
{
	if (delivery == NULL)
		return;
	delivery_reset(delivery);
	delivery_repeat_free(delivery);
	delivery_slots_free(&delivery->slots);
	delivery_lanes_free(delivery);
	keyset_free(&delivery->unknown);
	progress_free(&delivery->progress);
	free(delivery->cursor);
	free(delivery);
}

void
delivery_start(Delivery *delivery, const char *cursor, bool resync, const char *reason)
{
	delivery->session.phase = DELIVERY_RUNNING;
	delivery->session.idle_ms = DELIVERY_SLEEP_FIRST_MS;
	redis_target_restart_history(delivery->parts.redis);
	redis_target_allow_sweep(delivery->parts.redis, true);
	fetch_pace_init(&delivery->pace, loop_now_ms(delivery->parts.loop));
	memset(&delivery->bell_trust, 0, sizeof(delivery->bell_trust));
	ack_pace_init(&delivery->ack_pace, loop_now_ms(delivery->parts.loop));
	free(delivery->cursor);
	delivery->cursor = strdup(cursor);
	if (delivery->cursor == NULL || !set_trim_timer(delivery) ||
		!delivery_repeat_begin_session(delivery, cursor, resync) ||
		!progress_start(&delivery->progress, cursor))
	{
		delivery->events->exhausted(delivery->context);
		return;
	}
	if (resync)
	{
		delivery->session.resync = RESYNC_TO_LIST;
		delivery->parts.counters->resyncs[resync_reason_of(reason)]++;
		delivery->session.resync_begin_ms = loop_now_ms(delivery->parts.loop);
		log_event(delivery->parts.log, LOG_LEVEL_INFO, "resync begins",
				  LOG_TEXT("target", delivery->parts.config->alias),
				  LOG_TEXT("reason", reason));
	}
	delivery_step_advance(delivery);
}

void
delivery_reset(Delivery *delivery)
{
	redis_target_abandon(delivery->parts.redis);
	redis_target_allow_sweep(delivery->parts.redis, false);
	loop_timer_remove(delivery->parts.loop, &delivery->idle_timer);
	loop_timer_remove(delivery->parts.loop, &delivery->ack_timer);
	loop_timer_remove(delivery->parts.loop, &delivery->trim_timer);
	delivery_repeat_end_session(delivery);
	delivery_slots_reset(&delivery->slots);
	delivery_lanes_reset(delivery);
	delivery_probe_reset(delivery);
	lag_settle(&delivery->lag);
	delivery->is_trim_due = false;
	memset(&delivery->session, 0, sizeof(delivery->session));
}

static size_t
count_late(const Standbys *standbys)
{
	size_t		late_count = 0;

	for (size_t i = 0; i < standbys->known_count; i++)
		late_count += standbys->known[i].is_late;
	return late_count;
}

void
delivery_tell(const Delivery *delivery, DeliveryStatus *status)
{
	memset(status, 0, sizeof(*status));
	if (delivery->session.phase == DELIVERY_DETACHED)
		return;
	status->is_attached = true;
	status->lag_rows = lag_row_count(&delivery->lag);
	status->oldest_at_us = lag_oldest_at_us(&delivery->lag);
	status->is_resyncing = delivery->session.resync != RESYNC_NONE;
	status->is_scanning = delivery->lanes.of[LANE_PASS].is_running;
	status->pass_begin_keys = delivery->pass_begin_keys;
	for (LaneKind lane = 0; lane < LANE_COUNT; lane++)
		status->waiting[lane] = name_sets_count(&delivery->lanes.of[lane].waiting) +
			name_sets_count(&delivery->lanes.of[lane].running);
	if (delivery->repeat.is_on)
		status->late_standbys = count_late(&delivery->repeat.standbys);
}

void
delivery_finish(Delivery *delivery)
{
	if (delivery->session.phase == DELIVERY_RUNNING)
		delivery->session.phase = DELIVERY_FINISHING;
	delivery_step_advance(delivery);
}
