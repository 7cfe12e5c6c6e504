/*-------------------------------------------------------------------------
 *
 * test_loop.c
 *	  Unit tests of listener/src/loop.c.
 *
 * The clock is a variable of the test.  Turns are run with a wait of 0 ms,
 * but where the wait itself is tested.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "loop.h"

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

static int64_t
read_clock(void *context)
{
	return *(int64_t *) context;
}

static void
record(Actor *actor)
{
	size_t		used = strlen(trace);

	ck_assert_uint_lt(used + 1, TRACE_MAX);
	trace[used] = actor->letter;
	trace[used + 1] = '\0';
	if (actor->act != NULL)
		actor->act(actor);
}

static void
on_watch(void *context, short revents)
{
	Actor	   *actor = context;

	actor->revents = revents;
	record(actor);
}

static void
on_timer(void *context)
{
	record(context);
}

static void
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

static void
close_loop(void)
{
	loop_destroy(loop);
	for (int i = 0; i < ACTOR_COUNT; i++)
	{
		close(actors[i].pipe_fds[0]);
		close(actors[i].pipe_fds[1]);
	}
}

static void
arm(Actor *actor, int64_t delay_ms)
{
	ck_assert(loop_timer_set(loop, &actor->timer, delay_ms));
}

static void
watch(Actor *actor, int fd, short events)
{
	ck_assert(loop_watch_set(loop, &actor->watch, fd, events));
}

/* Makes the actor's pipe readable. */
static void
ring(Actor *actor)
{
	ck_assert_int_eq(write(actor->pipe_fds[1], "x", 1), 1);
}

static void
watch_ready(Actor *actor)
{
	watch(actor, actor->pipe_fds[0], POLLIN);
	ring(actor);
}

static void
turn_at(int64_t at_ms)
{
	now_ms = at_ms;
	ck_assert(loop_turn(loop, 0));
}

static void
remove_other(Actor *actor)
{
	loop_watch_remove(loop, &actor->other->watch);
	loop_timer_remove(loop, &actor->other->timer);
}

static void
remove_itself(Actor *actor)
{
	loop_watch_remove(loop, &actor->watch);
	loop_timer_remove(loop, &actor->timer);
}

static void
rearm_without_delay(Actor *actor)
{
	arm(actor, 0);
}

static void
arm_other_without_delay(Actor *actor)
{
	arm(actor->other, 0);
}

/* As a connection that is closed and opened again does it. */
static void
renew_other(Actor *actor)
{
	int			fd = actor->other->pipe_fds[0];

	loop_watch_remove(loop, &actor->other->watch);
	watch(actor->other, fd, POLLIN);
}

static void
move_other_to_its_own_pipe(Actor *actor)
{
	watch(actor->other, actor->pipe_fds[0], POLLIN);
}

static void
stop_other_reading(Actor *actor)
{
	watch(actor->other, actor->other->watch.fd, 0);
}

static void
watch_many_others(Actor *actor)
{
	(void) actor;
	for (int i = 2; i < ACTOR_COUNT; i++)
		watch_ready(&actors[i]);
}

/* ---- timers ---- */

START_TEST(loop_fires_a_timer_once_when_it_is_due)
{
	arm(&actors[0], 50);
	ck_assert(loop_timer_is_armed(&actors[0].timer));
	turn_at(1049);
	ck_assert_str_eq(trace, "");
	turn_at(1050);
	ck_assert_str_eq(trace, "a");
	ck_assert(!loop_timer_is_armed(&actors[0].timer));
	turn_at(5000);
	ck_assert_str_eq(trace, "a");
}

END_TEST

START_TEST(loop_fires_timers_by_deadline)
{
	arm(&actors[0], 30);
	arm(&actors[1], 10);
	arm(&actors[2], 20);
	turn_at(2000);
	ck_assert_str_eq(trace, "bca");
}

END_TEST

START_TEST(loop_fires_timers_of_one_deadline_in_the_order_they_were_armed)
{
	for (int i = ACTOR_COUNT - 1; i >= 0; i--)
		arm(&actors[i], 10);
	turn_at(1010);
	ck_assert_str_eq(trace, "xwvutsrqponmlkjihgfedcba");
}

END_TEST

START_TEST(loop_moves_a_timer_that_is_armed_again)
{
	arm(&actors[0], 10);
	arm(&actors[0], 100);
	turn_at(1050);
	ck_assert_str_eq(trace, "");
	turn_at(1100);
	ck_assert_str_eq(trace, "a");
}

END_TEST

START_TEST(loop_forgets_a_removed_timer)
{
	arm(&actors[0], 10);
	arm(&actors[1], 20);
	arm(&actors[2], 30);
	loop_timer_remove(loop, &actors[1].timer);
	ck_assert(!loop_timer_is_armed(&actors[1].timer));
	turn_at(2000);
	ck_assert_str_eq(trace, "ac");
}

END_TEST

START_TEST(loop_ignores_the_removal_of_a_timer_that_is_not_armed)
{
	loop_timer_remove(loop, &actors[0].timer);
	ck_assert(!loop_timer_is_armed(&actors[0].timer));
}

END_TEST

START_TEST(loop_lets_a_timer_remove_another_that_is_due)
{
	actors[0].act = remove_other;
	actors[0].other = &actors[1];
	arm(&actors[0], 10);
	arm(&actors[1], 10);
	arm(&actors[2], 10);
	turn_at(1010);
	ck_assert_str_eq(trace, "ac");
}

END_TEST

START_TEST(loop_fires_a_timer_that_rearms_itself_once_a_turn)
{
	actors[0].act = rearm_without_delay;
	arm(&actors[0], 0);
	turn_at(1000);
	ck_assert_str_eq(trace, "a");
	turn_at(1000);
	ck_assert_str_eq(trace, "aa");
}

END_TEST

START_TEST(loop_fires_what_is_due_although_another_timer_rearms_itself)
{
	actors[0].act = rearm_without_delay;
	arm(&actors[0], 0);
	arm(&actors[1], 10);
	turn_at(1010);
	ck_assert_str_eq(trace, "ab");
}

END_TEST

START_TEST(loop_leaves_a_timer_armed_by_a_callback_to_the_next_turn)
{
	actors[0].act = arm_other_without_delay;
	actors[0].other = &actors[1];
	arm(&actors[0], 0);
	turn_at(1000);
	ck_assert_str_eq(trace, "a");
	turn_at(1000);
	ck_assert_str_eq(trace, "ab");
}

END_TEST

START_TEST(loop_takes_a_negative_delay_as_none)
{
	arm(&actors[0], -5);
	ck_assert_int_eq(actors[0].timer.deadline_ms, 1000);
}

END_TEST

START_TEST(loop_never_overflows_a_deadline)
{
	arm(&actors[0], INT64_MAX);
	ck_assert_int_eq(actors[0].timer.deadline_ms, INT64_MAX);
	turn_at(5000);
	ck_assert_str_eq(trace, "");
}

END_TEST

START_TEST(loop_counts_a_delay_from_the_latest_turn)
{
	now_ms = 1500;
	ck_assert_int_eq(loop_now_ms(loop), 1000);
	turn_at(1500);
	ck_assert_int_eq(loop_now_ms(loop), 1500);
	arm(&actors[0], 10);
	ck_assert_int_eq(actors[0].timer.deadline_ms, 1510);
}

END_TEST

START_TEST(loop_waits_no_longer_than_the_next_timer)
{
	Loop	   *real = loop_create();
	LoopTimer	timer;

	loop_timer_init(&timer, on_timer, &actors[0]);
	ck_assert(loop_timer_set(real, &timer, 5));
	while (loop_timer_is_armed(&timer))
		ck_assert(loop_turn(real, -1));
	ck_assert_str_eq(trace, "a");
	loop_destroy(real);
}

END_TEST

START_TEST(loop_waits_no_longer_than_it_is_told)
{
	Loop	   *real = loop_create();
	LoopTimer	timer;
	int64_t		before_ms = loop_now_ms(real);

	loop_timer_init(&timer, on_timer, &actors[0]);
	ck_assert(loop_timer_set(real, &timer, (int64_t) INT_MAX * 4));
	ck_assert(loop_turn(real, 5));
	ck_assert_int_ge(loop_now_ms(real), before_ms + 5);
	ck_assert_str_eq(trace, "");
	loop_destroy(real);
}

END_TEST

/* ---- watches ---- */

START_TEST(loop_calls_a_watch_that_is_readable)
{
	watch(&actors[0], actors[0].pipe_fds[0], POLLIN);
	turn_at(1000);
	ck_assert_str_eq(trace, "");
	ring(&actors[0]);
	turn_at(1000);
	ck_assert_str_eq(trace, "a");
	ck_assert_int_eq(actors[0].revents, POLLIN);
}

END_TEST

START_TEST(loop_calls_a_watch_as_long_as_it_is_ready)
{
	watch_ready(&actors[0]);
	turn_at(1000);
	turn_at(1000);
	ck_assert_str_eq(trace, "aa");
}

END_TEST

START_TEST(loop_wakes_from_an_unbounded_wait_for_a_watch)
{
	watch_ready(&actors[0]);
	ck_assert(loop_turn(loop, -1));
	ck_assert_str_eq(trace, "a");
}

END_TEST

START_TEST(loop_reports_a_hangup_unasked)
{
	watch(&actors[0], actors[0].pipe_fds[0], 0);
	close(actors[0].pipe_fds[1]);
	turn_at(1000);
	ck_assert_int_eq(actors[0].revents, POLLHUP);
	actors[0].pipe_fds[1] = -1;
}

END_TEST

START_TEST(loop_changes_the_events_of_a_watch)
{
	watch_ready(&actors[0]);
	watch(&actors[0], actors[0].pipe_fds[0], 0);
	turn_at(1000);
	ck_assert_str_eq(trace, "");
	ck_assert_int_eq(actors[0].watch.events, 0);
}

END_TEST

START_TEST(loop_changes_the_fd_of_a_watch)
{
	watch_ready(&actors[0]);
	watch(&actors[0], actors[1].pipe_fds[1], POLLOUT);
	turn_at(1000);
	ck_assert_int_eq(actors[0].revents, POLLOUT);
	ck_assert_int_eq(actors[0].watch.fd, actors[1].pipe_fds[1]);
}

END_TEST

START_TEST(loop_forgets_a_removed_watch)
{
	for (int i = 0; i < 3; i++)
		watch_ready(&actors[i]);
	loop_watch_remove(loop, &actors[0].watch);
	ck_assert_int_eq(actors[0].watch.fd, -1);
	turn_at(1000);
	ck_assert_str_eq(trace, "bc");
}

END_TEST

START_TEST(loop_ignores_the_removal_of_a_watch_that_is_not_registered)
{
	loop_watch_remove(loop, &actors[0].watch);
	watch_ready(&actors[0]);
	loop_watch_remove(loop, &actors[0].watch);
	loop_watch_remove(loop, &actors[0].watch);
	turn_at(1000);
	ck_assert_str_eq(trace, "");
}

END_TEST

START_TEST(loop_never_calls_a_watch_that_an_earlier_callback_removed)
{
	for (int i = 0; i < 3; i++)
		watch_ready(&actors[i]);
	actors[0].act = remove_other;
	actors[0].other = &actors[1];
	turn_at(1000);
	ck_assert_str_eq(trace, "ac");
	turn_at(1000);
	ck_assert_str_eq(trace, "acac");
}

END_TEST

START_TEST(loop_lets_a_watch_remove_itself)
{
	watch_ready(&actors[0]);
	watch_ready(&actors[1]);
	actors[0].act = remove_itself;
	turn_at(1000);
	turn_at(1000);
	ck_assert_str_eq(trace, "abb");
}

END_TEST

START_TEST(loop_asks_poll_again_for_a_watch_that_was_renewed)
{
	watch_ready(&actors[0]);
	watch_ready(&actors[1]);
	actors[0].act = renew_other;
	actors[0].other = &actors[1];
	turn_at(1000);
	ck_assert_str_eq(trace, "a");
	actors[0].act = NULL;
	turn_at(1000);
	ck_assert_str_eq(trace, "aab");
}

END_TEST

START_TEST(loop_drops_events_of_the_fd_that_a_watch_had_before)
{
	watch_ready(&actors[0]);
	watch_ready(&actors[1]);
	actors[0].act = move_other_to_its_own_pipe;
	actors[0].other = &actors[1];
	turn_at(1000);
	ck_assert_str_eq(trace, "a");
	turn_at(1000);
	ck_assert_str_eq(trace, "aab");
}

END_TEST

START_TEST(loop_drops_events_that_are_no_longer_asked_for)
{
	watch_ready(&actors[0]);
	watch_ready(&actors[1]);
	actors[0].act = stop_other_reading;
	actors[0].other = &actors[1];
	turn_at(1000);
	ck_assert_str_eq(trace, "a");
}

END_TEST

START_TEST(loop_grows_while_callbacks_run)
{
	watch_ready(&actors[0]);
	watch_ready(&actors[1]);
	actors[0].act = watch_many_others;
	turn_at(1000);
	ck_assert_str_eq(trace, "ab");
	actors[0].act = NULL;
	turn_at(1000);
	ck_assert_str_eq(trace, "ababcdefghijklmnopqrstuvwx");
}

END_TEST

START_TEST(loop_lets_an_answer_beat_its_deadline)
{
	watch_ready(&actors[0]);
	actors[0].act = remove_other;
	actors[0].other = &actors[1];
	arm(&actors[1], 10);
	turn_at(2000);
	ck_assert_str_eq(trace, "a");
}

END_TEST

/* ---- the wait ---- */

static void
do_nothing(int signal_number)
{
	(void) signal_number;
}

START_TEST(loop_ends_a_wait_early_for_a_signal)
{
	struct sigaction action = {.sa_handler = do_nothing};
	struct itimerval soon = {{0, 1000}, {0, 1000}};
	struct itimerval never = {{0, 0}, {0, 0}};

	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &soon, NULL), 0);
	ck_assert(loop_turn(loop, -1));
	ck_assert_int_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
	ck_assert_str_eq(trace, "");
}

END_TEST

START_TEST(loop_reports_a_poll_that_fails)
{
	struct rlimit usual;
	struct rlimit none;
	bool		turned;
	int			turn_errno;

	/* more descriptors than the limit allows: EINVAL */
	watch(&actors[0], actors[0].pipe_fds[0], POLLIN);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &usual), 0);
	none = usual;
	none.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	turned = loop_turn(loop, 0);
	turn_errno = errno;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &usual), 0);
	ck_assert(!turned);
	ck_assert_int_eq(turn_errno, EINVAL);
}

END_TEST

START_TEST(loop_turns_without_anything_registered)
{
	turn_at(1000);
	ck_assert_str_eq(trace, "");
}

END_TEST

START_TEST(loop_destroy_takes_null)
{
	loop_destroy(NULL);
}

END_TEST

START_TEST(loop_needs_no_memory_for_what_was_reserved)
{
	LoopWatch	watches[ACTOR_COUNT];
	LoopTimer	timers[100];
	size_t		used_bytes;

	ck_assert(loop_reserve(loop, ACTOR_COUNT, 100));
	used_bytes = mallinfo2().uordblks;
	for (int i = 0; i < ACTOR_COUNT; i++)
	{
		loop_watch_init(&watches[i], NULL, NULL);
		ck_assert(loop_watch_set(loop, &watches[i], STDIN_FILENO, 0));
	}
	for (int i = 0; i < 100; i++)
	{
		loop_timer_init(&timers[i], NULL, NULL);
		ck_assert(loop_timer_set(loop, &timers[i], 1000));
	}
	ck_assert_uint_eq(mallinfo2().uordblks, used_bytes);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("loop");
	TCase	   *tests = tcase_create("loop");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, open_loop, close_loop);
	tcase_add_test(tests, loop_fires_a_timer_once_when_it_is_due);
	tcase_add_test(tests, loop_fires_timers_by_deadline);
	tcase_add_test(tests, loop_fires_timers_of_one_deadline_in_the_order_they_were_armed);
	tcase_add_test(tests, loop_moves_a_timer_that_is_armed_again);
	tcase_add_test(tests, loop_forgets_a_removed_timer);
	tcase_add_test(tests, loop_ignores_the_removal_of_a_timer_that_is_not_armed);
	tcase_add_test(tests, loop_lets_a_timer_remove_another_that_is_due);
	tcase_add_test(tests, loop_fires_a_timer_that_rearms_itself_once_a_turn);
	tcase_add_test(tests, loop_fires_what_is_due_although_another_timer_rearms_itself);
	tcase_add_test(tests, loop_leaves_a_timer_armed_by_a_callback_to_the_next_turn);
	tcase_add_test(tests, loop_takes_a_negative_delay_as_none);
	tcase_add_test(tests, loop_never_overflows_a_deadline);
	tcase_add_test(tests, loop_counts_a_delay_from_the_latest_turn);
	tcase_add_test(tests, loop_waits_no_longer_than_the_next_timer);
	tcase_add_test(tests, loop_waits_no_longer_than_it_is_told);
	tcase_add_test(tests, loop_calls_a_watch_that_is_readable);
	tcase_add_test(tests, loop_calls_a_watch_as_long_as_it_is_ready);
	tcase_add_test(tests, loop_wakes_from_an_unbounded_wait_for_a_watch);
	tcase_add_test(tests, loop_reports_a_hangup_unasked);
	tcase_add_test(tests, loop_changes_the_events_of_a_watch);
	tcase_add_test(tests, loop_changes_the_fd_of_a_watch);
	tcase_add_test(tests, loop_forgets_a_removed_watch);
	tcase_add_test(tests, loop_ignores_the_removal_of_a_watch_that_is_not_registered);
	tcase_add_test(tests, loop_never_calls_a_watch_that_an_earlier_callback_removed);
	tcase_add_test(tests, loop_lets_a_watch_remove_itself);
	tcase_add_test(tests, loop_asks_poll_again_for_a_watch_that_was_renewed);
	tcase_add_test(tests, loop_drops_events_of_the_fd_that_a_watch_had_before);
	tcase_add_test(tests, loop_drops_events_that_are_no_longer_asked_for);
	tcase_add_test(tests, loop_grows_while_callbacks_run);
	tcase_add_test(tests, loop_lets_an_answer_beat_its_deadline);
	tcase_add_test(tests, loop_ends_a_wait_early_for_a_signal);
	tcase_add_test(tests, loop_reports_a_poll_that_fails);
	tcase_add_test(tests, loop_turns_without_anything_registered);
	tcase_add_test(tests, loop_destroy_takes_null);
	tcase_add_test(tests, loop_needs_no_memory_for_what_was_reserved);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
