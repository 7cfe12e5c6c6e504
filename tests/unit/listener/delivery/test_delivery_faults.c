/*-------------------------------------------------------------------------
 *
 * test_delivery_faults.c
 *	  Whatever Redis answers, and wherever the connection breaks: nothing is
 *	  acknowledged that was not proven, and in the end all of it is.
 *
 *-------------------------------------------------------------------------
 */
#include "delivery/delivery_chain.h"

/* Long enough for a loaded machine, short enough where it is to pass. */
#define PATIENT_MS 5000
#define HASTY_MS 15

#define MANY(array) (sizeof(array) / sizeof((array)[0]))

/* What a run without a fault looks like: measured, not assumed. */
static int	healthy_command_count;
static long healthy_byte_count;

static void
run_healthy(void)
{
	start(&no_fault, PATIENT_MS);
	run_until_drained();
	ck_assert_int_eq(lost_count, 0);
	healthy_command_count = command_count;
	healthy_byte_count = sent_bytes;
	stop();
}

START_TEST(delivery_acknowledges_what_redis_has_proven)
{
	run_healthy();
	/* three UNLINKs, a counter and a tag for each batch; at least one pass */
	ck_assert_int_ge(healthy_command_count, BATCH_COUNT * 5 + 4);
	ck_assert_int_gt(healthy_byte_count, 50);
}

END_TEST

/* --- replies --- */

static const char *const bad_replies[] = {
	"-OOM command not allowed when used memory > 'maxmemory'.\r\n",
	"-MISCONF Redis is configured to save RDB snapshots\r\n",
	"-READONLY You can't write against a read only replica.\r\n",
	"-LOADING Redis is loading the dataset in memory\r\n",
	"-MASTERDOWN Link with MASTER is down\r\n",
	"-CLUSTERDOWN The cluster is down\r\n",
	"-MOVED 3999 127.0.0.1:6381\r\n",
	"-NOAUTH Authentication required.\r\n",
	"-WRONGPASS invalid username-password pair\r\n",
	"-NOPERM this user has no permissions\r\n",
	"-BUSY Redis is busy running a script.\r\n",
	"-NOSCRIPT No matching script.\r\n",
	"-EXECABORT Transaction discarded\r\n",
	"-ERR nobody knows this one\r\n",
	"-\r\n",
	/* of a type that belongs to another command, or to none */
	"+OK\r\n",
	"+QUEUED\r\n",
	"$-1\r\n",
	"$1\r\n1\r\n",
	"*-1\r\n",
	"*0\r\n",
	"*1\r\n:7\r\n",
	"*1\r\n$1\r\n1\r\n",
	"*1\r\n-ERR inside\r\n",
	"*2\r\n$1\r\n0\r\n$1\r\n0\r\n",
	"*2\r\n$1\r\n0\r\n*1\r\n:1\r\n",
	":-1\r\n",
	":1000000\r\n",
	/* of no type at all */
	"HTTP/1.1 400 Bad Request\r\n",
	"\n",
	"$x\r\n",
	":1x\r\n",
};

/* What cannot be told from nothing until more comes, or the deadline passes. */
static const char *const half_replies[] = {
	NULL,
	"-LOADING Redis is",
	":",
	":1\r",
	"$5\r\nab",
	"*2\r\n$1\r\n",
};

/* The reply to each command in turn, in a run of its own. */
static void
try_everywhere(const char *reply, bool hang_up, int64_t reply_ms)
{
	for (int position = 1; position <= healthy_command_count; position++)
	{
		const Fault wrong = {.command = position,.reply = reply,.hang_up = hang_up,
		.cut_at_byte = -1};

		start(&wrong, reply_ms);
		run_until_drained();
		ck_assert_msg(lost_count > 0, "%s as the reply to command %d went unnoticed",
					  reply != NULL ? reply : "silence", position);
		ck_assert_int_gt(command_count, healthy_command_count);
		stop();
	}
}

START_TEST(delivery_survives_a_bad_reply_to_any_command)
{
	run_healthy();
	try_everywhere(bad_replies[_i], false, PATIENT_MS);
}

END_TEST

START_TEST(delivery_survives_half_a_reply_and_silence)
{
	run_healthy();
	try_everywhere(half_replies[_i], false, HASTY_MS);
}

END_TEST

START_TEST(delivery_survives_half_a_reply_and_the_end)
{
	run_healthy();
	try_everywhere(half_replies[_i], true, PATIENT_MS);
}

END_TEST

/* Some of these are borne: who may not PING may be able to UNLINK. */
START_TEST(delivery_survives_a_bad_reply_to_any_greeting)
{
	run_healthy();
	for (int position = 1, last = greeting_count; position <= last; position++)
	{
		const Fault wrong = {.greeting = position,.reply = bad_replies[_i],
		.cut_at_byte = -1};

		start(&wrong, PATIENT_MS);
		run_until_drained();
		stop();
	}
}

END_TEST

/* --- connections --- */

START_TEST(delivery_survives_a_cut_at_any_byte)
{
	run_healthy();
	for (long byte = 0; byte < healthy_byte_count; byte++)
	{
		const Fault wrong = {.cut_at_byte = byte};

		start(&wrong, PATIENT_MS);
		run_until_drained();
		ck_assert_int_ge(lost_count, 1);
		stop();
	}
}

END_TEST

START_TEST(delivery_survives_silence_from_any_byte_on)
{
	run_healthy();
	for (long byte = 0; byte < healthy_byte_count; byte++)
	{
		const Fault wrong = {.cut_at_byte = byte,.is_stalling = true};

		start(&wrong, HASTY_MS);
		run_until_drained();
		ck_assert_int_ge(lost_count, 1);
		stop();
	}
}

END_TEST

START_TEST(delivery_takes_replies_byte_by_byte)
{
	const Fault slow = {.cut_at_byte = -1,.is_dribbling = true};

	start(&slow, PATIENT_MS);
	run_until_drained();
	ck_assert_int_eq(lost_count, 0);
	stop();
}

END_TEST

/* --- how soon --- */

static int64_t fake_ms;

static int64_t
fake_clock(void *context)
{
	(void) context;
	return fake_ms;
}

static int64_t
real_clock(void *context)
{
	(void) context;
	return scripted_redis_clock_ms();
}

/* Answers the first command so; how long until the target connects again. */
static int64_t
retry_ms_after(const char *reply)
{
	const Fault wrong = {.command = 1,.reply = reply,.cut_at_byte = -1};
	int64_t		begin_ms;
	int64_t		retry_ms;

	start(&wrong, PATIENT_MS);
	fake_ms = loop_now_ms(loop);
	loop_set_clock(loop, fake_clock, NULL);
	scripted_redis_run_until(loop, &lost_count, 1);
	ck_assert_int_eq(server.connection_count, 1);
	begin_ms = fake_ms;
	while (server.connection_count == 1)
	{
		fake_ms++;
		scripted_redis_settle(loop);
	}
	retry_ms = fake_ms - begin_ms;
	loop_set_clock(loop, real_clock, NULL);
	run_until_drained();
	stop();
	return retry_ms;
}

START_TEST(delivery_tries_a_server_that_can_never_serve_it_rarely)
{
	ck_assert_int_le(retry_ms_after("-LOADING x\r\n"), BACKOFF_CAP_MS);
	ck_assert_int_le(retry_ms_after("-NOAUTH x\r\n"), BACKOFF_CAP_MS);
	ck_assert_int_ge(retry_ms_after("-MOVED 1 a:1\r\n"), 6 * BACKOFF_CAP_MS);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("delivery_faults");
	TCase	   *tests = tcase_create("delivery_faults");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, delivery_acknowledges_what_redis_has_proven);
	tcase_add_loop_test(tests, delivery_survives_a_bad_reply_to_any_command, 0,
						MANY(bad_replies));
	tcase_add_loop_test(tests, delivery_survives_a_bad_reply_to_any_greeting, 0,
						MANY(bad_replies));
	tcase_add_loop_test(tests, delivery_survives_half_a_reply_and_silence, 0,
						MANY(half_replies));
	tcase_add_loop_test(tests, delivery_survives_half_a_reply_and_the_end, 0,
						MANY(half_replies));
	tcase_add_test(tests, delivery_survives_a_cut_at_any_byte);
	tcase_add_test(tests, delivery_survives_silence_from_any_byte_on);
	tcase_add_test(tests, delivery_takes_replies_byte_by_byte);
	tcase_add_test(tests, delivery_tries_a_server_that_can_never_serve_it_rarely);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
