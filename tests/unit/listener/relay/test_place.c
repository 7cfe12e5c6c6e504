/*-------------------------------------------------------------------------
 *
 * test_place.c
 *	  Unit tests of listener/src/relay/place.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "relay/place.h"

static void
expect_place(int database, const char *prefix, const char *expected)
{
	char	   *place = place_describe(database, prefix, strlen(prefix));

	ck_assert_ptr_nonnull(place);
	ck_assert_str_eq(place, expected);
	free(place);
}

static void
expect_address(const char *url_text, const char *expected)
{
	RedisUrl	url;
	char		error[256];
	char	   *address;

	ck_assert(url_parse(url_text, &url, error, sizeof(error)));
	address = place_describe_address(&url);
	ck_assert_ptr_nonnull(address);
	ck_assert_str_eq(address, expected);
	free(address);
	url_reset(&url);
}

START_TEST(place_is_database_and_prefix)
{
	expect_place(0, "", "database 0, prefix ");
	expect_place(2147483647, "shop:", "database 2147483647, prefix shop:");
}

END_TEST

START_TEST(place_is_printable_and_without_two_readings)
{
	expect_place(0, "a b\\x20\n\x7f\xff", "database 0, prefix a\\x20b\\x5cx20\\x0a\\x7f\\xff");
}

END_TEST

START_TEST(place_has_an_address_of_host_and_port_or_of_a_socket)
{
	expect_address("redis://h", "h port 6379");
	expect_address("redis://[::1]:65535/1", "::1 port 65535");
	expect_address("unix:///run/r.sock?db=3", "/run/r.sock");
	expect_address("unix:///a%20b,%FF", "/a\\x20b,\\xff");
	expect_address("redis+sentinel://s1,s2/mymaster/1", "mymaster");
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("place");
	TCase	   *tests = tcase_create("place");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_test(tests, place_is_database_and_prefix);
	tcase_add_test(tests, place_has_an_address_of_host_and_port_or_of_a_socket);
	tcase_add_test(tests, place_is_printable_and_without_two_readings);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
