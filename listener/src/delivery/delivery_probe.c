/*-------------------------------------------------------------------------
 *
 * delivery_probe.c
 *	  Looks at what waits in the journal while Redis is not there.
 *
 *-------------------------------------------------------------------------
 */
#include "delivery/delivery_probe.h"

/* How long Redis has to be away for a look; between two looks. */
#define FIRST_MS 1000
#define INTERVAL_MS 5000

/* Some thousand rows; what is beyond is not counted. */
#define MAX_BYTES ((size_t) 64 * 1024)

void
delivery_probe_init(Delivery *delivery, LoopTimerCallback go_on)
{
	loop_timer_init(&delivery->probe.timer, go_on, delivery);
}

void
delivery_probe_reset(Delivery *delivery)
{
	loop_timer_remove(delivery->parts.loop, &delivery->probe.timer);
	delivery->probe.is_asked = false;
	delivery->probe.is_away = false;
}

/* Without memory for a timer there is just no look. */
bool
delivery_probe_is_due(Delivery *delivery)
{
	DeliveryProbe *probe = &delivery->probe;

	if (loop_timer_is_armed(&probe->timer))
		return false;
	if (probe->is_away)
		return true;
	probe->is_away = loop_timer_set(delivery->parts.loop, &probe->timer, FIRST_MS);
	return false;
}

void
delivery_probe_start(Delivery *delivery)
{
	delivery->probe.is_asked = true;
	journal_source_fetch(delivery->parts.source, delivery->cursor, MAX_BYTES, false);
}

bool
delivery_probe_take(Delivery *delivery, const JournalFetch *fetch)
{
	delivery->probe.is_asked = false;
	lag_see(&delivery->lag, fetch->row_count, fetch->oldest_at_us);
	return loop_timer_set(delivery->parts.loop, &delivery->probe.timer, INTERVAL_MS);
}

void
delivery_probe_end(Delivery *delivery)
{
	delivery_probe_reset(delivery);
	lag_see(&delivery->lag, 0, 0);
}
