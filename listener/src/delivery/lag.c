/*-------------------------------------------------------------------------
 *
 * lag.c
 *	  How many rows wait for a target, and since when.
 *
 *-------------------------------------------------------------------------
 */
#include "delivery/lag.h"

#include <string.h>

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Two neighbours become one that ends where the later one does. */
static void
thin_out(LagMarks *marks)
{
	for (size_t i = 0; i < LAG_MARKS / 2; i++)
	{
		int64_t		at_us = earlier(marks->marks[2 * i].oldest_at_us,
									marks->marks[2 * i + 1].oldest_at_us);

		marks->marks[i] = marks->marks[2 * i + 1];
		marks->marks[i].oldest_at_us = at_us;
	}
	marks->count = LAG_MARKS / 2;
}

static void
append(LagMarks *marks, uint64_t row_count, uint64_t order, int64_t oldest_at_us)
{
	LagMark    *mark;

	if (marks->count == LAG_MARKS)
		thin_out(marks);
	mark = &marks->marks[marks->count++];
	mark->row_count = row_count;
	mark->order = order;
	mark->oldest_at_us = oldest_at_us;
}

static void
drop(LagMarks *marks, size_t count)
{
	marks->count -= count;
	memmove(marks->marks, marks->marks + count, marks->count * sizeof(marks->marks[0]));
}

void
lag_fetch(Lag *lag, uint64_t row_count, int64_t oldest_at_us)
{
	lag->fetched_count += row_count;
	if (row_count > 0)
		append(&lag->fetched, lag->fetched_count, 0, oldest_at_us);
}

void
lag_apply(Lag *lag, uint64_t row_count, uint64_t order)
{
	lag->applied_count += row_count;
	append(&lag->applied, lag->applied_count, order, 0);
}

void
lag_acknowledge(Lag *lag, uint64_t order)
{
	size_t		done_count = 0;

	while (done_count < lag->applied.count && lag->applied.marks[done_count].order <= order)
		lag->acked_count = lag->applied.marks[done_count++].row_count;
	drop(&lag->applied, done_count);
	for (done_count = 0; done_count < lag->fetched.count &&
		 lag->fetched.marks[done_count].row_count <= lag->acked_count;)
		done_count++;
	drop(&lag->fetched, done_count);
}

void
lag_settle(Lag *lag)
{
	memset(lag, 0, sizeof(*lag));
}

void
lag_see(Lag *lag, uint64_t row_count, int64_t oldest_at_us)
{
	lag->waiting_count = row_count;
	lag->waiting_at_us = oldest_at_us;
}

uint64_t
lag_row_count(const Lag *lag)
{
	uint64_t	known_count = lag->fetched_count > lag->acked_count ?
	lag->fetched_count - lag->acked_count : 0;

	return known_count + lag->waiting_count;
}

int64_t
lag_oldest_at_us(const Lag *lag)
{
	int64_t		oldest_at_us = lag->waiting_count > 0 ? lag->waiting_at_us : 0;

	for (size_t i = 0; i < lag->fetched.count; i++)
		oldest_at_us = oldest_at_us == 0 ? lag->fetched.marks[i].oldest_at_us :
			earlier(oldest_at_us, lag->fetched.marks[i].oldest_at_us);
	return oldest_at_us;
}
