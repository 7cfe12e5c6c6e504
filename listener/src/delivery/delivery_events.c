/*-------------------------------------------------------------------------
 *
 * delivery_events.c
 *	  What the journal and Redis tell a delivery, and what that changes.
 *
 * What follows from it is delivery_step.c's choice.
 *
 *-------------------------------------------------------------------------
 */
#include "delivery/delivery_events.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault_point.h"
#include "base/wall_clock.h"
#include "delivery/delivery_lanes.h"
#include "delivery/delivery_probe.h"
#include "delivery/delivery_repeat.h"
#include "delivery/delivery_sleep.h"
#include "delivery/delivery_step.h"

/* A fetch with so many bytes of keys was probably not the last one. */
#define FETCH_FULL_BYTES (DELIVERY_FETCH_MAX_BYTES / 2)

/* Patterns of sets that rows do not tell, beyond which none is logged. */
#define UNKNOWN_MAX_PATTERNS ((size_t) 100)

/* --- events of the journal --- */

/* Keys that go together are staggered where that is asked for. */
static NameKind
choose_key_kind(const Delivery *delivery, const DeliverySlot *slot, size_t sibling_count)
{
	const TargetConfig *config = delivery->parts.config;

	if (slot->reader == READER_LANE)
		return NAME_STAGGERED;
	return config->stagger_ms > 0 && sibling_count >= (size_t) config->stagger_from ?
		NAME_STAGGERED : NAME_KEY;
}

/* Only keys and counters of a batch are done when it is finished. */
static void
take_row(void *context, JournalAction action, size_t sibling_count, int64_t at_us)
{
	Delivery   *delivery = context;
	DeliverySlot *slot = delivery->slots.filling;
	const DeliveryAction *adds = delivery_action(action);
	NameKind	kind = adds->kind;

	if (delivery->probe.is_asked || slot->reader != READER_FRONT || adds->form != DELIVERY_FORM_NAME)
		return;
	if (kind == NAME_KEY)
		kind = choose_key_kind(delivery, slot, sibling_count);
	if (name_traits[kind].timing != NAME_TIMING_QUICK)
		return;
	if (slot->times.time_count == 0)
		slot->fetched_at_us = wall_clock_us();
	commit_times_add(&slot->times, at_us, slot->fetched_at_us);
}

static bool
take_invalidation(void *context, JournalAction action, size_t sibling_count,
				  const char *key, size_t key_bytes)
{
	Delivery   *delivery = context;
	DeliverySlot *slot = delivery->slots.filling;
	const DeliveryAction *adds = delivery_action(action);

	if (delivery->probe.is_asked || !delivery_lanes_want_action(slot, adds))
		return true;
	if (sibling_count > 0)
		slot->action_counts[action]++;
	switch (adds->form)
	{
		case DELIVERY_FORM_NAME:
			return batch_add_name(&slot->batch, adds->kind == NAME_KEY ?
								  choose_key_kind(delivery, slot, sibling_count) : adds->kind,
								  key, key_bytes);
		case DELIVERY_FORM_PATTERN:
			return batch_add_pattern(&slot->batch, adds->kind, key, key_bytes);
		case DELIVERY_FORM_CACHEOPS_TABLE:
			return batch_add_cacheops_table(&slot->batch, key, key_bytes);
		case DELIVERY_FORM_RESYNC:
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

/* What the front reader has found, for all that goes by how much there is. */
static void
judge_fetch(Delivery *delivery, const JournalFetch *fetch)
{
	int64_t		now_ms = loop_now_ms(delivery->parts.loop);

	delivery->session.was_empty = fetch->row_count == 0;
	delivery->session.is_bell_armed = delivery->session.was_empty && delivery->session.is_asking_sleep;
	delivery_sleep_judge_bell(delivery, fetch->row_count);
	fetch_pace_take_fetch(&delivery->pace, now_ms, fetch->row_count);
	ack_pace_take_fetch(&delivery->ack_pace, now_ms, fetch->row_count);
}

/* The batch is whole, but for what a row of it may ask for. */
static bool
take_batch(Delivery *delivery, DeliverySlot *slot, const JournalFetch *fetch, bool is_full)
{
	delivery->session.idle_ms = DELIVERY_SLEEP_FIRST_MS;
	delivery_repeat_want_mark(delivery);
	slot->oldest_at_us = fetch->oldest_at_us;
	slot->row_count = fetch->row_count;
	slot->cursor = strdup(fetch->cursor);
	if (slot->wants_list)
		delivery->slots.filling = slot;
	else
		delivery->slots.fetched = slot;
	return slot->cursor != NULL && (is_full || linger(delivery));
}

/* The front reader's answer.  False if memory is exhausted. */
static bool
read_on(Delivery *delivery, DeliverySlot *slot, const JournalFetch *fetch)
{
	bool		is_full = fetch->key_bytes >= FETCH_FULL_BYTES;

	FAULT_POINT(fetch->row_count > 0 ? "after_fetch" : "after_empty_fetch");
	delivery->slots.filling = NULL;
	delivery->repeat.is_its_turn = true;
	delivery->lanes.is_their_turn = true;
	judge_fetch(delivery, fetch);
	delivery_probe_end(delivery);
	lag_fetch(&delivery->lag, fetch->row_count, fetch->oldest_at_us);
	free(delivery->cursor);
	delivery->cursor = strdup(fetch->cursor);
	if (delivery->cursor == NULL)
		return false;
	if (fetch->row_count > 0)
		return take_batch(delivery, slot, fetch, is_full);
	return move_on(delivery) && delivery_sleep_begin(delivery);
}

static void
take_fetch(void *context, const JournalFetch *fetch)
{
	Delivery   *delivery = context;
	DeliverySlot *slot = delivery->slots.filling;

	delivery->events->answered(delivery->context, false);
	if (delivery->probe.is_asked)
	{
		delivery_step_end_event(delivery, delivery_probe_take(delivery, fetch));
		return;
	}
	switch (slot->reader)
	{
		case READER_FRONT:
			delivery_step_end_event(delivery, read_on(delivery, slot, fetch));
			break;
		case READER_REPEAT:
			delivery->lanes.is_their_turn = true;
			delivery_step_end_event(delivery, delivery_repeat_take_fetch(delivery, fetch));
			break;
		case READER_LANE:
			delivery_step_end_event(delivery, delivery_lanes_take_fetch(delivery, fetch));
			break;
		case READER_RESYNC:
			break;
	}
}

static void
take_ack(void *context)
{
	Delivery   *delivery = context;

	delivery->events->answered(delivery->context, true);
	FAULT_POINT("after_ack");
	delivery->session.is_acking = false;
	delivery->parts.counters->acks++;
	lag_acknowledge(&delivery->lag, delivery->session.acking_order);
	ack_pace_end_ack(&delivery->ack_pace, loop_now_ms(delivery->parts.loop));
	delivery_step_advance(delivery);
}

static void
take_resync_list(void *context)
{
	Delivery   *delivery = context;
	DeliverySlot *slot = delivery->slots.filling;
	size_t		key_count = name_sets_count(&slot->batch.names) +
	name_sets_count(&slot->batch.patterns);

	FAULT_POINT("during_resync");
	if (slot->reader == READER_RESYNC)
	{
		delivery->session.resync_key_count = key_count;
		delivery->session.resync = RESYNC_DELETING;
	}
	else
	{
		if (slot->reader == READER_FRONT)
			delivery->parts.counters->resyncs[RESYNC_REASON_JOURNAL]++;
		log_event(delivery->parts.log, LOG_LEVEL_INFO, slot->ends_resync ?
				  "standbys have replayed what preceded the resync, repeating it" :
				  "the journal asks for a resync, which becomes part of its batch",
				  LOG_TEXT("target", delivery->parts.config->alias),
				  LOG_NUMBER("key_count", (int64_t) key_count));
	}
	delivery->slots.fetched = slot;
	delivery->slots.filling = NULL;
	delivery_step_advance(delivery);
}

static void
log_resync(const Delivery *delivery)
{
	log_event(delivery->parts.log, LOG_LEVEL_INFO, "resync complete",
			  LOG_TEXT("target", delivery->parts.config->alias),
			  LOG_NUMBER("key_count", (int64_t) delivery->session.resync_key_count),
			  LOG_NUMBER("duration_ms", loop_now_ms(delivery->parts.loop) -
						 delivery->session.resync_begin_ms));
}

static void
take_resynced(void *context)
{
	Delivery   *delivery = context;

	delivery->session.resync = RESYNC_NONE;
	delivery->parts.counters->resyncs_complete++;
	log_resync(delivery);
	delivery_step_advance(delivery);
}

static void
take_trim(void *context)
{
	((Delivery *) context)->parts.counters->trims++;
	delivery_step_advance(context);
}

static bool
take_standby(void *context, const char *name, uint64_t replayed)
{
	return delivery_repeat_take_standby(context, name, replayed);
}

static void
take_standbys(void *context, uint64_t position)
{
	delivery_step_end_event(context, delivery_repeat_take_answer(context, position));
}

static void
take_late_reported(void *context)
{
	delivery_step_advance(context);
}

static void
take_bell(void *context)
{
	if (delivery_sleep_take_bell(context))
		delivery_step_advance(context);
}

static const JournalWorkEvents journal_events = {
	.row = take_row,
	.invalidation = take_invalidation,
	.fetched = take_fetch,
	.acked = take_ack,
	.resync_listed = take_resync_list,
	.resynced = take_resynced,
	.trimmed = take_trim,
	.standby = take_standby,
	.standbys_told = take_standbys,
	.late_reported = take_late_reported,
	.rung = take_bell,
};

/* --- events of Redis --- */

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
			  "rows do not show which cacheops sets they are in, scanning for all",
			  LOG_TEXT("target", delivery->parts.config->alias),
			  LOG_BYTES("pattern", pattern, pattern_bytes),
			  LOG_TEXT("advice", "name the field in the table's rule: field=column"));
}

/* Rows are all in one lane. */
static void
take_needed_scan(void *context, RedisLane lane, const char *pattern, size_t pattern_bytes)
{
	Delivery   *delivery = context;

	(void) lane;
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

static void
take_apply_done(void *context, RedisLane lane)
{
	Delivery   *delivery = context;

	switch (lane)
	{
		case REDIS_LANE_QUICK:
			delivery_step_end_event(delivery, finish_quick_lane(delivery));
			break;
		case REDIS_LANE_STEPS:
			delivery_step_end_event(delivery, delivery_lanes_take_steps_done(delivery));
			break;
		case REDIS_LANE_STAGGERED:
			delivery_step_end_event(delivery, delivery_lanes_take_portion_done(delivery));
			break;
		case REDIS_LANE_COUNT:
			break;
	}
}

static void
take_scan_done(void *context)
{
	delivery_step_end_event(context, delivery_lanes_take_pass_done(context));
}

static const RedisWorkEvents redis_events = {
	.needs_scan = take_needed_scan,
	.apply_done = take_apply_done,
	.scan_done = take_scan_done,
};

void
delivery_events_register(Delivery *delivery)
{
	journal_source_set_worker(delivery->parts.source, &journal_events, delivery);
	redis_target_set_worker(delivery->parts.redis, &redis_events, delivery);
}
