/*-------------------------------------------------------------------------
 *
 * loop.h
 *	  The event loop: poll(2) over file descriptors, and timers.
 *
 * Single-threaded.  Watches and timers are caller's storage (embedded in the
 * caller's struct) and stay registered until they are removed; a callback
 * may add, change or remove any watch or timer, its own included.  Time is
 * CLOCK_MONOTONIC in milliseconds; tests may replace the clock.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_LOOP_H
#define UNCACHED_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Loop Loop;

/* "revents" as poll(2) reports them; POLLERR and POLLHUP come unasked. */
typedef void (*LoopWatchCallback) (void *context, short revents);
typedef void (*LoopTimerCallback) (void *context);

/* Milliseconds that never go back, from 0 up. */
typedef int64_t (*LoopClock) (void *context);

typedef struct LoopWatch
{
	int			fd;				/* borrowed; -1 while not registered */
	short		events;			/* POLLIN, POLLOUT; 0 watches for errors only */
	LoopWatchCallback callback;
	void	   *context;		/* borrowed */
	int			slot;			/* the loop's own */
} LoopWatch;

typedef struct LoopTimer
{
	int64_t		deadline_ms;	/* -1 while not armed */
	LoopTimerCallback callback;
	void	   *context;		/* borrowed */
	uint64_t	turn;			/* the loop's own */
} LoopTimer;

/* How busy the loop is with callbacks; who waits for one waits for the others of its turn. */
typedef struct LoopUsage
{
	uint64_t	turn_count;
	uint64_t	busy_us;		/* in callbacks since the loop was created */
	int64_t		longest_us;		/* of a turn's callbacks, within the last one
								 * to two LOOP_USAGE_WINDOW_MS */
} LoopUsage;

#define LOOP_USAGE_WINDOW_MS 30000

/* NULL if memory is exhausted. */
extern Loop *loop_create(void);

/* For tests: before any timer is armed.  poll(2) still waits in real time. */
extern void loop_set_clock(Loop *loop, LoopClock clock, void *context);

/*
 * Makes room for so many in all, so that setting them cannot fail any more.  A
 * watch that is removed and set again in one turn counts twice.  False if memory
 * is exhausted.
 */
extern bool loop_reserve(Loop *loop, size_t watch_count, size_t timer_count)
			__attribute__((warn_unused_result));

/* Watches and timers still registered are forgotten, not closed. */
extern void loop_destroy(Loop *loop);

/* Prepares caller's storage; registers nothing. */
extern void loop_watch_init(LoopWatch *watch, LoopWatchCallback callback, void *context);
extern void loop_timer_init(LoopTimer *timer, LoopTimerCallback callback, void *context);

/*
 * Registers a watch, or changes its fd or events.  False if memory is
 * exhausted: then nothing changed.
 */
extern bool loop_watch_set(Loop *loop, LoopWatch *watch, int fd, short events)
			__attribute__((warn_unused_result));

/* No effect on a watch that is not registered.  Call before close(2). */
extern void loop_watch_remove(Loop *loop, LoopWatch *watch);

/*
 * Fires once, not before delay_ms after loop_now_ms and not in the turn that
 * runs; rearming moves it.  False if memory is exhausted: then the timer is
 * not armed.
 */
extern bool loop_timer_set(Loop *loop, LoopTimer *timer, int64_t delay_ms)
			__attribute__((warn_unused_result));
extern void loop_timer_remove(Loop *loop, LoopTimer *timer);
extern bool loop_timer_is_armed(const LoopTimer *timer);

/* Milliseconds on the monotonic clock, as of the end of the latest wait. */
extern int64_t loop_now_ms(const Loop *loop);

/*
 * One turn: waits until a watch is ready or a timer is due (at most
 * max_wait_ms; -1 is without bound), then runs what is due: first the
 * watches, so that an answer beats its own deadline, then the timers by
 * deadline.  A signal ends the wait early.  False with errno if poll(2)
 * failed for a reason other than EINTR.  Not to be called from a callback.
 */
extern bool loop_turn(Loop *loop, int64_t max_wait_ms) __attribute__((warn_unused_result));

/* Between turns, or in one: that is not counted yet. */
extern LoopUsage loop_usage(const Loop *loop);

#endif
