/*-------------------------------------------------------------------------
 *
 * fetch_pace.c
 *	  How long to linger between two fetches.
 *
 *-------------------------------------------------------------------------
 */
#include "fetch_pace.h"

void
fetch_pace_init(FetchPace *pace, int64_t now_ms)
{
	pace->begin_ms = now_ms;
	pace->row_count = 0;
	pace->linger_ms = 0;
}

/*
 * The first rows after a pause are never a busy journal, since the pause counts
 * as well: they are not held up, and only what follows them can be.
 */
void
fetch_pace_take_fetch(FetchPace *pace, int64_t now_ms, size_t row_count)
{
	int64_t		elapsed_ms = now_ms - pace->begin_ms;

	pace->row_count += (int64_t) row_count;
	if (elapsed_ms < FETCH_PACE_LINGER_MS)
		return;
	pace->linger_ms = pace->row_count / elapsed_ms >= FETCH_PACE_BUSY_ROWS ?
		FETCH_PACE_LINGER_MS : 0;
	pace->begin_ms = now_ms;
	pace->row_count = 0;
}

int64_t
fetch_pace_linger_ms(const FetchPace *pace)
{
	return pace->linger_ms;
}
