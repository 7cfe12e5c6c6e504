/*-------------------------------------------------------------------------
 *
 * test_resolver.c
 *	  Unit tests of listener/src/base/resolver.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/fake_names.h"
#include "base/resolver.h"

#define PATIENCE_MS 5000
#define SHORT_MS 20

static Loop *loop;
static Resolver resolver;
static int64_t now_ms;			/* of the loop, if it goes by the test's clock */
static int	answer_count;
static char answer[256];		/* addresses, or what is wrong */

static void
note_answer(void *context, struct addrinfo *addresses, const char *problem)
{
	ck_assert_ptr_eq(context, &answer);
	ck_assert((addresses == NULL) == (problem != NULL));
	answer_count++;
	(void) snprintf(answer, sizeof(answer), "%s", problem != NULL ? problem : "");
	for (const struct addrinfo *address = addresses; address != NULL; address = address->ai_next)
	{
		size_t		used = strlen(answer);
		const struct sockaddr_in *ip4 = (const struct sockaddr_in *) address->ai_addr;
		char		text[64];

		resolver_describe(address, text, sizeof(text));
		(void) snprintf(answer + used, sizeof(answer) - used, "%s:%d ", text,
						ntohs(ip4->sin_port));
	}
	if (addresses != NULL)
		freeaddrinfo(addresses);
}

static int64_t
read_clock(void *context)
{
	(void) context;
	return now_ms;
}

static void
set_up(void)
{
	loop = loop_create();
	ck_assert_ptr_nonnull(loop);
	resolver_init(&resolver, loop, note_answer, &answer);
	fake_names_set("one.test", 0, false, "10.0.0.1", NULL);
	fake_names_set("two.test", 0, false, "10.0.0.1", "10.0.0.2");
	fake_names_set("hang.test", 0, true, "10.0.0.3", NULL);
	fake_names_set("busy.test", EAI_AGAIN, false, NULL, NULL);
	fake_names_set("broken.test", EAI_SYSTEM, false, NULL, NULL);
}

static void
tear_down(void)
{
	resolver_reset(&resolver);
	loop_destroy(loop);
}

/* Goes on without a deadline, when the look-up has ended. */
static void
let_go_on(const char *name)
{
	int			before = fake_names_read(&fake_names_open_lists);

	fake_names_set(name, 0, false, "10.0.0.3", NULL);
	fake_names_wait_for(&fake_names_open_lists, before + 1);
}

static void
run_until_answered(int goal)
{
	for (int i = 0; i < 500 && answer_count < goal; i++)
		ck_assert(loop_turn(loop, 10));
	ck_assert_int_eq(answer_count, goal);
}

static void
expect(const char *name, int64_t timeout_ms, const char *expected)
{
	int			before = answer_count;

	ck_assert_pstr_eq(resolver_start(&resolver, name, 7000, timeout_ms), NULL);
	ck_assert_int_eq(answer_count, before);
	run_until_answered(before + 1);
	ck_assert_str_eq(answer, expected);
}

static int
count_descriptors(void)
{
	DIR		   *directory = opendir("/proc/self/fd");
	int			count = 0;

	while (readdir(directory) != NULL)
		count++;
	(void) closedir(directory);
	return count;
}

START_TEST(resolver_finds_all_addresses_of_a_name)
{
	expect("two.test", PATIENCE_MS, "10.0.0.1:7000 10.0.0.2:7000 ");
	expect("one.test", PATIENCE_MS, "10.0.0.1:7000 ");
}

END_TEST

START_TEST(resolver_says_why_a_name_has_no_address)
{
	expect("no.test", PATIENCE_MS, "cannot resolve the host name: Name or service not known");
	expect("busy.test", PATIENCE_MS,
		   "cannot resolve the host name: Temporary failure in name resolution");
	expect("broken.test", PATIENCE_MS, "cannot resolve the host name: Too many open files");
}

END_TEST

START_TEST(resolver_asks_again_after_a_failure)
{
	expect("busy.test", PATIENCE_MS,
		   "cannot resolve the host name: Temporary failure in name resolution");
	fake_names_set("busy.test", 0, false, "10.0.0.4", NULL);
	expect("busy.test", PATIENCE_MS, "10.0.0.4:7000 ");
}

END_TEST

START_TEST(resolver_asks_again_after_an_answer)
{
	expect("one.test", PATIENCE_MS, "10.0.0.1:7000 ");
	fake_names_set("one.test", 0, false, "10.0.0.4", NULL);
	expect("one.test", PATIENCE_MS, "10.0.0.4:7000 ");
}

END_TEST

START_TEST(resolver_gives_up_at_the_deadline)
{
	expect("hang.test", SHORT_MS, "cannot resolve the host name: no reply from the name service");
	let_go_on("hang.test");
}

END_TEST

START_TEST(resolver_waits_for_one_that_still_hangs)
{
	for (int i = 0; i < 20; i++)
		expect("hang.test", 1, "cannot resolve the host name: no reply from the name service");
	ck_assert_int_eq(fake_names_read(&fake_names_asked), 1);
	ck_assert_pstr_eq(resolver_start(&resolver, "hang.test", 7000, PATIENCE_MS), NULL);
	let_go_on("hang.test");
	run_until_answered(21);
	ck_assert_str_eq(answer, "10.0.0.3:7000 ");
}

END_TEST

START_TEST(resolver_takes_an_answer_that_came_too_late)
{
	expect("hang.test", SHORT_MS, "cannot resolve the host name: no reply from the name service");
	let_go_on("hang.test");
	fake_names_set("hang.test", EAI_AGAIN, false, NULL, NULL);
	expect("one.test", PATIENCE_MS, "10.0.0.1:7000 ");
	expect("hang.test", PATIENCE_MS, "10.0.0.3:7000 ");
	expect("hang.test", PATIENCE_MS,
		   "cannot resolve the host name: Temporary failure in name resolution");
}

END_TEST

START_TEST(resolver_takes_no_answer_that_is_old)
{
	loop_set_clock(loop, read_clock, NULL);
	ck_assert_pstr_eq(resolver_start(&resolver, "hang.test", 7000, PATIENCE_MS), NULL);
	resolver_cancel(&resolver);
	let_go_on("hang.test");
	fake_names_set("hang.test", 0, false, "10.0.0.9", NULL);
	now_ms += RESOLVER_USABLE_MS;
	ck_assert(loop_turn(loop, 0));
	expect("hang.test", PATIENCE_MS, "10.0.0.9:7000 ");
}

END_TEST

START_TEST(resolver_begins_again_when_one_hangs_for_very_long)
{
	loop_set_clock(loop, read_clock, NULL);
	ck_assert_pstr_eq(resolver_start(&resolver, "hang.test", 7000, PATIENCE_MS), NULL);
	resolver_cancel(&resolver);
	now_ms += RESOLVER_USABLE_MS;
	ck_assert(loop_turn(loop, 0));
	ck_assert_pstr_eq(resolver_start(&resolver, "hang.test", 7000, PATIENCE_MS), NULL);
	fake_names_wait_for(&fake_names_asked, 2);
	fake_names_set("hang.test", 0, false, "10.0.0.3", NULL);
	run_until_answered(1);
	ck_assert_str_eq(answer, "10.0.0.3:7000 ");
}

END_TEST

START_TEST(resolver_is_not_held_up_by_another_name)
{
	expect("hang.test", SHORT_MS, "cannot resolve the host name: no reply from the name service");
	expect("one.test", PATIENCE_MS, "10.0.0.1:7000 ");
	let_go_on("hang.test");
}

END_TEST

START_TEST(resolver_tells_ports_apart)
{
	ck_assert_pstr_eq(resolver_start(&resolver, "hang.test", 1, PATIENCE_MS), NULL);
	ck_assert_pstr_eq(resolver_start(&resolver, "hang.test", 2, PATIENCE_MS), NULL);
	fake_names_set("hang.test", 0, false, "10.0.0.3", NULL);
	run_until_answered(1);
	ck_assert_str_eq(answer, "10.0.0.3:2 ");
}

END_TEST

START_TEST(resolver_has_a_bounded_number_that_hang)
{
	static char names[RESOLVER_MAX_LOOKUPS + 1][24];

	for (int i = 0; i <= RESOLVER_MAX_LOOKUPS; i++)
	{
		(void) snprintf(names[i], sizeof(names[i]), "%d.test", i);
		fake_names_set(names[i], 0, true, "10.0.0.3", NULL);
		if (i < RESOLVER_MAX_LOOKUPS)
			ck_assert_pstr_eq(resolver_start(&resolver, names[i], 7000, PATIENCE_MS), NULL);
	}
	fake_names_wait_for(&fake_names_asked, RESOLVER_MAX_LOOKUPS);
	ck_assert_pstr_eq(resolver_start(&resolver, names[RESOLVER_MAX_LOOKUPS], 7000, PATIENCE_MS),
					  "cannot look up the host name: earlier look-ups still hang in the name service");

	/* one that has ended makes room, whether anybody asks for it or not */
	let_go_on(names[3]);
	fake_names_set(names[RESOLVER_MAX_LOOKUPS], 0, false, "10.0.0.5", NULL);
	expect(names[RESOLVER_MAX_LOOKUPS], PATIENCE_MS, "10.0.0.5:7000 ");
	for (int i = 0; i < RESOLVER_MAX_LOOKUPS; i++)
		fake_names_set(names[i], 0, false, "10.0.0.3", NULL);
}

END_TEST

/* As when the configuration is reloaded again and again while a name hangs. */
START_TEST(resolver_has_a_bounded_number_of_threads)
{
	const char *problem = NULL;
	int			count = 0;

	while (count < 2 * RESOLVER_MAX_THREADS && problem == NULL)
	{
		problem = resolver_start(&resolver, "hang.test", 7000, PATIENCE_MS);
		count += problem == NULL;
		resolver_reset(&resolver);
	}
	ck_assert_int_eq(count, RESOLVER_MAX_THREADS);
	ck_assert_pstr_eq(resolver_start(&resolver, "one.test", 7000, PATIENCE_MS),
					  "cannot look up the host name: Resource temporarily unavailable");
	fake_names_set("hang.test", 0, false, "10.0.0.3", NULL);
	for (int i = 0; i < 5000 && resolver_start(&resolver, "one.test", 7000, PATIENCE_MS) != NULL; i++)
		(void) usleep(1000);
	run_until_answered(1);
	ck_assert_str_eq(answer, "10.0.0.1:7000 ");
}

END_TEST

START_TEST(resolver_answers_nothing_after_it_was_cancelled)
{
	ck_assert_pstr_eq(resolver_start(&resolver, "hang.test", 7000, SHORT_MS), NULL);
	resolver_cancel(&resolver);
	let_go_on("hang.test");
	for (int i = 0; i < 2 * SHORT_MS; i++)
		ck_assert(loop_turn(loop, 1));
	ck_assert_int_eq(answer_count, 0);
}

END_TEST

START_TEST(resolver_answers_the_last_one_only)
{
	ck_assert_pstr_eq(resolver_start(&resolver, "one.test", 7000, PATIENCE_MS), NULL);
	expect("two.test", PATIENCE_MS, "10.0.0.1:7000 10.0.0.2:7000 ");
	ck_assert(loop_turn(loop, SHORT_MS));
	ck_assert_int_eq(answer_count, 1);
}

END_TEST

START_TEST(resolver_leaves_nothing_open)
{
	int			before = count_descriptors();

	expect("two.test", PATIENCE_MS, "10.0.0.1:7000 10.0.0.2:7000 ");
	expect("no.test", PATIENCE_MS, "cannot resolve the host name: Name or service not known");
	ck_assert_pstr_eq(resolver_start(&resolver, "one.test", 7000, PATIENCE_MS), NULL);
	expect("hang.test", SHORT_MS, "cannot resolve the host name: no reply from the name service");
	resolver_reset(&resolver);
	fake_names_set("hang.test", 0, false, "10.0.0.3", NULL);
	fake_names_wait_for(&fake_names_open_lists, 0);
	for (int i = 0; i < 5000 && count_descriptors() != before; i++)
		(void) usleep(1000);
	ck_assert_int_eq(count_descriptors(), before);
}

END_TEST

START_TEST(resolver_says_that_there_are_no_descriptors)
{
	struct rlimit limit;
	struct rlimit none;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit)
	{
		.rlim_cur = 3,.rlim_max = limit.rlim_max
	};
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert_pstr_eq(resolver_start(&resolver, "one.test", 7000, PATIENCE_MS),
					  "cannot look up the host name: Too many open files");
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	expect("one.test", PATIENCE_MS, "10.0.0.1:7000 ");
}

END_TEST

START_TEST(resolver_keeps_signals_out_of_its_threads)
{
	sigset_t	blocked;

	expect("one.test", PATIENCE_MS, "10.0.0.1:7000 ");
	ck_assert(fake_names_signals_blocked);
	ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, NULL, &blocked), 0);
	ck_assert_int_eq(sigismember(&blocked, SIGTERM), 0);
}

END_TEST

/* ASan would say what is used after it was freed, and what leaks. */
START_TEST(resolver_lets_the_process_exit_while_a_name_hangs)
{
	int			status;
	pid_t		pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
	{
		int			before = fake_names_read(&fake_names_asked);

		if (resolver_start(&resolver, "hang.test", 7000, PATIENCE_MS) != NULL)
			_exit(9);
		while (fake_names_read(&fake_names_asked) == before)
			(void) usleep(1000);
		resolver_reset(&resolver);
		loop_destroy(loop);
		exit(7);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 7);
}

END_TEST

START_TEST(resolver_tells_addresses_from_names)
{
	static const char *const addresses[] = {"127.0.0.1", "::1"};

	for (size_t i = 0; i < 2; i++)
	{
		struct addrinfo *address = resolver_read_address(addresses[i], 7000);
		char		text[64];

		ck_assert_ptr_nonnull(address);
		resolver_describe(address, text, sizeof(text));
		ck_assert_str_eq(text, addresses[i]);
		freeaddrinfo(address);
	}
	ck_assert_ptr_null(resolver_read_address("one.test", 7000));
	ck_assert_ptr_null(resolver_read_address("127.0.0.1.test", 7000));
	ck_assert_int_eq(fake_names_read(&fake_names_asked), 0);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("resolver");
	TCase	   *tests = tcase_create("resolver");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, resolver_finds_all_addresses_of_a_name);
	tcase_add_test(tests, resolver_says_why_a_name_has_no_address);
	tcase_add_test(tests, resolver_asks_again_after_a_failure);
	tcase_add_test(tests, resolver_asks_again_after_an_answer);
	tcase_add_test(tests, resolver_gives_up_at_the_deadline);
	tcase_add_test(tests, resolver_waits_for_one_that_still_hangs);
	tcase_add_test(tests, resolver_takes_an_answer_that_came_too_late);
	tcase_add_test(tests, resolver_takes_no_answer_that_is_old);
	tcase_add_test(tests, resolver_begins_again_when_one_hangs_for_very_long);
	tcase_add_test(tests, resolver_is_not_held_up_by_another_name);
	tcase_add_test(tests, resolver_tells_ports_apart);
	tcase_add_test(tests, resolver_has_a_bounded_number_that_hang);
	tcase_add_test(tests, resolver_has_a_bounded_number_of_threads);
	tcase_add_test(tests, resolver_answers_nothing_after_it_was_cancelled);
	tcase_add_test(tests, resolver_answers_the_last_one_only);
	tcase_add_test(tests, resolver_leaves_nothing_open);
	tcase_add_test(tests, resolver_says_that_there_are_no_descriptors);
	tcase_add_test(tests, resolver_keeps_signals_out_of_its_threads);
	tcase_add_test(tests, resolver_lets_the_process_exit_while_a_name_hangs);
	tcase_add_test(tests, resolver_tells_addresses_from_names);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
