/*-------------------------------------------------------------------------
 *
 * bell_trust.c
 *	  Whether a bell is worth a look at the journal.
 *
 *-------------------------------------------------------------------------
 */
#include "delivery/bell_trust.h"

int64_t
bell_trust_wait_ms(const BellTrust *trust, int64_t now_ms)
{
	return trust->doubt_ms > 0 && now_ms < trust->end_ms ? trust->end_ms - now_ms : 0;
}

static bool
is_forgiven(const BellTrust *trust, int64_t now_ms)
{
	return now_ms - trust->end_ms >= BELL_TRUST_MAX_DOUBT_MS;
}

void
bell_trust_take_fetch(BellTrust *trust, int64_t now_ms, bool is_rung, size_t row_count)
{
	if (row_count > 0)
		trust->doubt_ms = 0;
	if (row_count > 0 || !is_rung)
		return;
	if (trust->doubt_ms == 0 || is_forgiven(trust, now_ms))
		trust->doubt_ms = 1;
	else
		trust->doubt_ms *= 2;
	if (trust->doubt_ms > BELL_TRUST_MAX_DOUBT_MS)
		trust->doubt_ms = BELL_TRUST_MAX_DOUBT_MS;
	trust->end_ms = now_ms + trust->doubt_ms;
}
