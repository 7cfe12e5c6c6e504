/*-------------------------------------------------------------------------
 *
 * delivery.c
 *	  What a target does while it is attached: fetch, apply, acknowledge,
 *	  resync, trim.
 *
 * This file takes events in; what follows from them is in delivery_step.c.
 *
 *-------------------------------------------------------------------------
 */
#include "delivery/delivery.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault_point.h"
#include "delivery/delivery_sleep.h"
#include "delivery/delivery_step.h"

/* A fetch with so many bytes of keys was probably not the last one. */
#define FETCH_FULL_BYTES (DELIVERY_FETCH_MAX_BYTES / 2)

/* Patterns of sets that rows do not tell, beyond which none is logged. */
#define UNKNOWN_MAX_PATTERNS ((size_t) 100)

static void
log_resync(const Delivery *delivery, const char *message)
{
	log_event(delivery->parts.log, LOG_LEVEL_INFO, message,
			  LOG_TEXT("target", delivery->parts.config->alias),
			  LOG_NUMBER("key_count", (int64_t) delivery->session.resync_key_count),
			  LOG_NUMBER("duration_ms", loop_now_ms(delivery->parts.loop) -
						 delivery->session.resync_begin_ms));
}

/* --- events --- */

/* "done" is false if memory is exhausted. */
static void
end_event(Delivery *delivery, bool done)
{
	if (done)
		delivery_step_advance(delivery);
	else
		delivery->events->exhausted(delivery->context);
}

/* Keys that go together are staggered where that is asked for. */
static NameKind
choose_key_kind(const Delivery *delivery, const DeliverySlot *slot, size_t sibling_count)
{
	const TargetConfig *config = delivery->parts.config;

	if (slot->is_refetch)
		return NAME_STAGGERED;
	return config->stagger_ms > 0 && sibling_count >= (size_t) config->stagger_from ?
		NAME_STAGGERED : NAME_KEY;
}

bool
delivery_take_invalidation(Delivery *delivery, JournalAction action, size_t sibling_count,
						   const char *key, size_t key_bytes)
{
	DeliverySlot *slot = delivery->slots.filling;

	if (!delivery_lanes_want_action(slot, action))
		return true;
	switch (action)
	{
		case JOURNAL_ACTION_KEYS:
			return batch_add_name(&slot->batch, choose_key_kind(delivery, slot, sibling_count),
								  key, key_bytes);
		case JOURNAL_ACTION_PATTERNS:
			return batch_add_pattern(&slot->batch, NAME_KEY, key, key_bytes);
		case JOURNAL_ACTION_TAGS:
			return batch_add_name(&slot->batch, NAME_TAG, key, key_bytes);
		case JOURNAL_ACTION_TAG_PATTERNS:
			return batch_add_pattern(&slot->batch, NAME_TAG, key, key_bytes);
		case JOURNAL_ACTION_VERSIONS:
			return batch_add_name(&slot->batch, NAME_VERSION, key, key_bytes);
		case JOURNAL_ACTION_VERSION_PATTERNS:
			return batch_add_pattern(&slot->batch, NAME_VERSION, key, key_bytes);
		case JOURNAL_ACTION_CACHEOPS:
			return batch_add_name(&slot->batch, NAME_ROW, key, key_bytes);
		case JOURNAL_ACTION_CACHEOPS_TABLES:
			return batch_add_cacheops_table(&slot->batch, key, key_bytes);
		case JOURNAL_ACTION_RESYNC:
			slot->wants_list = true;
			break;
	}
	return true;
}

/*
 * An empty answer moves the cursor, too, which is acknowledged when a trim is due; sooner where
 * a lane waits for the end of a transaction that the last batch ended in.
 */
static bool
move_on(Delivery *delivery)
{
	if (delivery->repeat.is_on || delivery_slots_are_taken(&delivery->slots) ||
		!progress_has_tried(&delivery->progress))
		return true;
	return progress_apply(&delivery->progress, delivery->cursor);
}

/* After an answer that has all there is: let more rows come before the next. */
static bool
linger(Delivery *delivery)
{
	int64_t		linger_ms = fetch_pace_linger_ms(&delivery->pace);

	return linger_ms == 0 ||
		loop_timer_set(delivery->parts.loop, &delivery->idle_timer, linger_ms);
}

void
delivery_take_fetch(Delivery *delivery, const JournalFetch *fetch)
{
	DeliverySlot *slot = delivery->slots.filling;
	bool		is_full;
	bool		done = true;

	if (slot->is_repeat)
	{
		delivery->lanes.is_their_turn = true;
		end_event(delivery, delivery_repeat_take_fetch(delivery, fetch));
		return;
	}
	if (slot->is_refetch)
	{
		end_event(delivery, delivery_lanes_take_fetch(delivery, fetch));
		return;
	}
	FAULT_POINT(fetch->row_count > 0 ? "after_fetch" : "after_empty_fetch");
	delivery->slots.filling = NULL;
	delivery->repeat.is_its_turn = true;
	delivery->lanes.is_their_turn = true;
	delivery->session.was_empty = fetch->row_count == 0;
	delivery->session.is_bell_armed = delivery->session.was_empty && delivery->session.is_asking_sleep;
	delivery_sleep_judge_bell(delivery, fetch->row_count);
	is_full = fetch->key_bytes >= FETCH_FULL_BYTES;
	fetch_pace_take_fetch(&delivery->pace, loop_now_ms(delivery->parts.loop), fetch->row_count);
	ack_pace_take_fetch(&delivery->ack_pace, loop_now_ms(delivery->parts.loop), fetch->row_count);
	trim_schedule_take_fetch(&delivery->trim, (int64_t) fetch->row_count, is_full,
							 fetch->row_count > 0 && fetch_pace_linger_ms(&delivery->pace) > 0);

	free(delivery->cursor);
	delivery->cursor = strdup(fetch->cursor);
	if (delivery->cursor == NULL)
		done = false;
	else if (!delivery->session.was_empty)
	{
		delivery->session.idle_ms = DELIVERY_SLEEP_FIRST_MS;
		delivery_repeat_want_mark(delivery);
		slot->oldest_at_us = fetch->oldest_at_us;
		slot->cursor = strdup(fetch->cursor);
		done = slot->cursor != NULL && (is_full || linger(delivery));
		if (slot->wants_list)
			delivery->slots.filling = slot;
		else
			delivery->slots.fetched = slot;
	}
	else
		done = move_on(delivery) && delivery_sleep_begin(delivery);
	end_event(delivery, done);
}

void
delivery_take_ack(Delivery *delivery)
{
	FAULT_POINT("after_ack");
	delivery->session.is_acking = false;
	ack_pace_end_ack(&delivery->ack_pace, loop_now_ms(delivery->parts.loop));
	delivery_step_advance(delivery);
}

void
delivery_take_resync_list(Delivery *delivery)
{
	DeliverySlot *slot = delivery->slots.filling;
	size_t		key_count = name_sets_count(&slot->batch.names) +
	name_sets_count(&slot->batch.patterns);

	FAULT_POINT("during_resync");
	if (slot->cursor == NULL)
	{
		delivery->session.resync_key_count = key_count;
		delivery->session.resync = RESYNC_DELETING;
	}
	else
		log_event(delivery->parts.log, LOG_LEVEL_INFO, slot->ends_resync ?
				  "standbys have replayed what was before the resync, making it again" :
				  "the journal asks for a resync, which goes into its batch",
				  LOG_TEXT("target", delivery->parts.config->alias),
				  LOG_NUMBER("key_count", (int64_t) key_count));
	delivery->slots.fetched = slot;
	delivery->slots.filling = NULL;
	delivery_step_advance(delivery);
}

void
delivery_take_resynced(Delivery *delivery)
{
	delivery->session.resync = RESYNC_NONE;
	log_resync(delivery, "resync complete");
	delivery_step_advance(delivery);
}

void
delivery_take_trim(Delivery *delivery, int64_t row_count)
{
	trim_schedule_take_trim(&delivery->trim, row_count);
	delivery_step_advance(delivery);
}

/* Once for each pattern: it comes again with every row of the table. */
static void
log_unknown_sets(Delivery *delivery, const char *pattern, size_t pattern_bytes)
{
	size_t		known_count = delivery->unknown.key_count;

	if (known_count >= UNKNOWN_MAX_PATTERNS ||
		!keyset_add(&delivery->unknown, NULL, 0, pattern, pattern_bytes) ||
		delivery->unknown.key_count == known_count)
		return;
	log_event(delivery->parts.log, LOG_LEVEL_WARNING,
			  "rows do not tell which sets of cacheops they are in, scanning for all",
			  LOG_TEXT("target", delivery->parts.config->alias),
			  LOG_BYTES("pattern", pattern, pattern_bytes),
			  LOG_TEXT("advice", "name the field in the table's rule: field=column"));
}

void
delivery_take_needed_scan(Delivery *delivery, const char *pattern, size_t pattern_bytes)
{
	log_unknown_sets(delivery, pattern, pattern_bytes);
	if (!delivery_lanes_take_needed_scan(delivery, pattern, pattern_bytes))
		delivery->events->exhausted(delivery->context);
}

static bool
finish_quick_lane(Delivery *delivery)
{
	DeliverySlot *slot = delivery->slots.applying;

	delivery->slots.applying = NULL;
	return delivery_step_finish_batch(delivery, slot);
}

void
delivery_take_apply_done(Delivery *delivery, RedisLane lane)
{
	switch (lane)
	{
		case REDIS_LANE_QUICK:
			end_event(delivery, finish_quick_lane(delivery));
			break;
		case REDIS_LANE_STEPS:
			end_event(delivery, delivery_lanes_take_steps_done(delivery));
			break;
		case REDIS_LANE_STAGGERED:
			end_event(delivery, delivery_lanes_take_portion_done(delivery));
			break;
		case REDIS_LANE_COUNT:
			break;
	}
}

void
delivery_take_scan_done(Delivery *delivery)
{
	end_event(delivery, delivery_lanes_take_pass_done(delivery));
}

/*
 * Whatever was acknowledged so far had been applied before: by this session,
 * or before it began by another one.
 */
void
delivery_take_position(Delivery *delivery, int64_t repl_offset)
{
	if (!delivery->session.is_running || delivery->session.is_placed ||
		delivery->session.resync != RESYNC_NONE)
		return;
	delivery->session.position = repl_offset;
	delivery_step_advance(delivery);
}

void
delivery_take_target_change(Delivery *delivery)
{
	loop_timer_remove(delivery->parts.loop, &delivery->idle_timer);
	delivery->session.idle_ms = DELIVERY_SLEEP_FIRST_MS;
	delivery_step_advance(delivery);
}

static void
wait_is_over(void *context)
{
	delivery_step_advance(context);
}

static bool
set_trim_timer(Delivery *delivery)
{
	return loop_timer_set(delivery->parts.loop, &delivery->trim_timer,
						  trim_schedule_interval_ms(delivery->parts.seed));
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

	trim_schedule_take_interval(&delivery->trim);
	if (!delivery->repeat.is_on && done && !delivery_slots_are_taken(&delivery->slots))
		done = progress_apply(&delivery->progress, delivery->cursor);
	if (delivery->repeat.is_on)
		delivery_repeat_want_mark(delivery);
	if (delivery->repeat.is_on || !delivery_lanes_are_idle(delivery))
		delivery->progress.is_ack_due = true;
	end_event(delivery, done);
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
	delivery_lanes_init(delivery);
	keyset_init(&delivery->unknown, parts->seed);
	loop_timer_init(&delivery->idle_timer, wait_is_over, delivery);
	loop_timer_init(&delivery->ack_timer, wait_is_over, delivery);
	loop_timer_init(&delivery->trim_timer, trim_is_due, delivery);
	if (!delivery_repeat_init(delivery) ||
		!delivery_slots_init(&delivery->slots, config->prefix, config->prefix_bytes,
							 parts->seed))
	{
		delivery_destroy(delivery);
		return NULL;
	}
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
	delivery->session.is_running = true;
	delivery->session.idle_ms = DELIVERY_SLEEP_FIRST_MS;
	redis_target_restart_history(delivery->parts.target);
	redis_target_allow_sweep(delivery->parts.target, true);
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
	redis_target_abandon(delivery->parts.target);
	redis_target_allow_sweep(delivery->parts.target, false);
	loop_timer_remove(delivery->parts.loop, &delivery->idle_timer);
	loop_timer_remove(delivery->parts.loop, &delivery->ack_timer);
	loop_timer_remove(delivery->parts.loop, &delivery->trim_timer);
	delivery_repeat_end_session(delivery);
	delivery_slots_reset(&delivery->slots);
	delivery_lanes_reset(delivery);
	trim_schedule_init(&delivery->trim);
	memset(&delivery->session, 0, sizeof(delivery->session));
}

bool
delivery_is_resyncing(const Delivery *delivery)
{
	return delivery->session.resync != RESYNC_NONE;
}

void
delivery_finish(Delivery *delivery)
{
	delivery->session.is_finishing = true;
	delivery_step_advance(delivery);
}
