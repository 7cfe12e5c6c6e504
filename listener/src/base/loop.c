/*-------------------------------------------------------------------------
 *
 * loop.c
 *	  The event loop: poll(2) over file descriptors, and timers.
 *
 * Invariants:
 *
 * polls[i] and watches[i] belong together, and a registered watch's slot is
 * its index.  While callbacks run no entry moves: a removed watch leaves a
 * hole (watches[i] is NULL), which is closed before the next poll(2); a new
 * one goes to the end, beyond those that this turn looks at.  So a callback
 * is never called for a watch that an earlier callback removed, or for
 * an event of the fd that it had before.
 *
 * timers[] is sorted by deadline; timers of the same deadline stand in the
 * order in which they were armed.  A daemon has a few timers for each target,
 * so that shifting an array beats a heap.
 *
 *-------------------------------------------------------------------------
 */
#include "base/loop.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIRST_CAPACITY 16

struct Loop
{
	struct pollfd *polls;		/* owned */
	LoopWatch **watches;		/* owned; entries borrowed, NULL is a hole */
	size_t		watch_count;	/* holes included */
	size_t		watch_capacity;
	LoopTimer **timers;			/* owned; entries borrowed */
	size_t		timer_count;
	size_t		timer_capacity;
	int64_t		now_ms;
	uint64_t	turn;			/* number of the turn that runs or ran last */
	LoopClock	clock;
	void	   *clock_context;	/* borrowed */
	LoopUsage	usage;			/* longest_us: of this window */
	int64_t		last_longest_us;	/* of the one before */
	int64_t		window_begin_ms;
};

static int64_t
monotonic_ms(void *context)
{
	struct timespec now;

	(void) context;
	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
update_now(Loop *loop)
{
	loop->now_ms = loop->clock(loop->clock_context);
}

Loop *
loop_create(void)
{
	Loop	   *loop = calloc(1, sizeof(Loop));

	if (loop == NULL)
		return NULL;
	loop_set_clock(loop, monotonic_ms, NULL);
	return loop;
}

void
loop_destroy(Loop *loop)
{
	if (loop == NULL)
		return;
	free(loop->polls);
	free(loop->watches);
	free(loop->timers);
	free(loop);
}

void
loop_set_clock(Loop *loop, LoopClock clock, void *context)
{
	loop->clock = clock;
	loop->clock_context = context;
	update_now(loop);
}

int64_t
loop_now_ms(const Loop *loop)
{
	return loop->now_ms;
}

void
loop_watch_init(LoopWatch *watch, LoopWatchCallback callback, void *context)
{
	watch->fd = -1;
	watch->events = 0;
	watch->callback = callback;
	watch->context = context;
	watch->slot = -1;
}

static bool
reserve_watches(Loop *loop, size_t capacity)
{
	struct pollfd *polls;
	LoopWatch **watches;

	if (capacity <= loop->watch_capacity)
		return true;
	polls = reallocarray(loop->polls, capacity, sizeof(*polls));
	if (polls == NULL)
		return false;
	loop->polls = polls;
	watches = reallocarray(loop->watches, capacity, sizeof(*watches));
	if (watches == NULL)
		return false;
	loop->watches = watches;
	loop->watch_capacity = capacity;
	return true;
}

/* Makes room for one more. */
static bool
reserve_watch(Loop *loop)
{
	if (loop->watch_count < loop->watch_capacity)
		return true;
	return reserve_watches(loop, loop->watch_capacity > 0 ?
						   loop->watch_capacity * 2 : FIRST_CAPACITY);
}

bool
loop_watch_set(Loop *loop, LoopWatch *watch, int fd, short events)
{
	struct pollfd *entry;

	if (watch->slot < 0)
	{
		if (!reserve_watch(loop))
			return false;
		watch->slot = (int) loop->watch_count++;
		loop->watches[watch->slot] = watch;
		loop->polls[watch->slot].fd = -1;
		loop->polls[watch->slot].revents = 0;
	}
	entry = &loop->polls[watch->slot];
	if (entry->fd != fd)
		entry->revents = 0;
	entry->revents &= (short) (events | POLLERR | POLLHUP | POLLNVAL);
	entry->fd = fd;
	entry->events = events;
	watch->fd = fd;
	watch->events = events;
	return true;
}

void
loop_watch_remove(Loop *loop, LoopWatch *watch)
{
	if (watch->slot < 0)
		return;
	loop->watches[watch->slot] = NULL;
	loop->polls[watch->slot].fd = -1;
	watch->slot = -1;
	watch->fd = -1;
}

static void
close_holes(Loop *loop)
{
	size_t		kept_count = 0;

	for (size_t i = 0; i < loop->watch_count; i++)
	{
		if (loop->watches[i] == NULL)
			continue;
		loop->watches[kept_count] = loop->watches[i];
		loop->polls[kept_count] = loop->polls[i];
		loop->watches[kept_count]->slot = (int) kept_count;
		kept_count++;
	}
	loop->watch_count = kept_count;
}

void
loop_timer_init(LoopTimer *timer, LoopTimerCallback callback, void *context)
{
	timer->deadline_ms = -1;
	timer->callback = callback;
	timer->context = context;
	timer->turn = 0;
}

bool
loop_timer_is_armed(const LoopTimer *timer)
{
	return timer->deadline_ms >= 0;
}

static bool
reserve_timers(Loop *loop, size_t capacity)
{
	LoopTimer **timers;

	if (capacity <= loop->timer_capacity)
		return true;
	timers = reallocarray(loop->timers, capacity, sizeof(*timers));
	if (timers == NULL)
		return false;
	loop->timers = timers;
	loop->timer_capacity = capacity;
	return true;
}

/* Makes room for one more. */
static bool
reserve_timer(Loop *loop)
{
	if (loop->timer_count < loop->timer_capacity)
		return true;
	return reserve_timers(loop, loop->timer_capacity > 0 ?
						  loop->timer_capacity * 2 : FIRST_CAPACITY);
}

bool
loop_reserve(Loop *loop, size_t watch_count, size_t timer_count)
{
	return reserve_watches(loop, watch_count) && reserve_timers(loop, timer_count);
}

bool
loop_timer_set(Loop *loop, LoopTimer *timer, int64_t delay_ms)
{
	size_t		slot;

	loop_timer_remove(loop, timer);
	if (!reserve_timer(loop))
		return false;
	if (delay_ms < 0)
		delay_ms = 0;
	if (delay_ms > INT64_MAX - loop->now_ms)
		delay_ms = INT64_MAX - loop->now_ms;
	timer->deadline_ms = loop->now_ms + delay_ms;
	timer->turn = loop->turn;
	slot = loop->timer_count++;
	for (; slot > 0 && loop->timers[slot - 1]->deadline_ms > timer->deadline_ms; slot--)
		loop->timers[slot] = loop->timers[slot - 1];
	loop->timers[slot] = timer;
	return true;
}

void
loop_timer_remove(Loop *loop, LoopTimer *timer)
{
	size_t		slot = 0;

	if (!loop_timer_is_armed(timer))
		return;
	while (loop->timers[slot] != timer)
		slot++;
	loop->timer_count--;
	memmove(&loop->timers[slot], &loop->timers[slot + 1],
			(loop->timer_count - slot) * sizeof(*loop->timers));
	timer->deadline_ms = -1;
}

/* poll(2)'s timeout: -1 is without bound. */
static int
wait_ms(const Loop *loop, int64_t max_wait_ms)
{
	int64_t		wait = max_wait_ms;

	if (loop->timer_count > 0)
	{
		int64_t		next_ms = loop->timers[0]->deadline_ms - loop->now_ms;

		if (next_ms < 0)
			next_ms = 0;
		if (wait < 0 || next_ms < wait)
			wait = next_ms;
	}
	if (wait < 0)
		return -1;
	return wait > INT_MAX ? INT_MAX : (int) wait;
}

static void
run_watches(Loop *loop)
{
	size_t		count = loop->watch_count;

	for (size_t i = 0; i < count; i++)
	{
		LoopWatch  *watch = loop->watches[i];
		short		revents = loop->polls[i].revents;

		if (watch != NULL && revents != 0)
			watch->callback(watch->context, revents);
	}
}

/*
 * A timer that a callback of this turn armed waits for the next turn, even
 * if it is due: else one that rearms itself without a delay would never let
 * the loop look at its watches again.
 */
static void
run_timers(Loop *loop)
{
	while (loop->timer_count > 0)
	{
		LoopTimer  *timer = loop->timers[0];

		if (timer->deadline_ms > loop->now_ms || timer->turn == loop->turn)
			return;
		loop_timer_remove(loop, timer);
		timer->callback(timer->context);
	}
}

/* --- usage --- */

static int64_t
monotonic_us(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void
take_busy_time(Loop *loop, int64_t busy_us)
{
	LoopUsage  *usage = &loop->usage;

	if (loop->now_ms - loop->window_begin_ms >= LOOP_USAGE_WINDOW_MS)
	{
		loop->last_longest_us = usage->longest_us;
		usage->longest_us = 0;
		loop->window_begin_ms = loop->now_ms;
	}
	usage->turn_count++;
	usage->busy_us += (uint64_t) busy_us;
	if (busy_us > usage->longest_us)
		usage->longest_us = busy_us;
}

LoopUsage
loop_usage(const Loop *loop)
{
	LoopUsage	usage = loop->usage;

	if (loop->last_longest_us > usage.longest_us)
		usage.longest_us = loop->last_longest_us;
	return usage;
}

bool
loop_turn(Loop *loop, int64_t max_wait_ms)
{
	int			ready_count;
	int64_t		begin_us;

	close_holes(loop);
	update_now(loop);
	loop->turn++;
	ready_count = poll(loop->polls, (nfds_t) loop->watch_count,
					   wait_ms(loop, max_wait_ms));
	if (ready_count < 0 && errno != EINTR)
		return false;
	update_now(loop);
	begin_us = monotonic_us();
	if (ready_count > 0)
		run_watches(loop);
	run_timers(loop);
	take_busy_time(loop, monotonic_us() - begin_us);
	return true;
}
