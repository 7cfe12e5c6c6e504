/*-------------------------------------------------------------------------
 *
 * delivery_repeat.c
 *	  Does again what a delivery has done, when standbys have replayed it.
 *
 *-------------------------------------------------------------------------
 */
#include "delivery/delivery_repeat.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault_point.h"

/* How often standbys are asked for: sooner at first, most have replayed it already. */
#define POLL_FIRST_MS INT64_C(5)
#define POLL_MAX_MS INT64_C(100)

/*
 * The same while there is nothing but late ones that may come back: at most so long, and
 * some times within the timeout in which they have to.
 */
#define POLL_LATE_MAX_MS INT64_C(1000)
#define POLL_LATE_TIMES INT64_C(4)

/* Between two marks: in a stream each costs a flush, a fetch and a batch. */
#define MARK_GAP_MS INT64_C(50)

#define LATE_NAMES_BYTES 1024

static int64_t
now_ms(const Delivery *delivery)
{
	return loop_now_ms(delivery->parts.loop);
}

/* --- lifetime --- */

bool
delivery_repeat_init(Delivery *delivery, LoopTimerCallback go_on)
{
	DeliveryRepeat *repeat = &delivery->repeat;
	const TargetConfig *config = delivery->parts.config;

	repeat->is_on = config->standbys != NULL;
	loop_timer_init(&repeat->poll_timer, go_on, delivery);
	return standbys_init(&repeat->standbys, config->standbys, config->standby_timeout_ms);
}

bool
delivery_repeat_begin_session(Delivery *delivery, const char *cursor, bool resync)
{
	DeliveryRepeat *repeat = &delivery->repeat;

	if (!repeat->is_on)
		return true;
	repeat->poll_ms = POLL_FIRST_MS;
	repeat->asked_ms = now_ms(delivery);
	repeat->marked_ms = repeat->asked_ms - MARK_GAP_MS;
	repeat->is_exhausted = true;
	repeat->wants_report = standbys_has_late(&repeat->standbys);
	repeat->wants_mark = resync;
	repeat->cursor = strdup(cursor);
	return repeat->cursor != NULL;
}

void
delivery_repeat_end_session(Delivery *delivery)
{
	DeliveryRepeat *repeat = &delivery->repeat;

	loop_timer_remove(delivery->parts.loop, &repeat->poll_timer);
	standbys_reset(&repeat->standbys);
	free(repeat->cursor);
	free(repeat->until);
	free(repeat->asked_cursor);
	repeat->cursor = repeat->until = repeat->asked_cursor = NULL;
}

void
delivery_repeat_free(Delivery *delivery)
{
	standbys_free(&delivery->repeat.standbys);
}

/* --- who has replayed what --- */

void
delivery_repeat_want_mark(Delivery *delivery)
{
	DeliveryRepeat *repeat = &delivery->repeat;

	if (repeat->standbys.mark_count == 0)
		repeat->poll_ms = POLL_FIRST_MS;
	repeat->wants_mark = repeat->is_on;
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

bool
delivery_repeat_wants_question(Delivery *delivery)
{
	DeliveryRepeat *repeat = &delivery->repeat;
	int64_t		due_ms = INT64_MAX;

	if (!repeat->is_on)
		return false;
	if (repeat->wants_mark)
		due_ms = repeat->marked_ms + MARK_GAP_MS;
	if (repeat->standbys.mark_count > 0)
		due_ms = earlier(due_ms, repeat->asked_ms + repeat->poll_ms);
	if (standbys_has_late(&repeat->standbys))
		due_ms = earlier(due_ms, repeat->asked_ms +
						 earlier(repeat->standbys.timeout_ms / POLL_LATE_TIMES, POLL_LATE_MAX_MS));
	if (due_ms <= now_ms(delivery))
		return true;
	/* without memory for a timer, rather too early */
	return due_ms < INT64_MAX &&
		!loop_timer_set(delivery->parts.loop, &repeat->poll_timer, due_ms - now_ms(delivery));
}

void
delivery_repeat_start_question(Delivery *delivery)
{
	DeliveryRepeat *repeat = &delivery->repeat;
	bool		has_late = standbys_has_late(&repeat->standbys);

	loop_timer_remove(delivery->parts.loop, &repeat->poll_timer);
	repeat->asked_ms = now_ms(delivery);
	free(repeat->asked_cursor);
	repeat->asked_cursor = NULL;
	if (repeat->wants_mark && repeat->asked_ms - repeat->marked_ms >= MARK_GAP_MS)
	{
		/* without memory it is asked for again */
		repeat->asked_cursor = strdup(delivery->cursor);
		repeat->wants_mark = repeat->asked_cursor == NULL;
		repeat->marked_ms = repeat->asked_ms;
	}
	journal_source_ask_standbys(delivery->parts.source,
								repeat->standbys.is_any ? NULL : delivery->parts.config->standbys,
								has_late || repeat->asked_cursor != NULL);
}

bool
delivery_repeat_take_standby(Delivery *delivery, const char *name, uint64_t replayed)
{
	return standbys_take(&delivery->repeat.standbys, name, replayed);
}

static const char *
explain_lateness(const Standby *standby)
{
	if (standby->is_connected)
		return "it has not replayed";
	return standby->is_further ? "fewer of this name are connected than before" : "it is not connected";
}

static void
log_news(const Delivery *delivery, const Standby *standby)
{
	if (standby->news == STANDBY_IS_LATE)
		log_event(delivery->parts.log, LOG_LEVEL_WARNING,
				  "standby is late and no longer waited for: entries cached from it may be stale",
				  LOG_TEXT("target", delivery->parts.config->alias),
				  LOG_TEXT("standby", standby->name),
				  LOG_TEXT("reason", explain_lateness(standby)),
				  LOG_NUMBER("standby_timeout_ms", delivery->parts.config->standby_timeout_ms));
	else if (standby->news == STANDBY_IS_BACK)
		log_event(delivery->parts.log, LOG_LEVEL_INFO, "standby has caught up and is waited for again",
				  LOG_TEXT("target", delivery->parts.config->alias),
				  LOG_TEXT("standby", standby->name));
}

static void
tell_news(Delivery *delivery)
{
	DeliveryRepeat *repeat = &delivery->repeat;

	for (size_t i = 0; i < repeat->standbys.known_count; i++)
	{
		const Standby *standby = &repeat->standbys.known[i];

		log_news(delivery, standby);
		repeat->wants_report |= standby->news != STANDBY_NO_NEWS;
	}
	repeat->wants_report |= standbys_clear_news(&repeat->standbys, now_ms(delivery));
}

bool
delivery_repeat_take_answer(Delivery *delivery, uint64_t position)
{
	DeliveryRepeat *repeat = &delivery->repeat;

	if (!standbys_end_answer(&repeat->standbys, repeat->asked_cursor, position, now_ms(delivery)))
		return false;
	/* the answer that brings a mark is none to a question about it */
	if (repeat->asked_cursor == NULL)
		repeat->poll_ms = earlier(repeat->poll_ms * 2, POLL_MAX_MS);
	free(repeat->asked_cursor);
	repeat->asked_cursor = NULL;
	tell_news(delivery);
	return true;
}

/* --- the report --- */

bool
delivery_repeat_wants_report(Delivery *delivery)
{
	return delivery->repeat.is_on && delivery->repeat.wants_report;
}

/* What does not fit is in the log. */
static void
list_late(const Standbys *standbys, char *names)
{
	size_t		used = 0;

	for (size_t i = 0; i < standbys->known_count; i++)
	{
		const Standby *standby = &standbys->known[i];
		size_t		name_bytes = strlen(standby->name);

		if (!standby->is_late || used + name_bytes + 2 > LATE_NAMES_BYTES)
			continue;
		if (used > 0)
			names[used++] = ',';
		memcpy(names + used, standby->name, name_bytes);
		used += name_bytes;
	}
	names[used] = '\0';
}

void
delivery_repeat_start_report(Delivery *delivery)
{
	char		names[LATE_NAMES_BYTES];

	list_late(&delivery->repeat.standbys, names);
	delivery->repeat.wants_report = false;
	journal_source_report_late(delivery->parts.source, names[0] != '\0' ? names : NULL);
}

/* --- the second reader --- */

bool
delivery_repeat_wants_fetch(const Delivery *delivery)
{
	const DeliveryRepeat *repeat = &delivery->repeat;

	return repeat->is_on &&
		(repeat->standbys.released != NULL || !repeat->is_exhausted ||
		 (delivery->session.resync == RESYNC_AWAITING && repeat->until != NULL));
}

/* What is released while it fetches is for the next one. */
static void
take_released(DeliveryRepeat *repeat)
{
	if (repeat->standbys.released == NULL)
		return;
	free(repeat->until);
	repeat->until = repeat->standbys.released;
	repeat->standbys.released = NULL;
}

void
delivery_repeat_start_fetch(Delivery *delivery)
{
	DeliveryRepeat *repeat = &delivery->repeat;
	DeliverySlot *slot = delivery_slots_find_free(&delivery->slots);

	FAULT_POINT("before_repeat");
	slot->reader = READER_REPEAT;
	if (delivery->session.resync == RESYNC_AWAITING)
	{
		slot->ends_resync = true;
		slot->wants_list = true;
		delivery->session.resync = RESYNC_REPEATING;
	}
	delivery->slots.filling = slot;
	repeat->is_its_turn = false;
	take_released(repeat);
	journal_source_fetch_until(delivery->parts.source, repeat->cursor,
							   DELIVERY_FETCH_MAX_BYTES, repeat->until);
}

bool
delivery_repeat_take_fetch(Delivery *delivery, const JournalFetch *fetch)
{
	DeliveryRepeat *repeat = &delivery->repeat;
	DeliverySlot *slot = delivery->slots.filling;
	bool		reaches_end = strcmp(fetch->cursor, repeat->until) == 0;

	FAULT_POINT("after_repeat_fetch");
	repeat->is_exhausted = fetch->row_count == 0 || reaches_end;

	/*
	 * until stood inside a transaction, of which the rest needs a mark of its
	 * own
	 */
	repeat->wants_mark |= fetch->row_count == 0 && !reaches_end;
	free(repeat->cursor);
	repeat->cursor = strdup(fetch->cursor);
	slot->cursor = strdup(fetch->cursor);
	slot->oldest_at_us = fetch->oldest_at_us;
	slot->row_count = fetch->row_count;
	if (!slot->wants_list)
	{
		/* an empty one, too: it takes its turn to move the cursor */
		delivery->slots.filling = NULL;
		delivery->slots.fetched = slot;
	}
	return repeat->cursor != NULL && slot->cursor != NULL;
}

bool
delivery_repeat_is_complete(const Delivery *delivery)
{
	const DeliveryRepeat *repeat = &delivery->repeat;

	return !repeat->is_on ||
		(!repeat->wants_mark && repeat->standbys.mark_count == 0 &&
		 repeat->asked_cursor == NULL && !delivery_repeat_wants_fetch(delivery));
}
