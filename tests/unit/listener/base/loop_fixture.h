/*-------------------------------------------------------------------------
 *
 * loop_fixture.h
 *	  A loop with actors, which write down when they are called.
 *
 * The clock is a variable of the test.  Turns are run with a wait of 0 ms,
 * but where the wait itself is tested.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_LOOP_FIXTURE_H
#define UNCACHED_LOOP_FIXTURE_H

#include <check.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/loop.h"

#define TRACE_MAX 64
#define ACTOR_COUNT 24

/* A watch and a timer that write their letter into the trace, then act. */
typedef struct Actor
{
	LoopWatch	watch;
	LoopTimer	timer;
	char		letter;
	short		revents;		/* of the latest call */
	void		(*act) (struct Actor *actor);	/* may be NULL */
	struct Actor *other;		/* for act */
	int			pipe_fds[2];
} Actor;

static Loop *loop;
static int64_t now_ms;
static Actor actors[ACTOR_COUNT];
static char trace[TRACE_MAX];

static inline int64_t
read_clock(void *context)
{
	return *(int64_t *) context;
}

static inline void
record(Actor *actor)
{
	size_t		used = strlen(trace);

	ck_assert_uint_lt(used + 1, TRACE_MAX);
	trace[used] = actor->letter;
	trace[used + 1] = '\0';
	if (actor->act != NULL)
		actor->act(actor);
}

static inline void
on_watch(void *context, short revents)
{
	Actor	   *actor = context;

	actor->revents = revents;
	record(actor);
}

static inline void
on_timer(void *context)
{
	record(context);
}

static inline void
open_loop(void)
{
	now_ms = 1000;
	trace[0] = '\0';
	loop = loop_create();
	ck_assert_ptr_nonnull(loop);
	loop_set_clock(loop, read_clock, &now_ms);
	for (int i = 0; i < ACTOR_COUNT; i++)
	{
		memset(&actors[i], 0, sizeof(actors[i]));
		actors[i].letter = (char) ('a' + i);
		loop_watch_init(&actors[i].watch, on_watch, &actors[i]);
		loop_timer_init(&actors[i].timer, on_timer, &actors[i]);
		ck_assert_int_eq(pipe(actors[i].pipe_fds), 0);
	}
}

static inline void
close_loop(void)
{
	loop_destroy(loop);
	for (int i = 0; i < ACTOR_COUNT; i++)
	{
		close(actors[i].pipe_fds[0]);
		close(actors[i].pipe_fds[1]);
	}
}

static inline void
arm(Actor *actor, int64_t delay_ms)
{
	ck_assert(loop_timer_set(loop, &actor->timer, delay_ms));
}

static inline void
turn_at(int64_t at_ms)
{
	now_ms = at_ms;
	ck_assert(loop_turn(loop, 0));
}

static inline void
remove_other(Actor *actor)
{
	loop_watch_remove(loop, &actor->other->watch);
	loop_timer_remove(loop, &actor->other->timer);
}

#endif
