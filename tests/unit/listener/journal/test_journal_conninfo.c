/*-------------------------------------------------------------------------
 *
 * test_journal_conninfo.c
 *	  Unit tests of listener/src/journal/journal_conninfo.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/journal_conninfo.h"

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

START_TEST(journal_conninfo_names_one_host_at_each_attempt)
{
	clear_environment();
	check_host("host=a port=1", 0, "a", "1");
	check_host("host=a port=1", 7, "a", "1");
}

END_TEST

START_TEST(journal_conninfo_leaves_it_to_libpq_where_no_host_is_named)
{
	clear_environment();
	check_host("", 0, NULL, NULL);
	check_host("dbname=x", 3, NULL, NULL);
	check_host("no_such_word=1", 0, NULL, NULL);
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

START_TEST(journal_conninfo_counts_the_hosts)
{
	static const char *const dsns[] = {"dbname=x", "host=a", "host=a,b,c port=1", "hostaddr=10.0.0.1,10.0.0.2"};
	static const size_t counts[] = {0, 1, 3, 2};
	JournalConninfo info;

	clear_environment();
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
	{
		ck_assert(journal_conninfo_build(dsns[i], "uncached", 1, &info));
		ck_assert_uint_eq(info.host_count, counts[i]);
		journal_conninfo_reset(&info);
	}
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

static void
write_service_file(const char *path, const char *text)
{
	FILE	   *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	(void) setenv("PGSERVICEFILE", path, 1);
}

/* What the dsn says goes before the service, and that before the environment. */
START_TEST(journal_conninfo_walks_the_hosts_of_a_service)
{
	char		path[] = "/tmp/uncache-test-XXXXXX";
	int			fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	(void) close(fd);
	clear_environment();
	(void) setenv("PGHOST", "other", 1);
	write_service_file(path, "[billing]\nhost=a,b\nport=1,2\n[named]\nhost=c\n");
	check_host("service=billing", 1, "b", "2");
	check_host("service=billing host=x,y", 0, "x", "1");
	check_host("postgresql:///?service=named", 0, "c", "5432");
	(void) setenv("PGSERVICE", "billing", 1);
	check_host("dbname=x", 1, "b", "2");
	(void) unlink(path);
	clear_environment();
}

END_TEST

static void
check_name(const char *dsn, size_t attempt, bool expected)
{
	JournalConninfo info;

	ck_assert(journal_conninfo_build(dsn, "uncached/default", attempt, &info));
	ck_assert_msg(journal_conninfo_has_name(&info) == expected, "%s", dsn);
	journal_conninfo_reset(&info);
}

START_TEST(journal_conninfo_tells_which_host_has_a_name)
{
	clear_environment();
	check_name("host=a", 0, true);
	check_name("postgresql://a:1/b", 0, true);
	check_name("host=/run/postgresql", 0, false);
	check_name("host=@abstract", 0, false);
	check_name("host=''", 0, false);
	check_name("", 0, false);
	check_name("host=a hostaddr=10.0.0.1", 0, false);
	check_name("hostaddr=10.0.0.1", 0, false);
	check_name("host=a,/run,c", 0, true);
	check_name("host=a,/run,c", 1, false);
	check_name("host=a,b hostaddr=,10.0.0.1", 0, true);
	check_name("host=a,b hostaddr=,10.0.0.1", 1, false);
	(void) setenv("PGHOST", "a", 1);
	check_name("dbname=x", 0, true);
	(void) setenv("PGHOSTADDR", "10.0.0.1", 1);
	check_name("dbname=x", 0, false);
	clear_environment();
}

END_TEST

START_TEST(journal_conninfo_gives_libpq_the_address_beside_the_name)
{
	JournalConninfo info;

	clear_environment();
	ck_assert(journal_conninfo_build("host=a,b port=1,2 hostaddr=,", "uncached/default", 1, &info));
	for (int i = 0; i < 3; i++)
	{
		journal_conninfo_set_address(&info, i == 0 ? "10.0.0.1" : "::1");
		ck_assert_pstr_eq(value_of(&info, "host"), "b");
		ck_assert_pstr_eq(value_of(&info, "port"), "2");
		ck_assert_pstr_eq(value_of(&info, "hostaddr"), i == 0 ? "10.0.0.1" : "::1");
	}
	journal_conninfo_reset(&info);
}

END_TEST

/* A file of passwords that others can read would make libpq write to stderr. */
START_TEST(journal_conninfo_reads_no_file_of_passwords)
{
	JournalConninfo info;
	char		path[] = "/tmp/uncache-test-XXXXXX";
	char		said[] = "/tmp/uncache-test-XXXXXX";
	int			fd = mkstemp(path);
	int			said_fd = mkstemp(said);
	int			stderr_fd = dup(STDERR_FILENO);

	ck_assert(fd >= 0 && said_fd >= 0 && stderr_fd >= 0);
	ck_assert_int_eq(fchmod(fd, 0644), 0);
	clear_environment();
	(void) setenv("PGPASSFILE", path, 1);
	(void) dup2(said_fd, STDERR_FILENO);
	ck_assert(journal_conninfo_build("host=a", "uncached/default", 0, &info));
	(void) dup2(stderr_fd, STDERR_FILENO);
	ck_assert_int_eq(lseek(said_fd, 0, SEEK_END), 0);
	journal_conninfo_reset(&info);
	(void) unlink(path);
	(void) unlink(said);
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
	tcase_add_test(tests, journal_conninfo_names_one_host_at_each_attempt);
	tcase_add_test(tests, journal_conninfo_leaves_it_to_libpq_where_no_host_is_named);
	tcase_add_test(tests, journal_conninfo_walks_a_list_of_hosts);
	tcase_add_test(tests, journal_conninfo_counts_the_hosts);
	tcase_add_test(tests, journal_conninfo_takes_one_port_for_all_hosts);
	tcase_add_test(tests, journal_conninfo_walks_the_hosts_of_a_url);
	tcase_add_test(tests, journal_conninfo_walks_the_hosts_of_the_environment);
	tcase_add_test(tests, journal_conninfo_walks_the_hosts_of_a_service);
	tcase_add_test(tests, journal_conninfo_tells_which_host_has_a_name);
	tcase_add_test(tests, journal_conninfo_gives_libpq_the_address_beside_the_name);
	tcase_add_test(tests, journal_conninfo_reads_no_file_of_passwords);
	tcase_add_test(tests, journal_conninfo_connects_to_the_chosen_host);
	tcase_add_test(tests, journal_conninfo_tells_what_libpq_cannot_parse);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
