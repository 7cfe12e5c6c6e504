/*-------------------------------------------------------------------------
 *
 * test_journal_conninfo.c
 *	  Unit tests of listener/src/journal_conninfo.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "journal_conninfo.h"

/* The value that libpq would take: the last one given. */
static const char *
value_of(const JournalConninfo *info, const char *keyword)
{
	const char *value = NULL;

	for (int i = 0; info->keywords[i] != NULL; i++)
		if (strcmp(info->keywords[i], keyword) == 0)
			value = info->values[i];
	return value;
}

static void
check_host(const char *dsn, size_t attempt, const char *host, const char *port)
{
	JournalConninfo info;

	ck_assert(journal_conninfo_build(dsn, "uncached/default", attempt, &info));
	ck_assert_pstr_eq(value_of(&info, "host"), host);
	ck_assert_pstr_eq(value_of(&info, "port"), port);
	journal_conninfo_reset(&info);
}

/* What libpq makes of it, given that nothing listens there. */
static void
check_effective(const char *dsn, const char *keyword, const char *expected)
{
	JournalConninfo info;
	PGconn	   *conn;
	PQconninfoOption *options;
	const char *value = NULL;

	ck_assert(journal_conninfo_build(dsn, "uncached/default", 0, &info));
	conn = PQconnectStartParams(info.keywords, info.values, 1);
	options = PQconninfo(conn);
	for (PQconninfoOption *option = options; option->keyword != NULL; option++)
		if (strcmp(option->keyword, keyword) == 0)
			value = option->val;
	ck_assert_pstr_eq(value, expected);
	PQconninfoFree(options);
	PQfinish(conn);
	journal_conninfo_reset(&info);
}

static void
clear_environment(void)
{
	(void) unsetenv("PGHOST");
	(void) unsetenv("PGPORT");
	(void) unsetenv("PGHOSTADDR");
	(void) unsetenv("PGSERVICE");
	(void) unsetenv("PGAPPNAME");
}

START_TEST(journal_conninfo_adds_what_the_dsn_leaves_open)
{
	clear_environment();
	check_effective("host=/nowhere", "keepalives_idle", "3");
	check_effective("host=/nowhere", "tcp_user_timeout", "9000");
	check_effective("host=/nowhere", "target_session_attrs", "read-write");
	check_effective("host=/nowhere", "connect_timeout", "5");
}

END_TEST

START_TEST(journal_conninfo_keeps_what_the_dsn_sets)
{
	clear_environment();
	check_effective("host=/nowhere keepalives_idle=77", "keepalives_idle", "77");
	check_effective("postgresql://%2Fnowhere/x?target_session_attrs=any", "target_session_attrs", "any");
	check_effective("host=/nowhere application_name=mine", "application_name", "mine");
}

END_TEST

START_TEST(journal_conninfo_names_the_application)
{
	clear_environment();
	check_effective("host=/nowhere", "fallback_application_name", "uncached/default");
}

END_TEST

START_TEST(journal_conninfo_leaves_one_host_to_libpq)
{
	clear_environment();
	check_host("host=a port=1", 0, NULL, NULL);
	check_host("", 0, NULL, NULL);
	check_host("dbname=x", 3, NULL, NULL);
}

END_TEST

START_TEST(journal_conninfo_walks_a_list_of_hosts)
{
	clear_environment();
	check_host("host=a,b,c port=1,2,3", 0, "a", "1");
	check_host("host=a,b,c port=1,2,3", 1, "b", "2");
	check_host("host=a,b,c port=1,2,3", 2, "c", "3");
	check_host("host=a,b,c port=1,2,3", 3, "a", "1");
}

END_TEST

START_TEST(journal_conninfo_takes_one_port_for_all_hosts)
{
	clear_environment();
	check_host("host=a,b port=7", 1, "b", "7");
}

END_TEST

START_TEST(journal_conninfo_walks_the_hosts_of_a_url)
{
	clear_environment();
	check_host("postgresql://a:1,b:2/x", 1, "b", "2");
}

END_TEST

START_TEST(journal_conninfo_walks_the_hosts_of_the_environment)
{
	clear_environment();
	(void) setenv("PGHOST", "a,b", 1);
	(void) setenv("PGPORT", "1,2", 1);
	check_host("dbname=x", 1, "b", "2");
}

END_TEST

START_TEST(journal_conninfo_connects_to_the_chosen_host)
{
	clear_environment();
	check_effective("host=/nowhere,/elsewhere", "host", "/nowhere");
}

END_TEST

START_TEST(journal_conninfo_tells_what_libpq_cannot_parse)
{
	clear_environment();
	ck_assert(journal_conninfo_is_valid("host=a password='b c'"));
	ck_assert(journal_conninfo_is_valid("postgresql://a/b"));
	ck_assert(journal_conninfo_is_valid("a_database"));
	ck_assert(journal_conninfo_is_valid(""));
	ck_assert(!journal_conninfo_is_valid("host=a password='b c"));
	ck_assert(!journal_conninfo_is_valid("postgresql://a:%zz@b/c"));
	ck_assert(!journal_conninfo_is_valid("no_such_word=1"));
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("journal_conninfo");
	TCase	   *tests = tcase_create("journal_conninfo");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, journal_conninfo_adds_what_the_dsn_leaves_open);
	tcase_add_test(tests, journal_conninfo_keeps_what_the_dsn_sets);
	tcase_add_test(tests, journal_conninfo_names_the_application);
	tcase_add_test(tests, journal_conninfo_leaves_one_host_to_libpq);
	tcase_add_test(tests, journal_conninfo_walks_a_list_of_hosts);
	tcase_add_test(tests, journal_conninfo_takes_one_port_for_all_hosts);
	tcase_add_test(tests, journal_conninfo_walks_the_hosts_of_a_url);
	tcase_add_test(tests, journal_conninfo_walks_the_hosts_of_the_environment);
	tcase_add_test(tests, journal_conninfo_connects_to_the_chosen_host);
	tcase_add_test(tests, journal_conninfo_tells_what_libpq_cannot_parse);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
