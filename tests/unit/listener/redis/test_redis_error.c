/*-------------------------------------------------------------------------
 *
 * test_redis_error.c
 *	  Unit tests of listener/src/redis/redis_error.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "redis/redis_error.h"

#define MANY(texts) (sizeof(texts) / sizeof((texts)[0]))

static RedisReaction
reaction(const char *text)
{
	return redis_error_kind(REDIS_FAILURE_REPLY, text)->reaction;
}

static const char *
advice(const char *text)
{
	return redis_error_kind(REDIS_FAILURE_REPLY, text)->advice;
}

START_TEST(redis_error_retries_what_passes_by_itself)
{
	static const char *const texts[] = {
		"OOM command not allowed when used memory > 'maxmemory'.",
		"MISCONF Redis is configured to save RDB snapshots",
		"READONLY You can't write against a read only replica.",
		"LOADING Redis is loading the dataset in memory",
		"MASTERDOWN Link with MASTER is down",
		"NOREPLICAS Not enough good replicas to write.",
		"CLUSTERDOWN The cluster is down",
		"BUSY Redis is busy running a script.",
		"NOSCRIPT No matching script.",
		"EXECABORT Transaction discarded",
	};

	for (size_t i = 0; i < MANY(texts); i++)
		ck_assert_msg(reaction(texts[i]) == REDIS_REACTION_RETRY, "%s", texts[i]);
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
		"DENIED Redis is running in protected mode",
		"ERR invalid password",
		"ERR Client sent AUTH, but no password is set",
		"ERR AUTH <password> called without any password configured",
		"ERR max number of clients reached",
	};

	for (size_t i = 0; i < MANY(texts); i++)
	{
		ck_assert_msg(reaction(texts[i]) == REDIS_REACTION_ALARM, "%s", texts[i]);
		ck_assert_str_ne(advice(texts[i]), "");
	}
}

END_TEST

START_TEST(redis_error_takes_for_fatal_what_no_redis_of_this_kind_can_serve)
{
	static const char *const texts[] = {
		"MOVED 3999 127.0.0.1:6381",
		"ASK 3999 127.0.0.1:6381",
		"TRYAGAIN Multiple keys request during rehashing of slot",
		"CROSSSLOT Keys in request don't hash to the same slot",
		"ERR Write commands not allowed after non deterministic commands.",
		"ERR DB index is out of range",
		"ERR unknown command 'UNLINK'",
		"ERR unknown command 'SELECT', with args beginning with: '1' ",
		"ERR SELECT is not allowed in cluster mode",
		REDIS_ERROR_CLUSTER,
		REDIS_ERROR_SENTINEL,
	};

	for (size_t i = 0; i < MANY(texts); i++)
	{
		ck_assert_msg(reaction(texts[i]) == REDIS_REACTION_FATAL, "%s", texts[i]);
		ck_assert_str_ne(advice(texts[i]), "");
	}
}

END_TEST

START_TEST(redis_error_reads_what_an_older_redis_makes_of_a_script_s_error)
{
	ck_assert_int_eq(reaction("-OOM command not allowed"), REDIS_REACTION_RETRY);
	ck_assert_str_eq(advice("-NOPERM x"), advice("NOPERM x"));
	ck_assert_int_eq(reaction("-"), REDIS_REACTION_ALARM);
}

END_TEST

/*
 * What the servers answered to redis.pcall in a script, of a user without the command, of one
 * without the key, on a replica, over maxmemory, and to a command that they do not have.
 */
START_TEST(redis_error_knows_a_script_s_errors_in_the_words_of_each_version)
{
	static const struct
	{
		const char *text;
		const char *alike;		/* outside of scripts */
	}			cases[] = {
		/* Redis 6.0.16 */
		{"@user_script: 1: The user executing the script can't run this command or subcommand", "NOPERM "},
		{"@user_script: 11: The user executing the script can't access at least one of the keys"
		" mentioned in the command arguments", "NOPERM "},
		{"@user_script: 1: -READONLY You can't write against a read only replica.", "READONLY "},
		{"@user_script: 1: -OOM command not allowed when used memory > 'maxmemory'.", "OOM "},
		{"@user_script: 1: Unknown Redis command called from Lua script", "ERR unknown command"},
		/* Redis 7.0.15 */
		{"ERR The user executing the script can't run this command or subcommand", "NOPERM "},
		{"ERR The user executing the script can't access at least one of the keys mentioned in the"
		" command arguments", "NOPERM "},
		{"READONLY You can't write against a read only replica.", "READONLY "},
		{"OOM command not allowed when used memory > 'maxmemory'.", "OOM "},
		{"ERR Unknown Redis command called from script", "ERR unknown command"},
		/* Redis 8.0.2, Valkey 8.1.1 and 9.1.2 */
		{"ERR ACL failure in script: User u has no permissions to run the 'unlink' command", "NOPERM "},
		{"ERR ACL failure in script: No permissions to access a key", "NOPERM "},
		/* Valkey alone */
		{"ERR Unknown command called from script", "ERR unknown command"},
	};

	for (size_t i = 0; i < MANY(cases); i++)
	{
		ck_assert_msg(reaction(cases[i].text) == reaction(cases[i].alike), "%s", cases[i].text);
		ck_assert_str_eq(advice(cases[i].text), advice(cases[i].alike));
		ck_assert_int_eq(redis_error_is_denial(cases[i].text),
						 redis_error_is_denial(cases[i].alike));
	}
	/* no place in a script */
	ck_assert_str_eq(advice("@user_script: 1"), advice("ERR something else"));
	ck_assert_str_eq(advice("@user_script: NOPERM x"), advice("ERR something else"));
	ck_assert_str_eq(advice("@user_script: 1: something"), advice("ERR something else"));
}

END_TEST

START_TEST(redis_error_alarms_for_an_unknown_error)
{
	ck_assert_int_eq(reaction("ERR something else"), REDIS_REACTION_ALARM);
	ck_assert_int_eq(reaction(""), REDIS_REACTION_ALARM);
	ck_assert_int_eq(reaction("OOMPH"), REDIS_REACTION_ALARM);
}

END_TEST

START_TEST(redis_error_knows_what_the_user_may_not_do)
{
	ck_assert(redis_error_is_denial("NOPERM this user has no permissions"));
	ck_assert(redis_error_is_denial("-ERR The user executing the script can't run this command"));
	ck_assert(redis_error_is_denial("ERR ACL failure in script: no permissions"));
	ck_assert(!redis_error_is_denial("NOAUTH Authentication required."));
	ck_assert(!redis_error_is_denial("OOM command not allowed"));
	ck_assert(!redis_error_is_denial(""));
}

END_TEST

START_TEST(redis_error_tells_a_name_and_silence_from_a_redis_that_is_away)
{
	static const char *const names[] = {
		"cannot resolve the host name: no reply from the name service",
		"cannot resolve the host name: Name or service not known",
		"cannot look up the host name: earlier look-ups still hang in the name service",
	};
	static const char *const silences[] = {
		"no reply before the deadline",
		"no reply to the greeting before the deadline",
		"127.0.0.1: no reply before the deadline; 127.0.0.2: Connection refused",
	};
	const char *away = redis_error_kind(REDIS_FAILURE_CONNECTION, "Connection refused")->advice;

	ck_assert_ptr_nonnull(strstr(away, "that Redis is running"));
	for (size_t i = 0; i < MANY(names); i++)
	{
		const RedisErrorKind *kind = redis_error_kind(REDIS_FAILURE_CONNECTION, names[i]);

		ck_assert_ptr_nonnull(strstr(kind->advice, "DNS"));
		ck_assert_int_eq(kind->reaction, REDIS_REACTION_RETRY);
	}
	for (size_t i = 0; i < MANY(silences); i++)
	{
		const RedisErrorKind *kind = redis_error_kind(REDIS_FAILURE_CONNECTION, silences[i]);

		ck_assert_ptr_nonnull(strstr(kind->advice, "what blocks Redis"));
		ck_assert_int_eq(kind->reaction, REDIS_REACTION_RETRY);
	}
}

END_TEST

START_TEST(redis_error_takes_no_failure_to_connect_for_an_error_reply)
{
	ck_assert_int_eq(redis_error_kind(REDIS_FAILURE_CONNECTION, "NOAUTH x")->reaction,
					 REDIS_REACTION_RETRY);
	ck_assert_int_eq(redis_error_kind(REDIS_FAILURE_PROTOCOL, "LOADING x")->reaction,
					 REDIS_REACTION_ALARM);
}

END_TEST

START_TEST(redis_error_has_an_advice_for_everything)
{
	const RedisErrorKind *kind;

	for (size_t i = 0; (kind = redis_error_kind_at(i)) != NULL; i++)
	{
		ck_assert_msg(kind->advice[0] != '\0', "%s", kind->prefix);
		/* what stands behind one that fits more would never be found */
		ck_assert_msg(redis_error_kind(REDIS_FAILURE_REPLY, kind->prefix) == kind, "%s",
					  kind->prefix);
	}
	ck_assert_str_ne(redis_error_kind(REDIS_FAILURE_CONNECTION, "")->advice, "");
	ck_assert_str_ne(redis_error_kind(REDIS_FAILURE_PROTOCOL, "")->advice, "");
}

END_TEST

START_TEST(redis_error_names_the_password_file_where_it_is_about_the_password)
{
	static const char *const texts[] = {
		"NOAUTH Authentication required.", "WRONGPASS invalid", "ERR invalid password",
		"ERR Client sent AUTH, but no password is set", "ERR AUTH <password> called",
	};

	for (size_t i = 0; i < MANY(texts); i++)
		ck_assert_msg(redis_error_file_advice(REDIS_FAILURE_REPLY, texts[i]) != NULL, "%s", texts[i]);
	ck_assert_ptr_nonnull(redis_error_file_advice(REDIS_FAILURE_PASSWORD, "NOPERM x"));
	ck_assert_ptr_null(redis_error_file_advice(REDIS_FAILURE_REPLY, "NOPERM x"));
	ck_assert_ptr_null(redis_error_file_advice(REDIS_FAILURE_CONNECTION, "WRONGPASS x"));
}

END_TEST

START_TEST(redis_error_tells_a_cluster_from_a_sentinel)
{
	ck_assert_ptr_nonnull(strstr(advice(REDIS_ERROR_CLUSTER), "Cluster"));
	ck_assert_ptr_nonnull(strstr(advice(REDIS_ERROR_SENTINEL), "primary's address"));
}

END_TEST

START_TEST(redis_error_alarms_where_the_password_file_gives_none)
{
	const RedisErrorKind *kind = redis_error_kind(REDIS_FAILURE_PASSWORD, "LOADING x");

	ck_assert_int_eq(kind->reaction, REDIS_REACTION_ALARM);
	ck_assert_str_ne(kind->advice, "");
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("redis_error");
	TCase	   *tests = tcase_create("redis_error");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, redis_error_retries_what_passes_by_itself);
	tcase_add_test(tests, redis_error_alarms_where_an_operator_must_act);
	tcase_add_test(tests, redis_error_takes_for_fatal_what_no_redis_of_this_kind_can_serve);
	tcase_add_test(tests, redis_error_reads_what_an_older_redis_makes_of_a_script_s_error);
	tcase_add_test(tests, redis_error_knows_a_script_s_errors_in_the_words_of_each_version);
	tcase_add_test(tests, redis_error_alarms_for_an_unknown_error);
	tcase_add_test(tests, redis_error_knows_what_the_user_may_not_do);
	tcase_add_test(tests, redis_error_tells_a_name_and_silence_from_a_redis_that_is_away);
	tcase_add_test(tests, redis_error_takes_no_failure_to_connect_for_an_error_reply);
	tcase_add_test(tests, redis_error_has_an_advice_for_everything);
	tcase_add_test(tests, redis_error_tells_a_cluster_from_a_sentinel);
	tcase_add_test(tests, redis_error_names_the_password_file_where_it_is_about_the_password);
	tcase_add_test(tests, redis_error_alarms_where_the_password_file_gives_none);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
