/*-------------------------------------------------------------------------
 *
 * test_check_names.c
 *	  Unit tests of listener/src/check/check_names.c.
 *
 *-------------------------------------------------------------------------
 */
#include "check/check_names.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/fake_names.h"
#include "base/resolver.h"

#define PATIENCE_MS 5000
#define SHORT_MS 20

static char problem[CHECK_NAMES_PROBLEM_BYTES];

static void
set_up(void)
{
	fake_names_set("two.test", 0, false, "10.0.0.1", "10.0.0.2");
	fake_names_set("hang.test", 0, true, "10.0.0.3", NULL);
	fake_names_set("busy.test", EAI_AGAIN, false, NULL, NULL);
}

static void
expect(struct addrinfo *addresses, const char *first)
{
	char		text[64];

	ck_assert_ptr_nonnull(addresses);
	resolver_describe(addresses, text, sizeof(text));
	ck_assert_str_eq(text, first);
	freeaddrinfo(addresses);
}

START_TEST(check_names_finds_the_addresses_of_a_name)
{
	expect(check_names_resolve("two.test", 7000, PATIENCE_MS, problem), "10.0.0.1");
}

END_TEST

START_TEST(check_names_asks_nobody_for_an_address)
{
	int			before = fake_names_read(&fake_names_asked);

	expect(check_names_resolve("10.0.0.9", 7000, PATIENCE_MS, problem), "10.0.0.9");
	ck_assert_int_eq(fake_names_read(&fake_names_asked), before);
}

END_TEST

START_TEST(check_names_says_why_there_are_no_addresses)
{
	ck_assert_ptr_null(check_names_resolve("busy.test", 7000, PATIENCE_MS, problem));
	ck_assert_ptr_nonnull(strstr(problem, "cannot resolve the host name: "));
}

END_TEST

START_TEST(check_names_waits_no_longer_than_it_is_told_to)
{
	ck_assert_ptr_null(check_names_resolve("hang.test", 7000, SHORT_MS, problem));
	ck_assert_str_eq(problem, "cannot resolve the host name: no reply from the name service");
	/* and the next name is asked for */
	expect(check_names_resolve("two.test", 7000, PATIENCE_MS, problem), "10.0.0.1");
}

END_TEST

int
main(void)
{
	Suite	   *suite = suite_create("check_names");
	TCase	   *tests = tcase_create("check_names");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, check_names_finds_the_addresses_of_a_name);
	tcase_add_test(tests, check_names_asks_nobody_for_an_address);
	tcase_add_test(tests, check_names_says_why_there_are_no_addresses);
	tcase_add_test(tests, check_names_waits_no_longer_than_it_is_told_to);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
