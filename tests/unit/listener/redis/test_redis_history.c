/*-------------------------------------------------------------------------
 *
 * test_redis_history.c
 *	  Unit tests of listener/src/redis/redis_history.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "redis/redis_history.h"

static const char server_text[] =
"# Server\r\n"
"redis_version:7.0.15\r\n"
"run_id:5e1f5b1c2a4b4f0c9e0d3a7b6c5d4e3f2a1b0c9d\r\n"
"tcp_port:6379\r\n"
"executable:/usr/bin/redis-server\r\n";

static const char promoted_text[] =
"# Replication\r\n"
"role:master\r\n"
"connected_slaves:0\r\n"
"master_failover_state:no-failover\r\n"
"master_replid:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"
"master_replid2:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\r\n"
"master_repl_offset:9007199254740993\r\n"
"second_repl_offset:1001\r\n"
"repl_backlog_active:1\r\n";

static const char alone_text[] =
"# Replication\r\n"
"role:master\r\n"
"connected_slaves:0\r\n"
"master_replid:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"
"master_replid2:0000000000000000000000000000000000000000\r\n"
"master_repl_offset:0\r\n"
"second_repl_offset:-1\r\n";

static const char replica_text[] =
"# Replication\r\n"
"role:slave\r\n"
"master_host:127.0.0.1\r\n"
"slave_read_repl_offset:1400\r\n"
"slave_repl_offset:1400\r\n"
"master_replid:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"
"master_repl_offset:1400\r\n";

static RedisHistory
read_texts(const char *first, const char *second)
{
	RedisHistory history = {0};

	redis_history_read(&history, first);
	redis_history_read(&history, second);
	return history;
}

/* Of Valkey 8.1.1. */
static const char valkey_text[] =
"# Server\r\n"
"redis_version:7.2.4\r\n"
"server_name:valkey\r\n"
"valkey_version:8.1.1\r\n"
"server_mode:cluster\r\n"
"run_id:5e1f5b1c2a4b4f0c9e0d3a7b6c5d4e3f2a1b0c9d\r\n";

START_TEST(redis_history_reads_the_mode_of_a_valkey)
{
	RedisHistory history = read_texts(valkey_text, alone_text);

	ck_assert_int_eq(history.mode, REDIS_MODE_CLUSTER);
}

END_TEST

START_TEST(redis_history_is_read_from_two_texts)
{
	RedisHistory history = read_texts(server_text, promoted_text);

	ck_assert_str_eq(history.run_id, "5e1f5b1c2a4b4f0c9e0d3a7b6c5d4e3f2a1b0c9d");
	ck_assert_str_eq(history.replid, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	ck_assert_str_eq(history.replid2, "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
	ck_assert_int_eq(history.offset, 9007199254740993);
	ck_assert_int_eq(history.second_offset, 1001);
	ck_assert(!history.is_replica);
	ck_assert(redis_history_is_told(&history));
}

END_TEST

START_TEST(redis_history_has_no_second_id_before_any_failover)
{
	RedisHistory history = read_texts(server_text, alone_text);

	ck_assert_str_eq(history.replid2, "");
	ck_assert_int_eq(history.second_offset, 0);
	ck_assert_int_eq(history.offset, 0);
}

END_TEST

START_TEST(redis_history_knows_a_replica)
{
	RedisHistory history = read_texts(server_text, replica_text);

	ck_assert(history.is_replica);
	ck_assert_int_eq(history.offset, 1400);
}

END_TEST

START_TEST(redis_history_takes_whatever_is_no_master_for_a_replica)
{
	RedisHistory history = read_texts(server_text, "# Replication\r\nrole:sentinel\r\n");

	ck_assert(history.is_replica);
}

END_TEST

START_TEST(redis_history_is_not_told_by_an_empty_text)
{
	RedisHistory history = read_texts("", "");

	ck_assert(!redis_history_is_told(&history));
	ck_assert(!history.is_replica);
}

END_TEST

START_TEST(redis_history_does_not_mistake_part_of_a_name)
{
	RedisHistory history = read_texts("# Server\r\nold_run_id:abc\r\n",
									  "# Replication\r\nx:master_replid:abc\r\nmaster_replid_x:abc\r\n");

	ck_assert(!redis_history_is_told(&history));
	ck_assert_str_eq(history.replid, "");
}

END_TEST

START_TEST(redis_history_does_not_keep_an_id_that_is_too_long)
{
	char		text[256] = "# Server\r\nrun_id:";
	RedisHistory history;

	memset(text + strlen(text), 'a', REDIS_ID_BYTES);
	history = read_texts(text, "");
	ck_assert(!redis_history_is_told(&history));
}

END_TEST

START_TEST(redis_history_takes_an_offset_that_is_no_number_for_none)
{
	RedisHistory history = read_texts("", "\r\nmaster_repl_offset:many\r\nsecond_repl_offset:-9\r\n");

	ck_assert_int_eq(history.offset, 0);
	ck_assert_int_eq(history.second_offset, 0);
}

END_TEST

/* --- going on --- */

typedef struct GoingOn
{
	RedisHistory before;
	RedisHistory later;
	bool		goes_on;
} GoingOn;

#define AT(process, stream, place) {.run_id = (process),.replid = (stream),.offset = (place)}

static const GoingOn cases[] = {
	/* the same process and stream */
	{AT("run", "a", 5), AT("run", "a", 5), true},
	{AT("run", "a", 5), AT("run", "a", 6), true},
	/* a replica was promoted: another process with an id of its own */
	{AT("run", "a", 5), AT("other", "b", 9), false},
	/* started again, and its stream named as before */
	{AT("run", "a", 5), AT("other", "a", 9), false},
	/* demoted and promoted meanwhile, or the first replica came */
	{AT("run", "a", 5), AT("run", "b", 9), false},
	/* went back */
	{AT("run", "a", 5), AT("run", "a", 4), false},
	/* tells more, or less, than it did */
	{AT("run", "", 0), AT("run", "a", 0), false},
	{AT("run", "a", 5), AT("", "", 0), false},
	{AT("", "", 0), AT("run", "a", 5), false},
	/* tells nothing: as far as can be seen */
	{AT("", "", 0), AT("", "", 0), true},
	{AT("run", "", 0), AT("run", "", 0), true},
};

START_TEST(redis_history_goes_on_in_the_same_process_and_stream_only)
{
	const GoingOn *test = &cases[_i];

	ck_assert(redis_history_goes_on(&test->before, &test->later) == test->goes_on);
}

END_TEST

/* --- watching --- */

static RedisHistoryWatch
watch_texts(const char *first, const char *second)
{
	RedisHistoryWatch watch = {.known = read_texts(first, second)};

	redis_history_ask(&watch, 2);
	return watch;
}

START_TEST(redis_history_waits_for_the_last_text)
{
	RedisHistoryWatch watch = watch_texts(server_text, alone_text);

	ck_assert_int_eq(redis_history_take(&watch, server_text), REDIS_HISTORY_AWAITED);
	ck_assert_int_eq(redis_history_take(&watch, alone_text), REDIS_HISTORY_GOES_ON);
}

END_TEST

START_TEST(redis_history_knows_what_has_gone_on)
{
	RedisHistoryWatch watch = watch_texts("\r\nrun_id:a\r\n", "\r\nmaster_repl_offset:5\r\n");

	ck_assert_int_eq(redis_history_take(&watch, "\r\nrun_id:a\r\n"), REDIS_HISTORY_AWAITED);
	ck_assert_int_eq(redis_history_take(&watch, "\r\nmaster_repl_offset:8\r\n"),
					 REDIS_HISTORY_GOES_ON);
	ck_assert_int_eq(watch.known.offset, 8);
}

END_TEST

START_TEST(redis_history_tells_what_was_asked_for_too_early)
{
	RedisHistoryWatch watch = watch_texts(server_text, alone_text);

	redis_history_disregard(&watch);
	ck_assert_int_eq(redis_history_take(&watch, server_text), REDIS_HISTORY_AWAITED);
	ck_assert_int_eq(redis_history_take(&watch, alone_text), REDIS_HISTORY_DISREGARDED);
	redis_history_disregard(&watch);
	redis_history_ask(&watch, 2);
	ck_assert_int_eq(redis_history_take(&watch, server_text), REDIS_HISTORY_AWAITED);
	ck_assert_int_eq(redis_history_take(&watch, alone_text), REDIS_HISTORY_GOES_ON);
}

END_TEST

START_TEST(redis_history_tells_another_one)
{
	RedisHistoryWatch watch = watch_texts(server_text, alone_text);

	ck_assert_int_eq(redis_history_take(&watch, server_text), REDIS_HISTORY_AWAITED);
	ck_assert_int_eq(redis_history_take(&watch, "\r\nmaster_replid:c\r\n"),
					 REDIS_HISTORY_IS_ANOTHER);
}

END_TEST

START_TEST(redis_history_tells_a_primary_that_was_demoted)
{
	RedisHistoryWatch watch = watch_texts(server_text, alone_text);

	ck_assert_int_eq(redis_history_take(&watch, server_text), REDIS_HISTORY_AWAITED);
	ck_assert_int_eq(redis_history_take(&watch, replica_text), REDIS_HISTORY_IS_REPLICA);
}

END_TEST

START_TEST(redis_history_that_is_not_told_any_more_is_another)
{
	RedisHistoryWatch watch = watch_texts(server_text, alone_text);

	ck_assert_int_eq(redis_history_take(&watch, ""), REDIS_HISTORY_AWAITED);
	ck_assert_int_eq(redis_history_take(&watch, ""), REDIS_HISTORY_IS_ANOTHER);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_history");
	TCase	   *tests = tcase_create("redis_history");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, redis_history_reads_the_mode_of_a_valkey);
	tcase_add_test(tests, redis_history_is_read_from_two_texts);
	tcase_add_test(tests, redis_history_has_no_second_id_before_any_failover);
	tcase_add_test(tests, redis_history_knows_a_replica);
	tcase_add_test(tests, redis_history_takes_whatever_is_no_master_for_a_replica);
	tcase_add_test(tests, redis_history_is_not_told_by_an_empty_text);
	tcase_add_test(tests, redis_history_does_not_mistake_part_of_a_name);
	tcase_add_test(tests, redis_history_does_not_keep_an_id_that_is_too_long);
	tcase_add_test(tests, redis_history_takes_an_offset_that_is_no_number_for_none);
	tcase_add_loop_test(tests, redis_history_goes_on_in_the_same_process_and_stream_only,
						0, (int) (sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(tests, redis_history_waits_for_the_last_text);
	tcase_add_test(tests, redis_history_knows_what_has_gone_on);
	tcase_add_test(tests, redis_history_tells_what_was_asked_for_too_early);
	tcase_add_test(tests, redis_history_tells_another_one);
	tcase_add_test(tests, redis_history_tells_a_primary_that_was_demoted);
	tcase_add_test(tests, redis_history_that_is_not_told_any_more_is_another);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
