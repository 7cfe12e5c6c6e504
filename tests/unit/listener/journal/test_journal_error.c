/*-------------------------------------------------------------------------
 *
 * test_journal_error.c
 *	  Unit tests of listener/src/journal/journal_error.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "journal/journal_error.h"

#define MANY(texts) (sizeof(texts) / sizeof((texts)[0]))

static char sqlstate[JOURNAL_SQLSTATE_BYTES];
static char text[128];

static JournalReaction
reaction(JournalFailure failure, const char *state, const char *error)
{
	return journal_error_kind(failure, state, error)->reaction;
}

static void
read_message(const char *message)
{
	journal_error_read(message, sqlstate, text, sizeof(text));
}

START_TEST(journal_error_has_an_advice_for_everything)
{
	for (JournalFailure failure = JOURNAL_FAILURE_CONNECTION;
		 failure <= JOURNAL_FAILURE_ANSWER; failure++)
	{
		size_t		count = 0;
		const JournalErrorKind *kind;

		while ((kind = journal_error_kind_at(failure, count)) != NULL)
		{
			ck_assert_msg(kind->advice[0] != '\0', "%s %s", kind->sqlstate, kind->text);
			count++;
		}
		ck_assert_uint_gt(count, 0);
		kind = journal_error_kind_at(failure, count - 1);
		ck_assert_str_eq(kind->sqlstate, "");
		ck_assert_str_eq(kind->text, "");
	}
}

END_TEST

/* What stands behind an entry that fits more would never be found. */
START_TEST(journal_error_finds_every_entry_of_its_tables)
{
	for (JournalFailure failure = JOURNAL_FAILURE_CONNECTION;
		 failure <= JOURNAL_FAILURE_ANSWER; failure++)
	{
		const JournalErrorKind *kind;

		for (size_t i = 0; (kind = journal_error_kind_at(failure, i)) != NULL; i++)
			ck_assert_msg(journal_error_kind(failure, kind->sqlstate, kind->text) == kind,
						  "%s %s", kind->sqlstate, kind->text);
	}
}

END_TEST

START_TEST(journal_error_alarms_where_an_operator_must_act)
{
	static const char *const refusals[] = {
		"28P01", "28000", "3D000", "42501", "55000", "53300", "42704", "22023", "08P01", "57P04"
	};
	static const char *const texts[] = {
		"fe_sendauth: no password supplied",
		"connection to server at \"a\", port 5432 failed: session is read-only",
		"the dsn is not a valid connection string",
		"there is a connection pooler in front of the server: the dsn must name PostgreSQL itself",
		"server does not support SSL, but SSL was required",
		"SSL error: certificate verify failed",
		"invalid sslmode value: \"x\"",
	};
	static const char *const states[] = {
		"42501", "42883", "3F000", "42P01", "58P01", "25006", "55000", "53100", "XX000", "XX001", "22023"
	};

	for (size_t i = 0; i < MANY(refusals); i++)
		ck_assert_msg(reaction(JOURNAL_FAILURE_CONNECTION, refusals[i], "x") ==
					  JOURNAL_REACTION_ALARM, "%s", refusals[i]);
	for (size_t i = 0; i < MANY(texts); i++)
		ck_assert_msg(reaction(JOURNAL_FAILURE_CONNECTION, "", texts[i]) ==
					  JOURNAL_REACTION_ALARM, "%s", texts[i]);
	for (size_t i = 0; i < MANY(states); i++)
		ck_assert_msg(reaction(JOURNAL_FAILURE_SERVER, states[i], "x") ==
					  JOURNAL_REACTION_ALARM, "%s", states[i]);
}

END_TEST

START_TEST(journal_error_retries_what_passes_by_itself)
{
	static const char *const texts[] = {
		"Connection refused", "No such file or directory", "server closed the connection unexpectedly",
		"no reply before the deadline", "out of memory", "", "timeout expired",
	};
	static const char *const states[] = {
		"57P01", "57P02", "57P03", "57P05", "57014", "55P03", "40P01", "40001", "53200", "08006"
	};

	for (size_t i = 0; i < MANY(texts); i++)
		ck_assert_msg(reaction(JOURNAL_FAILURE_CONNECTION, "", texts[i]) ==
					  JOURNAL_REACTION_RETRY, "%s", texts[i]);
	for (size_t i = 0; i < MANY(states); i++)
		ck_assert_msg(reaction(JOURNAL_FAILURE_SERVER, states[i], "x") ==
					  JOURNAL_REACTION_RETRY, "%s", states[i]);
	ck_assert_int_eq(reaction(JOURNAL_FAILURE_CONNECTION, "57P03", "x"), JOURNAL_REACTION_RETRY);
}

END_TEST

START_TEST(journal_error_tells_a_missing_right_from_a_missing_connect)
{
	ck_assert_ptr_nonnull(strstr(journal_error_kind(JOURNAL_FAILURE_SERVER, "42501", "x")->advice,
								 "grant_consumer"));
	ck_assert_ptr_nonnull(strstr(journal_error_kind(JOURNAL_FAILURE_CONNECTION, "42501", "x")->advice,
								 "GRANT CONNECT"));
}

END_TEST

START_TEST(journal_error_of_a_lost_consumer_passes_by_itself)
{
	ck_assert_int_eq(reaction(JOURNAL_FAILURE_SERVER, "55000",
							  "the consumer of target \"default\" was declared lost"),
					 JOURNAL_REACTION_RETRY);
	ck_assert_int_eq(reaction(JOURNAL_FAILURE_SERVER, "55000", "table uncache.journal lacks a column"),
					 JOURNAL_REACTION_ALARM);
}

END_TEST

START_TEST(journal_error_of_an_answer_is_one_of_versions)
{
	ck_assert_ptr_nonnull(strstr(journal_error_kind(JOURNAL_FAILURE_ANSWER, "",
													"unknown: upgrade uncached")->advice, "newer"));
	ck_assert_int_eq(reaction(JOURNAL_FAILURE_ANSWER, "", "columns"), JOURNAL_REACTION_ALARM);
	ck_assert_int_eq(reaction(JOURNAL_FAILURE_ANSWER, "", "out of memory"), JOURNAL_REACTION_RETRY);
}

END_TEST

START_TEST(journal_error_reads_the_sqlstate_of_a_refusal)
{
	read_message("connection to server on socket \"/run/.s.PGSQL.5432\" failed: FATAL:  28000: role \"x\" does not exist\n"
				 "LOCATION:  InitializeSessionUserId, miscinit.c:768\n");
	ck_assert_str_eq(sqlstate, "28000");
	ck_assert_str_eq(text, "role \"x\" does not exist");
}

END_TEST

START_TEST(journal_error_reads_a_refusal_in_any_language)
{
	read_message("connection to server at \"a\" failed: \xd0\x92\xd0\x90\xd0\x96\xd0\x9d\xd0\x9e:  28P01: \xd0\xbd\xd0\xb5\xd1\x82\n");
	ck_assert_str_eq(sqlstate, "28P01");
	ck_assert_str_eq(text, "\xd0\xbd\xd0\xb5\xd1\x82");
}

END_TEST

/* With and without SSL, or at several addresses of one name. */
START_TEST(journal_error_reads_the_last_of_several_refusals)
{
	read_message("connection to server at \"a\" failed: FATAL:  57P03: starting\n"
				 "connection to server at \"b\" failed: FATAL:  28000: no entry\nDETAIL:  x\n");
	ck_assert_str_eq(sqlstate, "28000");
	ck_assert_str_eq(text, "no entry");
}

END_TEST

START_TEST(journal_error_reads_a_message_without_an_sqlstate)
{
	static const char *const messages[] = {
		"Connection refused\n\tIs the server running?\n", "FATAL:  28p01: x", "FATAL: 28P01: x", ":  28P0", "", ":  28P01:x"
	};

	for (size_t i = 0; i < MANY(messages); i++)
	{
		read_message(messages[i]);
		ck_assert_str_eq(sqlstate, "");
		ck_assert_int_eq(strncmp(text, messages[i], strlen(text)), 0);
	}
	read_message(messages[0]);
	ck_assert_str_eq(text, "Connection refused\n\tIs the server running?");
}

END_TEST

START_TEST(journal_error_cuts_what_is_too_long)
{
	char		message[512];

	memset(message, 'x', sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	read_message(message);
	ck_assert_uint_eq(strlen(text), sizeof(text) - 1);
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("journal_error");
	TCase	   *tests = tcase_create("journal_error");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, journal_error_has_an_advice_for_everything);
	tcase_add_test(tests, journal_error_finds_every_entry_of_its_tables);
	tcase_add_test(tests, journal_error_alarms_where_an_operator_must_act);
	tcase_add_test(tests, journal_error_retries_what_passes_by_itself);
	tcase_add_test(tests, journal_error_tells_a_missing_right_from_a_missing_connect);
	tcase_add_test(tests, journal_error_of_a_lost_consumer_passes_by_itself);
	tcase_add_test(tests, journal_error_of_an_answer_is_one_of_versions);
	tcase_add_test(tests, journal_error_reads_the_sqlstate_of_a_refusal);
	tcase_add_test(tests, journal_error_reads_a_refusal_in_any_language);
	tcase_add_test(tests, journal_error_reads_the_last_of_several_refusals);
	tcase_add_test(tests, journal_error_reads_a_message_without_an_sqlstate);
	tcase_add_test(tests, journal_error_cuts_what_is_too_long);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
