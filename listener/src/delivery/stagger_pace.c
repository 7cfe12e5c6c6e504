/*-------------------------------------------------------------------------
 *
 * stagger_pace.c
 *	  How fast staggered keys are deleted: evenly, each herd within its time.
 *
 *-------------------------------------------------------------------------
 */
#include "delivery/stagger_pace.h"

#include <string.h>

/* Longer than this nobody waits: counts are guesses where a batch is fetched again. */
#define WAIT_MAX_MS INT64_C(1000)

/* Herds that come within such a part of their time are one. */
#define HERD_GAP_PARTS (STAGGER_PACE_HERDS / 2)

void
stagger_pace_add(StaggerPace *pace, size_t key_count, int64_t within_ms, int64_t now_ms)
{
	int64_t		deadline_ms = now_ms + within_ms;
	StaggerHerd *last = pace->herd_count > 0 ? &pace->herds[pace->herd_count - 1] : NULL;

	if (key_count == 0)
		return;
	if (last == NULL)
	{
		pace->credit = 0;
		pace->credited_ms = now_ms;
	}
	if (last != NULL && (pace->herd_count == STAGGER_PACE_HERDS ||
						 deadline_ms - last->deadline_ms <= within_ms / HERD_GAP_PARTS))
	{
		/* rather too early for some than too late for any */
		if (deadline_ms < last->deadline_ms)
			last->deadline_ms = deadline_ms;
		last->key_count += key_count;
		return;
	}
	pace->herds[pace->herd_count++] = (StaggerHerd)
	{
		deadline_ms, key_count
	};
}

int64_t
stagger_pace_left_ms(const StaggerPace *pace, int64_t now_ms)
{
	int64_t		left_ms = 0;

	if (pace->herd_count > 0)
		left_ms = pace->herds[pace->herd_count - 1].deadline_ms - now_ms;
	return left_ms > 0 ? left_ms : 0;
}

/* Keys in a millisecond, so that every herd and those before it are in time. */
static double
rate(const StaggerPace *pace, int64_t now_ms)
{
	double		highest = 0;
	size_t		key_count = 0;

	for (size_t i = 0; i < pace->herd_count; i++)
	{
		int64_t		left_ms = pace->herds[i].deadline_ms - now_ms;
		double		needed;

		key_count += pace->herds[i].key_count;
		needed = (double) key_count / (double) (left_ms > 1 ? left_ms : 1);
		if (needed > highest)
			highest = needed;
	}
	return highest;
}

/*
 * What was due in the time that has passed is reckoned by the rate at its begin:
 * all that is left at a deadline is due then.
 */
size_t
stagger_pace_due(StaggerPace *pace, int64_t now_ms)
{
	size_t		key_count = 0;
	size_t		overdue_count = 0;

	for (size_t i = 0; i < pace->herd_count; i++)
	{
		key_count += pace->herds[i].key_count;
		if (pace->herds[i].deadline_ms <= now_ms)
			overdue_count = key_count;
	}
	if (now_ms > pace->credited_ms)
	{
		pace->credit += rate(pace, pace->credited_ms) * (double) (now_ms - pace->credited_ms);
		pace->credited_ms = now_ms;
	}
	if (pace->credit < (double) overdue_count)
		pace->credit = (double) overdue_count;
	return pace->credit < (double) key_count ? (size_t) pace->credit : key_count;
}

void
stagger_pace_take(StaggerPace *pace, size_t key_count)
{
	size_t		emptied = 0;

	pace->credit = pace->credit > (double) key_count ? pace->credit - (double) key_count : 0;
	while (emptied < pace->herd_count && pace->herds[emptied].key_count <= key_count)
		key_count -= pace->herds[emptied++].key_count;
	if (emptied < pace->herd_count)
		pace->herds[emptied].key_count -= key_count;
	pace->herd_count -= emptied;
	memmove(pace->herds, pace->herds + emptied, pace->herd_count * sizeof(pace->herds[0]));
}

int64_t
stagger_pace_wait_ms(const StaggerPace *pace, int64_t now_ms)
{
	double		wait_ms;

	if (pace->herd_count == 0)
		return 0;
	if (pace->credit >= 1)
		return 1;
	wait_ms = (1 - pace->credit) / rate(pace, pace->credited_ms) - (double) (now_ms - pace->credited_ms);
	if (wait_ms >= (double) WAIT_MAX_MS)
		return WAIT_MAX_MS;
	return wait_ms > 1 ? (int64_t) wait_ms : 1;
}
