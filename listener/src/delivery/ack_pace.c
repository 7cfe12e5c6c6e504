/*-------------------------------------------------------------------------
 *
 * ack_pace.c
 *	  When to acknowledge, so that a stream of rows is acknowledged less often.
 *
 *-------------------------------------------------------------------------
 */
#include "delivery/ack_pace.h"

#include <string.h>

/* The average is over about so many acknowledgements. */
#define AVERAGE_OVER 8

void
ack_pace_init(AckPace *pace, int64_t now_ms)
{
	memset(pace, 0, sizeof(*pace));
	pace->begin_ms = now_ms;
	pace->end_ms = now_ms;
	pace->fetched_ms = now_ms;
}

void
ack_pace_take_fetch(AckPace *pace, int64_t now_ms, size_t row_count)
{
	if (pace->is_fresh && now_ms - pace->end_ms <= ACK_PACE_NEAR_MS)
	{
		if (row_count > 0)
			pace->stream = ACK_PACE_MEMORY;
		else if (pace->stream > 0)
			pace->stream--;
	}
	pace->is_fresh = false;
	if (row_count > 0)
		pace->fetched_ms = now_ms;
}

void
ack_pace_begin_ack(AckPace *pace, int64_t now_ms)
{
	pace->begin_ms = now_ms;
}

void
ack_pace_end_ack(AckPace *pace, int64_t now_ms)
{
	int64_t		took_us = (now_ms - pace->begin_ms) * 1000;

	pace->duration_us += (took_us - pace->duration_us) / AVERAGE_OVER;
	pace->end_ms = now_ms;
	pace->is_fresh = true;
}

static int64_t
at_least(int64_t value, int64_t least)
{
	return value > least ? value : least;
}

int64_t
ack_pace_wait_ms(const AckPace *pace, int64_t now_ms, int64_t linger_ms)
{
	int64_t		hold_ms = at_least(pace->duration_us * ACK_PACE_SHARE / 1000, ACK_PACE_HOLD_MIN_MS);
	int64_t		quiet_ms = at_least(pace->duration_us * ACK_PACE_QUIET_TIMES / 1000, ACK_PACE_QUIET_MIN_MS);
	int64_t		hold_end_ms;
	int64_t		quiet_end_ms;
	int64_t		end_ms;

	if (pace->stream == 0)
		return 0;
	if (hold_ms > ACK_PACE_HOLD_MAX_MS)
		hold_ms = ACK_PACE_HOLD_MAX_MS;
	hold_end_ms = pace->begin_ms + hold_ms;
	quiet_end_ms = pace->fetched_ms + at_least(quiet_ms, linger_ms * ACK_PACE_QUIET_LINGERS);
	end_ms = hold_end_ms < quiet_end_ms ? hold_end_ms : quiet_end_ms;
	return at_least(end_ms - now_ms, 0);
}
