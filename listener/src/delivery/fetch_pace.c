/*-------------------------------------------------------------------------
 *
 * fetch_pace.c
 *	  How long to linger between two fetches.
 *
 *-------------------------------------------------------------------------
 */
#include "delivery/fetch_pace.h"

#include <stdbool.h>

static void
begin_interval(FetchPace *pace, int64_t now_ms)
{
	pace->begin_ms = now_ms;
	pace->row_count = 0;
	pace->answer_count = 0;
}

void
fetch_pace_init(FetchPace *pace, int64_t now_ms)
{
	begin_interval(pace, now_ms);
	pace->linger_ms = 0;
	pace->alone_until_ms = now_ms;
}

static bool
is_busy(const FetchPace *pace, int64_t elapsed_ms)
{
	int64_t		busy_rows = pace->linger_ms > 0 ? FETCH_PACE_STILL_BUSY_ROWS : FETCH_PACE_BUSY_ROWS;

	return pace->row_count * FETCH_PACE_INTERVAL_MS >= busy_rows * elapsed_ms;
}

/* Every fourth answer at least had a second row. */
static bool
has_company(const FetchPace *pace)
{
	return pace->row_count * 4 >= pace->answer_count * 5;
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
	pace->answer_count += row_count > 0 ? 1 : 0;
	if (elapsed_ms < FETCH_PACE_INTERVAL_MS)
		return;
	if (pace->linger_ms > 0 && !has_company(pace))
		pace->alone_until_ms = now_ms + FETCH_PACE_ALONE_MS;
	if (is_busy(pace, elapsed_ms) && (has_company(pace) || now_ms >= pace->alone_until_ms))
		pace->linger_ms = FETCH_PACE_LINGER_MS;
	else
		pace->linger_ms = 0;
	begin_interval(pace, now_ms);
}

int64_t
fetch_pace_linger_ms(const FetchPace *pace)
{
	return pace->linger_ms;
}
