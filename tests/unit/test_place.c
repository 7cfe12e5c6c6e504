/*-------------------------------------------------------------------------
 *
 * test_place.c
 *	  Unit tests of listener/src/place.c.
 *
 *-------------------------------------------------------------------------
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "place.h"

static void
expect_place(const char *url_text, const char *prefix, bool with_address, const char *expected)
{
	RedisUrl	url;
	char		error[256];
	char	   *place;

	ck_assert(url_parse(url_text, &url, error, sizeof(error)));
	place = place_describe(&url, prefix, strlen(prefix), with_address);
	ck_assert_ptr_nonnull(place);
	ck_assert_str_eq(place, expected);
	free(place);
	url_reset(&url);
}

START_TEST(place_is_database_and_prefix)
{
	expect_place("redis://h", "", false, "database 0, prefix ");
	expect_place("redis://h:7/2147483647", "shop:", false, "database 2147483647, prefix shop:");
}

END_TEST

START_TEST(place_says_the_address_where_the_server_tells_nothing)
{
	expect_place("redis://[::1]:65535/1", "a", true, "::1 port 65535, database 1, prefix a");
	expect_place("unix:///run/r.sock?db=3", "a", true, "/run/r.sock, database 3, prefix a");
}

END_TEST

START_TEST(place_is_printable_and_without_two_readings)
{
	expect_place("redis://h", "a b\\x20\n\x7f\xff", false,
				 "database 0, prefix a\\x20b\\x5cx20\\x0a\\x7f\\xff");
	expect_place("unix:///a%20b,%FF", "p", true, "/a\\x20b,\\xff, database 0, prefix p");
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
	tcase_add_test(tests, place_says_the_address_where_the_server_tells_nothing);
	tcase_add_test(tests, place_is_printable_and_without_two_readings);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
