/*-------------------------------------------------------------------------
 *
 * test_loop.c
 *	  Unit tests of listener/src/base/loop.c: watches, and the wait.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/loop_fixture.h"

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
remove_itself(Actor *actor)
{
	loop_watch_remove(loop, &actor->watch);
	loop_timer_remove(loop, &actor->timer);
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
