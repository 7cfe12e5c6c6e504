/*-------------------------------------------------------------------------
 *
 * delivery_lanes.c
 *	  What a delivery does that takes long, so that keys need not wait for it.
 *
 *-------------------------------------------------------------------------
 */
#include "delivery/delivery_lanes.h"

#include <stdlib.h>
#include <string.h>

/* What may wait in a lane; a batch that finds more is skipped. */
#define WAITING_MAX_NAMES ((size_t) 10000)
#define WAITING_MAX_BYTES ((size_t) 1024 * 1024)

/* Below this part of it a lane fetches again. */
#define REFILL_PART 2

/* Keys in one portion, so that one reply does not make others wait long. */
#define PORTION_MAX_KEYS ((size_t) 1000)

static const char *const lane_names[LANE_COUNT] = {
	[LANE_STEPS] = "tags and cacheops rows",
	[LANE_STAGGERED] = "staggered keys",
	[LANE_PASS] = "patterns",
};

static DeliveryLane *
lane_of(Delivery *delivery, LaneKind kind)
{
	return &delivery->lanes.of[kind];
}

static int64_t
now_ms(const Delivery *delivery)
{
	return loop_now_ms(delivery->parts.loop);
}

/* --- lifetime --- */

void
delivery_lanes_init(Delivery *delivery, LoopTimerCallback go_on)
{
	DeliveryLanes *lanes = &delivery->lanes;

	for (LaneKind kind = 0; kind < LANE_COUNT; kind++)
	{
		name_sets_init(&lanes->of[kind].waiting, delivery->parts.seed);
		name_sets_init(&lanes->of[kind].running, delivery->parts.seed);
	}
	name_sets_init(&lanes->portion, delivery->parts.seed);
	loop_timer_init(&lanes->portion_timer, go_on, delivery);
}

static void
reset_lane(DeliveryLane *lane)
{
	name_sets_reset(&lane->waiting);
	name_sets_reset(&lane->running);
	lane->is_running = false;
	lane->has_resync_waiting = lane->has_resync_running = false;
	free(lane->cursor);
	lane->cursor = NULL;
}

void
delivery_lanes_reset(Delivery *delivery)
{
	DeliveryLanes *lanes = &delivery->lanes;

	for (LaneKind kind = 0; kind < LANE_COUNT; kind++)
		reset_lane(&lanes->of[kind]);
	name_sets_reset(&lanes->portion);
	memset(&lanes->pace, 0, sizeof(lanes->pace));
	loop_timer_remove(delivery->parts.loop, &lanes->portion_timer);
}

void
delivery_lanes_free(Delivery *delivery)
{
	for (LaneKind kind = 0; kind < LANE_COUNT; kind++)
	{
		name_sets_free(&delivery->lanes.of[kind].waiting);
		name_sets_free(&delivery->lanes.of[kind].running);
	}
	name_sets_free(&delivery->lanes.portion);
}

/* --- taking in --- */

static bool
has_room(const DeliveryLane *lane, size_t parts)
{
	return name_sets_count(&lane->waiting) < WAITING_MAX_NAMES / parts &&
		name_sets_bytes(&lane->waiting) < WAITING_MAX_BYTES / parts;
}

/* Will what the slot's batch has be acknowledged when it is done? */
static bool
is_acknowledged(const Delivery *delivery, const DeliverySlot *slot)
{
	return slot->reader != READER_RESYNC &&
		(slot->reader != READER_FRONT || !delivery->repeat.is_on);
}

static bool
skip(Delivery *delivery, LaneKind kind)
{
	if (!progress_has_skipped(&delivery->progress, kind))
		log_event(delivery->parts.log, LOG_LEVEL_DEBUG,
				  "too many names are waiting, the rest stays in the journal for now",
				  LOG_TEXT("target", delivery->parts.config->alias),
				  LOG_TEXT("names", lane_names[kind]));
	return progress_skip(&delivery->progress, kind);
}

/*
 * What is not acknowledged yet when it is done, since standbys have to replay it, is
 * done again later: where there is no room, that has to do.
 */
static bool
take(Delivery *delivery, LaneKind kind, const DeliverySlot *slot, const NameSets *sets,
	 unsigned int kinds)
{
	DeliveryLane *lane = lane_of(delivery, kind);
	bool		is_resync = delivery_slot_is_of_resync(slot);
	bool		is_skipping = is_acknowledged(delivery, slot) &&
	progress_has_skipped(&delivery->progress, kind);

	if (name_sets_count_kinds(sets, kinds) == 0 || (slot->reader == READER_LANE && slot->lane != kind))
		return true;
	if (slot->reader != READER_LANE && !is_resync && (is_skipping || !has_room(lane, 1)))
		return !is_acknowledged(delivery, slot) || skip(delivery, kind);
	lane->has_resync_waiting |= is_resync;
	return name_sets_merge(&lane->waiting, sets, kinds) &&
		(!is_acknowledged(delivery, slot) || progress_collect(&delivery->progress, kind));
}

/* What is done again has a time of its own, behind that of what is still going. */
static void
add_herd(Delivery *delivery, const DeliverySlot *slot)
{
	StaggerPace *pace = &delivery->lanes.pace;
	int64_t		within_ms = delivery->parts.config->stagger_ms;

	if (slot->reader == READER_REPEAT)
		within_ms += stagger_pace_left_ms(pace, now_ms(delivery));
	stagger_pace_add(pace, slot->batch.names.of[NAME_STAGGERED].key_count, within_ms, now_ms(delivery));
}

/*
 * All sets of a table of cacheops (batch_add_cacheops_table).  With the batch's keys goes what
 * rows find their sets by: the rows that are left are done when the pass is.  So that is never
 * skipped.
 */
static bool
take_tables(Delivery *delivery, const DeliverySlot *slot)
{
	DeliveryLane *pass = lane_of(delivery, LANE_PASS);
	const NameSets *patterns = &slot->batch.patterns;

	if (patterns->of[NAME_SET].key_count == 0 || slot->reader == READER_LANE)
		return true;
	pass->has_resync_waiting |= delivery_slot_is_of_resync(slot) ||
		lane_of(delivery, LANE_STEPS)->has_resync_waiting ||
		lane_of(delivery, LANE_STEPS)->has_resync_running;
	return name_sets_merge(&pass->waiting, patterns, NAME_KIND_BIT(NAME_SET)) &&
		(!is_acknowledged(delivery, slot) || progress_collect(&delivery->progress, LANE_PASS)) &&
		progress_hand_on(&delivery->progress, LANE_STEPS, LANE_PASS);
}

/* Of a batch's names; its patterns are all for LANE_PASS. */
static unsigned int
kinds_of(LaneKind lane)
{
	if (lane == LANE_PASS)
		return 0;
	return name_kinds_with(lane == LANE_STEPS ? NAME_TIMING_STEPS : NAME_TIMING_STAGGERED);
}

bool
delivery_lanes_take_names(Delivery *delivery, DeliverySlot *slot)
{
	NameSets   *names = &slot->batch.names;

	if (slot->reader != READER_LANE)
		add_herd(delivery, slot);
	for (LaneKind lane = 0; lane < LANE_COUNT; lane++)
	{
		unsigned int kinds = kinds_of(lane);

		if (!take(delivery, lane, slot, names, kinds))
			return false;
		name_sets_reset_kinds(names, kinds);
	}
	return take_tables(delivery, slot);
}

bool
delivery_lanes_take_patterns(Delivery *delivery, const DeliverySlot *slot)
{
	return take(delivery, LANE_PASS, slot, &slot->batch.patterns,
				NAME_KINDS_ALL & ~NAME_KIND_BIT(NAME_SET));
}

/*
 * A pattern without wildcards is a name, so that names come from patterns as well.  Which
 * keys were staggered cannot be told from the answer to another fetch: all are then.
 */
bool
delivery_lanes_want_action(const DeliverySlot *slot, const DeliveryAction *action)
{
	if (slot->reader != READER_LANE)
		return true;
	if (slot->lane == LANE_STAGGERED)
		return action->form == DELIVERY_FORM_NAME && action->kind == NAME_KEY;
	return action->form != DELIVERY_FORM_NAME || name_traits[action->kind].timing == NAME_TIMING_STEPS;
}

/* --- runs --- */

static void
begin_run(Delivery *delivery, LaneKind kind)
{
	DeliveryLane *lane = lane_of(delivery, kind);

	lane->is_running = true;
	lane->has_resync_running = lane->has_resync_waiting;
	lane->has_resync_waiting = false;
	progress_begin_run(&delivery->progress, kind);
}

static bool
end_run(Delivery *delivery, LaneKind kind)
{
	DeliveryLane *lane = lane_of(delivery, kind);

	name_sets_reset(&lane->running);
	lane->is_running = false;
	lane->has_resync_running = false;
	return progress_end_run(&delivery->progress, kind);
}

/* Moves all that waits to what is worked on; false if there is none, or some already. */
static bool
begin_names(Delivery *delivery, LaneKind kind)
{
	DeliveryLane *lane = lane_of(delivery, kind);
	NameSets	names = lane->waiting;

	if (lane->is_running || name_sets_count(&lane->waiting) == 0)
		return false;
	lane->waiting = lane->running;
	lane->running = names;
	begin_run(delivery, kind);
	return true;
}

static bool
begin_pass(Delivery *delivery)
{
	DeliveryLane *lane = lane_of(delivery, LANE_PASS);

	if (lane->is_running || name_sets_count(&lane->waiting) == 0)
		return true;
	log_event(delivery->parts.log, LOG_LEVEL_DEBUG, "scan pass begins",
			  LOG_TEXT("target", delivery->parts.config->alias),
			  LOG_NUMBER("pattern_count", (int64_t) name_sets_count(&lane->waiting)));
	delivery->pass_begin_keys = delivery->parts.redis_counters->scanned_keys;
	if (!redis_target_scan(delivery->parts.redis, &lane->waiting))
		return false;
	name_sets_reset(&lane->waiting);
	begin_run(delivery, LANE_PASS);
	delivery->parts.counters->passes++;
	delivery->lanes.pass_begin_ms = now_ms(delivery);
	return true;
}

bool
delivery_lanes_take_steps_done(Delivery *delivery)
{
	return end_run(delivery, LANE_STEPS);
}

bool
delivery_lanes_take_pass_done(Delivery *delivery)
{
	log_event(delivery->parts.log, LOG_LEVEL_DEBUG, "scan pass complete",
			  LOG_TEXT("target", delivery->parts.config->alias),
			  LOG_NUMBER("duration_ms", now_ms(delivery) - delivery->lanes.pass_begin_ms));
	delivery->parts.counters->passes_complete++;
	return end_run(delivery, LANE_PASS);
}

/* A pass that begins from now on will do; the lane has room for it whatever waits. */
bool
delivery_lanes_take_needed_scan(Delivery *delivery, const char *pattern, size_t pattern_bytes)
{
	DeliveryLane *pass = lane_of(delivery, LANE_PASS);

	if (!delivery_lanes_are_stepping(delivery))
		return true;
	pass->has_resync_waiting |= lane_of(delivery, LANE_STEPS)->has_resync_running;
	return keyset_add(&pass->waiting.of[NAME_SET], NULL, 0, pattern, pattern_bytes) &&
		progress_hand_on(&delivery->progress, LANE_STEPS, LANE_PASS);
}

/* --- staggered keys --- */

static bool
has_portion(const Delivery *delivery)
{
	return delivery->lanes.portion.of[NAME_STAGGERED].key_count > 0;
}

/* How many may go now; where none are known to be left, what is left is of no herd. */
static size_t
portion_size(Delivery *delivery)
{
	StaggerPace *pace = &delivery->lanes.pace;
	size_t		due;

	if (pace->herd_count == 0)
		return PORTION_MAX_KEYS;
	due = stagger_pace_due(pace, now_ms(delivery));
	return due < PORTION_MAX_KEYS ? due : PORTION_MAX_KEYS;
}

static bool
fill_portion(Delivery *delivery, size_t key_count)
{
	const KeySet *running = &lane_of(delivery, LANE_STAGGERED)->running.of[NAME_STAGGERED];
	KeySet	   *portion = &delivery->lanes.portion.of[NAME_STAGGERED];
	const char *key;
	size_t		key_bytes;

	while (portion->key_count < key_count &&
		   keyset_next(running, &delivery->lanes.portion_position, &key, &key_bytes))
		if (!keyset_add(portion, NULL, 0, key, key_bytes))
			return false;
	return true;
}

/* Nothing is left to go: what was counted and did not come does not hurry others. */
static void
end_herds(Delivery *delivery)
{
	if (name_sets_count(&lane_of(delivery, LANE_STAGGERED)->waiting) == 0 &&
		!progress_has_skipped(&delivery->progress, LANE_STAGGERED))
		memset(&delivery->lanes.pace, 0, sizeof(delivery->lanes.pace));
}

static bool
begin_portion(Delivery *delivery)
{
	DeliveryLanes *lanes = &delivery->lanes;
	size_t		key_count;

	if (begin_names(delivery, LANE_STAGGERED))
		lanes->portion_position = 0;
	if (!lane_of(delivery, LANE_STAGGERED)->is_running || has_portion(delivery))
		return true;
	loop_timer_remove(delivery->parts.loop, &lanes->portion_timer);
	key_count = portion_size(delivery);
	if (key_count == 0)
		return loop_timer_set(delivery->parts.loop, &lanes->portion_timer,
							  stagger_pace_wait_ms(&lanes->pace, now_ms(delivery)));
	if (!fill_portion(delivery, key_count))
		return false;
	redis_target_apply(delivery->parts.redis, REDIS_LANE_STAGGERED, &lanes->portion);
	return true;
}

bool
delivery_lanes_take_portion_done(Delivery *delivery)
{
	DeliveryLanes *lanes = &delivery->lanes;
	const DeliveryLane *lane = lane_of(delivery, LANE_STAGGERED);

	stagger_pace_take(&lanes->pace, lanes->portion.of[NAME_STAGGERED].key_count);
	name_sets_reset(&lanes->portion);
	if (lanes->portion_position < lane->running.of[NAME_STAGGERED].byte_count)
		return true;
	end_herds(delivery);
	return end_run(delivery, LANE_STAGGERED);
}

bool
delivery_lanes_advance(Delivery *delivery)
{
	if (begin_names(delivery, LANE_STEPS))
		redis_target_apply(delivery->parts.redis, REDIS_LANE_STEPS,
						   &lane_of(delivery, LANE_STEPS)->running);
	return begin_portion(delivery) && begin_pass(delivery);
}

/* --- fetching again --- */

static bool
wants_fetch(const Delivery *delivery, LaneKind kind)
{
	return progress_wants_round(&delivery->progress, kind) &&
		has_room(&delivery->lanes.of[kind], REFILL_PART);
}

bool
delivery_lanes_want_fetch(const Delivery *delivery)
{
	for (LaneKind kind = 0; kind < LANE_COUNT; kind++)
		if (wants_fetch(delivery, kind))
			return true;
	return false;
}

bool
delivery_lanes_start_fetch(Delivery *delivery)
{
	Progress   *progress = &delivery->progress;
	DeliverySlot *slot = delivery_slots_find_free(&delivery->slots);
	LaneKind	kind = delivery->lanes.fetched_last;
	DeliveryLane *lane;

	do
		kind = (kind + 1) % LANE_COUNT;
	while (!wants_fetch(delivery, kind));
	delivery->lanes.fetched_last = kind;
	lane = lane_of(delivery, kind);
	if (!progress_is_in_round(progress, kind) && !progress_begin_round(progress, kind))
		return false;
	if (lane->cursor == NULL)
		lane->cursor = strdup(progress_round_begin(progress, kind));
	if (lane->cursor == NULL)
		return false;
	slot->reader = READER_LANE;
	slot->lane = kind;
	delivery->slots.filling = slot;
	delivery->lanes.is_their_turn = false;
	journal_source_fetch_until(delivery->parts.source, lane->cursor,
							   DELIVERY_FETCH_MAX_BYTES, progress_round_end(progress, kind));
	return true;
}

bool
delivery_lanes_take_fetch(Delivery *delivery, const JournalFetch *fetch)
{
	DeliverySlot *slot = delivery->slots.filling;
	DeliveryLane *lane = lane_of(delivery, slot->lane);

	if (strcmp(fetch->cursor, progress_round_end(&delivery->progress, slot->lane)) == 0)
		slot->round = ROUND_REACHES_END;
	else if (fetch->row_count == 0)
		slot->round = ROUND_ENDS_SHORT;
	slot->cursor = strdup(fetch->cursor);
	free(lane->cursor);
	lane->cursor = slot->round == ROUND_REACHES_END ? NULL : strdup(fetch->cursor);
	if (!slot->wants_list)
	{
		delivery->slots.filling = NULL;
		delivery->slots.fetched = slot;
	}
	return slot->cursor != NULL && (slot->round == ROUND_REACHES_END || lane->cursor != NULL);
}

bool
delivery_lanes_end_fetch(Delivery *delivery, const DeliverySlot *slot)
{
	return slot->round == ROUND_GOES_ON ||
		progress_end_round(&delivery->progress, slot->lane, slot->round == ROUND_REACHES_END);
}

/* --- questions --- */

bool
delivery_lanes_have_resync(const Delivery *delivery)
{
	for (LaneKind kind = 0; kind < LANE_COUNT; kind++)
		if (delivery->lanes.of[kind].has_resync_waiting || delivery->lanes.of[kind].has_resync_running)
			return true;
	return false;
}

bool
delivery_lanes_are_idle(const Delivery *delivery)
{
	for (LaneKind kind = 0; kind < LANE_COUNT; kind++)
		if (delivery->lanes.of[kind].is_running ||
			name_sets_count(&delivery->lanes.of[kind].waiting) > 0)
			return false;
	return true;
}

bool
delivery_lanes_are_stepping(const Delivery *delivery)
{
	return delivery->lanes.of[LANE_STEPS].is_running;
}
