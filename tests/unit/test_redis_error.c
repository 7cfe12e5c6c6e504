/*-------------------------------------------------------------------------
 *
 * test_redis_error.c
 *	  Unit tests of listener/src/redis_error.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "redis_error.h"

START_TEST(redis_error_retries_quietly_what_passes_by_itself)
{
	static const char *const texts[] = {
		"OOM command not allowed when used memory > 'maxmemory'.",
		"MISCONF Redis is configured to save RDB snapshots",
		"READONLY You can't write against a read only replica.",
		"LOADING Redis is loading the dataset in memory",
		"MASTERDOWN Link with MASTER is down",
		"NOREPLICAS Not enough good replicas to write.",
		"CLUSTERDOWN The cluster is down",
		"MOVED 3999 127.0.0.1:6381",
		"ASK 3999 127.0.0.1:6381",
		"BUSY Redis is busy running a script.",
		"NOSCRIPT No matching script.",
		"EXECABORT Transaction discarded",
		"TRYAGAIN Multiple keys request during rehashing of slot",
		"ERR max number of clients reached",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(!redis_error_kind(texts[i])->is_alarm, "%s", texts[i]);
}

END_TEST

START_TEST(redis_error_alarms_where_an_operator_must_act)
{
	static const char *const texts[] = {
		"NOAUTH Authentication required.",
		"WRONGPASS invalid username-password pair or user is disabled.",
		"NOPERM this user has no permissions to run the 'unlink' command",
		"ERR The user executing the script can't run this command or subcommand",
		"ERR ACL failure in script: User x has no permissions to run the 'incr' command",
		"ERR Write commands not allowed after non deterministic commands.",
		"DENIED Redis is running in protected mode",
		"ERR invalid password",
		"ERR Client sent AUTH, but no password is set",
		"ERR AUTH <password> called without any password configured",
		"ERR DB index is out of range",
		"ERR unknown command 'UNLINK'",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		ck_assert_msg(redis_error_kind(texts[i])->is_alarm, "%s", texts[i]);
		ck_assert_str_ne(redis_error_kind(texts[i])->advice, "");
	}
}

END_TEST

START_TEST(redis_error_reads_what_an_older_redis_makes_of_a_script_s_error)
{
	ck_assert_ptr_eq(redis_error_kind("-OOM command not allowed"), redis_error_kind("OOM "));
	ck_assert_ptr_eq(redis_error_kind("-NOPERM x"), redis_error_kind("NOPERM x"));
	ck_assert(redis_error_kind("-")->is_alarm);
}

END_TEST

START_TEST(redis_error_alarms_for_an_unknown_error)
{
	ck_assert(redis_error_kind("ERR something else")->is_alarm);
	ck_assert(redis_error_kind("")->is_alarm);
	ck_assert(redis_error_kind("OOMPH")->is_alarm);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_error");
	TCase	   *tests = tcase_create("redis_error");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, redis_error_retries_quietly_what_passes_by_itself);
	tcase_add_test(tests, redis_error_alarms_where_an_operator_must_act);
	tcase_add_test(tests, redis_error_reads_what_an_older_redis_makes_of_a_script_s_error);
	tcase_add_test(tests, redis_error_alarms_for_an_unknown_error);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
