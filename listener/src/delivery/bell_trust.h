/*-------------------------------------------------------------------------
 *
 * bell_trust.h
 *	  Whether a bell is worth a look at the journal.
 *
 * Pure.  Anybody who can connect may NOTIFY the doorbell's channel.  A bell behind which
 * nothing was found makes the next ones doubtful for a while: 1 ms at first, twice as
 * long each time, a second at most, which is how often the journal is looked at
 * anyway.  Rows end that, and so does a pause.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_BELL_TRUST_H
#define UNCACHED_BELL_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BELL_TRUST_MAX_DOUBT_MS ((int64_t) 1000)

/* All zero trusts everybody. */
typedef struct BellTrust
{
	int64_t		doubt_ms;		/* how long the last doubt was; 0 is none */
	int64_t		end_ms;			/* when it is over */
} BellTrust;

/* How long a bell that rings now has to wait; 0: look at once. */
extern int64_t bell_trust_wait_ms(const BellTrust *trust, int64_t now_ms);

/* A fetch was answered; is_rung: it was made because of a bell. */
extern void bell_trust_take_fetch(BellTrust *trust, int64_t now_ms, bool is_rung,
								  size_t row_count);

#endif
