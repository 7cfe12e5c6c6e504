/*-------------------------------------------------------------------------
 *
 * ack_pace.h
 *	  When to acknowledge, so that a stream of rows is acknowledged less often.
 *
 * Pure: the caller has the clock.  An acknowledgement is a synchronous commit:
 * it flushes the WAL, and who commits meanwhile waits for that flush before he
 * gets his own.  Hence the writers of a stream lose no more than one part in
 * ACK_PACE_SHARE to it.  Elsewhere there is no waiting: somebody may want to know
 * that his row is applied, and he writes the next one only when he does.  What
 * tells the two apart is whether the first fetch behind an acknowledgement
 * already finds rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_ACK_PACE_H
#define UNCACHED_ACK_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From one acknowledgement to the next in a stream: so many times as long as
 * one takes, within these bounds. */
#define ACK_PACE_SHARE INT64_C(50)
#define ACK_PACE_HOLD_MIN_MS INT64_C(40)
#define ACK_PACE_HOLD_MAX_MS INT64_C(250)

/* A stream is over when no row has come for so many times as long as an
 * acknowledgement takes, but at least so long, and for so many times as long as
 * fetches linger. */
#define ACK_PACE_QUIET_TIMES INT64_C(4)
#define ACK_PACE_QUIET_MIN_MS INT64_C(2)
#define ACK_PACE_QUIET_LINGERS INT64_C(3)

/* So many acknowledgements in a row without rows behind them are no stream. */
#define ACK_PACE_MEMORY 4

/* A fetch that is answered later is not the first thing behind it. */
#define ACK_PACE_NEAR_MS INT64_C(20)

typedef struct AckPace
{
	int64_t		begin_ms;		/* of the last acknowledgement */
	int64_t		end_ms;			/* of it */
	int64_t		fetched_ms;		/* when the last rows came */
	int64_t		duration_us;	/* of an acknowledgement, on average */
	int			stream;			/* 0: rows come one by one */
	bool		is_fresh;		/* no fetch was answered since the last one */
} AckPace;

extern void ack_pace_init(AckPace *pace, int64_t now_ms);

/* A fetch was answered with so many rows. */
extern void ack_pace_take_fetch(AckPace *pace, int64_t now_ms, size_t row_count);

/* An acknowledgement begins, and is answered. */
extern void ack_pace_begin_ack(AckPace *pace, int64_t now_ms);
extern void ack_pace_end_ack(AckPace *pace, int64_t now_ms);

/*
 * Until something may be acknowledged, in milliseconds; 0: now.  Between two fetches
 * lie linger_ms at least.
 */
extern int64_t ack_pace_wait_ms(const AckPace *pace, int64_t now_ms, int64_t linger_ms);

#endif
