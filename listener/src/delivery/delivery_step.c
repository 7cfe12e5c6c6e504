/*-------------------------------------------------------------------------
 *
 * delivery_step.c
 *	  The choice of what a delivery does next.
 *
 * The source does one operation at a time; Redis works on one batch's keys, and
 * on what the lanes have given it.
 *
 *-------------------------------------------------------------------------
 */
#include "delivery/delivery_step.h"

#include "base/fault_point.h"
#include "base/wall_clock.h"
#include "delivery/delivery_lanes.h"
#include "delivery/delivery_probe.h"
#include "delivery/delivery_repeat.h"
#include "delivery/delivery_sleep.h"

/* --- batches --- */

static void
log_batch(const Delivery *delivery, const DeliverySlot *slot)
{
	const KeyTally *keys = redis_target_keys(delivery->parts.redis);
	LogField	fields[NAME_KIND_COUNT + 6] = {LOG_TEXT("target", delivery->parts.config->alias)};
	LogField   *field = fields + 1;

	/* without rows it only moves a cursor */
	if (delivery->parts.log->level < LOG_LEVEL_DEBUG || slot->oldest_at_us == 0)
		return;
	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
		*field++ = LOG_NUMBER(name_traits[kind].log_name, (int64_t) slot->name_counts[kind]);
	*field++ = LOG_NUMBER("pattern_count", (int64_t) name_sets_count(&slot->batch.patterns));
	*field++ = LOG_NUMBER("keys_named", (int64_t) keys->named_count);
	*field++ = LOG_NUMBER("keys_deleted", (int64_t) keys->deleted_count);
	*field = LOG_NUMBER("lag_ms", (wall_clock_us() - slot->oldest_at_us) / 1000);
	log_write(delivery->parts.log, LOG_LEVEL_DEBUG,
			  slot->reader == READER_REPEAT ? "batch applied again" : "batch applied", fields);
}

/*
 * What is to be done again is acknowledged then.  The resync's own batch is no part of the
 * journal.
 */
static bool
move_progress(Delivery *delivery, const DeliverySlot *slot)
{
	if (slot->reader == READER_LANE)
		return delivery_lanes_end_fetch(delivery, slot);
	if (slot->reader == READER_RESYNC || (slot->reader == READER_FRONT && delivery->repeat.is_on))
		return true;
	if (!progress_apply(&delivery->progress, slot->cursor))
		return false;
	lag_apply(&delivery->lag, slot->row_count, delivery->progress.applied.order);
	return true;
}

/* What is done again was counted before. */
static void
count_batch(const Delivery *delivery, const DeliverySlot *slot)
{
	DeliveryCounters *counters = delivery->parts.counters;

	if (slot->reader != READER_FRONT || slot->row_count == 0)
		return;
	counters->batches++;
	counters->rows += slot->row_count;
	for (JournalAction action = 0; action < JOURNAL_ACTION_COUNT; action++)
		counters->invalidations[action] += slot->action_counts[action];
	commit_times_observe(&slot->times, wall_clock_us(), &counters->latency);
}

bool
delivery_step_finish_batch(Delivery *delivery, DeliverySlot *slot)
{
	bool		done;

	if (slot->reader == READER_FRONT || slot->reader == READER_REPEAT)
		log_batch(delivery, slot);
	count_batch(delivery, slot);
	done = delivery_lanes_take_patterns(delivery, slot) && move_progress(delivery, slot);
	delivery_slot_reset(slot);
	return done;
}

/* Gives the next batch to Redis and the lanes.  False if memory is exhausted. */
static bool
apply_next(Delivery *delivery)
{
	while (delivery->slots.applying == NULL && delivery->slots.fetched != NULL)
	{
		DeliverySlot *slot = delivery->slots.fetched;

		delivery->slots.fetched = NULL;
		for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
			slot->name_counts[kind] = slot->batch.names.of[kind].key_count;
		if (!delivery_lanes_take_names(delivery, slot))
			return false;
		if (slot->reader != READER_LANE && name_sets_count(&slot->batch.names) > 0)
		{
			delivery->slots.applying = slot;
			redis_target_apply(delivery->parts.redis, REDIS_LANE_QUICK, &slot->batch.names);
			FAULT_POINT("after_send");
		}
		else if (!delivery_step_finish_batch(delivery, slot))
			return false;
	}
	return true;
}

/* --- resync --- */

static bool
is_of_resync(const DeliverySlot *slot)
{
	return slot != NULL && delivery_slot_is_of_resync(slot);
}

/* Deletes were made of all that can be resynced: reports it, or once more for standbys. */
static void
settle_resync(Delivery *delivery)
{
	const DeliverySlots *slots = &delivery->slots;
	ResyncStep *step = &delivery->session.resync;

	if ((*step != RESYNC_DELETING && *step != RESYNC_REPEATING) ||
		is_of_resync(slots->fetched) || is_of_resync(slots->applying) ||
		is_of_resync(slots->filling) ||
		delivery_lanes_have_resync(delivery))
		return;
	*step = *step == RESYNC_DELETING && delivery->repeat.is_on ? RESYNC_AWAITING : RESYNC_TO_REPORT;
}

/* --- the source's next operation --- */

static bool
is_redis_ready(const Delivery *delivery)
{
	return redis_target_is_ready(delivery->parts.redis);
}

static void
start_fetch(Delivery *delivery, bool sleep)
{
	loop_timer_remove(delivery->parts.loop, &delivery->idle_timer);
	delivery->slots.filling = delivery_slots_find_free(&delivery->slots);
	delivery->session.is_asking_sleep = sleep;
	delivery->session.is_bell_armed |= sleep;
	delivery->session.is_rung_fetch = delivery->session.bell != BELL_SILENT;
	delivery->session.bell = BELL_SILENT;
	journal_source_fetch(delivery->parts.source, delivery->cursor,
						 DELIVERY_FETCH_MAX_BYTES, sleep);
}

static void
start_resync_list(Delivery *delivery)
{
	delivery->session.resync = RESYNC_LISTING;
	delivery->slots.filling = delivery_slots_find_free(&delivery->slots);
	delivery->slots.filling->reader = READER_RESYNC;
	journal_source_list_resync(delivery->parts.source);
}

/* Is there anything that ends without another fetch? */
static bool
has_work_in_hand(const Delivery *delivery)
{
	return delivery_slots_are_taken(&delivery->slots) ||
		!delivery_lanes_are_idle(delivery) || delivery->session.resync != RESYNC_NONE ||
		!progress_is_complete(&delivery->progress) || !delivery_repeat_is_complete(delivery);
}

static bool
has_room_for_fetch(Delivery *delivery)
{
	return delivery_slots_find_free(&delivery->slots) != NULL;
}

/* Not while it sleeps or lingers. */
static bool
can_fetch(const Delivery *delivery)
{
	return is_redis_ready(delivery) && !loop_timer_is_armed(&delivery->idle_timer);
}

/*
 * An empty answer while Redis still works is not asked for again before
 * Redis has finished; then the bell can be armed as well.
 */
static void
fetch_if_useful(Delivery *delivery)
{
	bool		sleep = delivery->session.was_empty && delivery->session.bell != BELL_RUNG &&
	delivery_sleep_may_arm_bell(delivery);

	if (!is_redis_ready(delivery))
	{
		/* writers must not ring for nobody */
		if (delivery->session.is_bell_armed)
			start_fetch(delivery, false);
		else if (delivery_probe_is_due(delivery))
			delivery_probe_start(delivery);
	}
	else if (!has_room_for_fetch(delivery) ||
			 loop_timer_is_armed(&delivery->idle_timer))
		return;
	else if (!sleep)
		start_fetch(delivery, false);
	else if (delivery->slots.applying == NULL)
	{
		if (!has_work_in_hand(delivery))
		{
			lag_settle(&delivery->lag);
			delivery->events->drained(delivery->context);
		}
		if (delivery->session.phase != DELIVERY_DETACHED && journal_source_is_idle(delivery->parts.source))
			start_fetch(delivery, true);
	}
}

/*
 * In turns while both have something to fetch, and whenever the other one sleeps
 * or lingers.
 */
static bool
repeat_goes_first(Delivery *delivery)
{
	return delivery_repeat_wants_fetch(delivery) && is_redis_ready(delivery) &&
		has_room_for_fetch(delivery) &&
		(delivery->repeat.is_its_turn || !can_fetch(delivery));
}

/* The same for what lanes have skipped. */
static bool
lanes_go_first(Delivery *delivery)
{
	return delivery_lanes_want_fetch(delivery) && is_redis_ready(delivery) &&
		has_room_for_fetch(delivery) &&
		(delivery->lanes.is_their_turn || !can_fetch(delivery));
}

static void
start_trim(Delivery *delivery)
{
	delivery->is_trim_due = false;
	journal_source_trim(delivery->parts.source);
}

/* The position is from before what this acknowledges, and after all else. */
static void
start_ack(Delivery *delivery)
{
	int64_t		position = delivery->session.position;

	FAULT_POINT("before_ack");
	loop_timer_remove(delivery->parts.loop, &delivery->ack_timer);
	ack_pace_begin_ack(&delivery->ack_pace, loop_now_ms(delivery->parts.loop));
	delivery->session.is_placed = !delivery->progress.is_ack_due;
	delivery->session.position = 0;
	progress_acknowledge(&delivery->progress);
	delivery->session.is_acking = true;
	delivery->session.acking_order = delivery->progress.clean.order;
	journal_source_ack(delivery->parts.source, delivery->progress.clean.cursor, position);
}

/* Is there something to acknowledge, and is it time?  Else a timer comes back. */
static bool
wants_ack(Delivery *delivery)
{
	Loop	   *loop = delivery->parts.loop;
	int64_t		wait_ms = 0;

	if (!delivery->progress.is_ack_due && delivery->session.position == 0)
		return false;
	if (delivery->session.phase != DELIVERY_FINISHING)
		wait_ms = ack_pace_wait_ms(&delivery->ack_pace, loop_now_ms(loop),
								   fetch_pace_linger_ms(&delivery->pace));
	if (wait_ms == 0)
		return true;
	/* without memory for a timer, rather too early */
	return !loop_timer_is_armed(&delivery->ack_timer) &&
		!loop_timer_set(loop, &delivery->ack_timer, wait_ms);
}

/* Does Redis work on a batch's names, or is one not acknowledged that can be? */
static bool
has_batch_in_hand(const Delivery *delivery)
{
	return delivery->slots.applying != NULL || delivery_lanes_are_stepping(delivery) ||
		delivery->progress.is_ack_due || delivery->session.is_acking;
}

static void
start_lanes_fetch(Delivery *delivery)
{
	if (!delivery_lanes_start_fetch(delivery))
		delivery->events->exhausted(delivery->context);
}

/* --- what goes first --- */

static bool
is_finishing(Delivery *delivery)
{
	return delivery->session.phase == DELIVERY_FINISHING;
}

static bool
has_finished(Delivery *delivery)
{
	return is_finishing(delivery) && !has_batch_in_hand(delivery);
}

static void
tell_finished(Delivery *delivery)
{
	delivery->events->finished(delivery->context);
}

static bool
is_source_busy(Delivery *delivery)
{
	return !journal_source_is_idle(delivery->parts.source);
}

static void
wait_for_event(Delivery *delivery)
{
	(void) delivery;
}

static bool
has_unlisted_batch(Delivery *delivery)
{
	return delivery->slots.filling != NULL;
}

static void
start_batch_list(Delivery *delivery)
{
	journal_source_list_resync(delivery->parts.source);
}

static bool
wants_resync_list(Delivery *delivery)
{
	return delivery->session.resync == RESYNC_TO_LIST && is_redis_ready(delivery);
}

static bool
wants_resync_report(Delivery *delivery)
{
	return delivery->session.resync == RESYNC_TO_REPORT;
}

static void
start_resync_report(Delivery *delivery)
{
	FAULT_POINT("after_resync");
	delivery->session.resync = RESYNC_REPORTING;
	journal_source_resynced(delivery->parts.source);
}

static bool
wants_trim(Delivery *delivery)
{
	return delivery->is_trim_due;
}

/* What the list of a resync is for is not added to before it is there. */
static bool
may_read_on(Delivery *delivery)
{
	return delivery->session.resync != RESYNC_TO_LIST;
}

typedef struct Choice
{
	bool		(*applies) (Delivery *delivery);
	void		(*start) (Delivery *delivery);
} Choice;

/* The first one that applies is started; the next choice is made when it is answered. */
static const Choice choices[] = {
	/* the end waits only for what Redis has in hand, and its acknowledgement */
	{has_finished, tell_finished},

	/* one operation at a time: its answer leads here again */
	{is_source_busy, wait_for_event},

	/* what is done need not be done again after a crash, and can be trimmed */
	{wants_ack, start_ack},

	/* nothing else is begun at the end: Redis' answer leads here again */
	{is_finishing, wait_for_event},

	/* a row asks for a resync: its batch is not whole before that is listed */
	{has_unlisted_batch, start_batch_list},

	/* a resync comes before new rows, whose keys it may have */
	{wants_resync_list, start_resync_list},
	{wants_resync_report, start_resync_report},

	/* rare and short, and others rely on it: who is late, what is replayed */
	{delivery_repeat_wants_report, delivery_repeat_start_report},
	{delivery_repeat_wants_question, delivery_repeat_start_question},

	/* rare and short, too */
	{wants_trim, start_trim},

	/*
	 * the readers behind go first in their turn, and while the front one
	 * sleeps
	 */
	{repeat_goes_first, delivery_repeat_start_fetch},
	{lanes_go_first, start_lanes_fetch},
	{may_read_on, fetch_if_useful},
};

static void
start_operation(Delivery *delivery)
{
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++)
		if (choices[i].applies(delivery))
		{
			choices[i].start(delivery);
			return;
		}
}

void
delivery_step_advance(Delivery *delivery)
{
	if (delivery->session.phase == DELIVERY_DETACHED)
		return;
	if (delivery->session.phase == DELIVERY_RUNNING &&
		(!apply_next(delivery) || !delivery_lanes_advance(delivery)))
	{
		delivery->events->exhausted(delivery->context);
		return;
	}
	settle_resync(delivery);
	start_operation(delivery);
}

void
delivery_step_end_event(Delivery *delivery, bool done)
{
	if (done)
		delivery_step_advance(delivery);
	else
		delivery->events->exhausted(delivery->context);
}
