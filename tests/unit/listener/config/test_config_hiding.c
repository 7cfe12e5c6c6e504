/*-------------------------------------------------------------------------
 *
 * test_config_hiding.c
 *	  Unit tests of listener/src/config*.c: passwords on the command line.
 *
 *-------------------------------------------------------------------------
 */
#include "config/config_fixture.h"

/* Hides secrets in a copy of the arguments; returns the one at "index". */
static const char *
hidden(int index)
{
	static char copies[ARGUMENTS_MAX][128];
	char	   *argv[ARGUMENTS_MAX + 1] = {NULL};
	int			count = 0;

	for (; arguments[count] != NULL; count++)
	{
		snprintf(copies[count], sizeof(copies[count]), "%s", arguments[count]);
		argv[count] = copies[count];
	}
	config_hide_secrets(count, argv);
	return copies[index];
}

START_TEST(config_hides_passwords_in_both_spellings)
{
	with_argument("--redis");
	with_argument("redis://:pw@h");
	with_argument("--dsn=password=pw");
	ck_assert_str_eq(hidden(1), "--redis");
	ck_assert_str_eq(hidden(2), "xxxxxxxxxxxxx");
	ck_assert_str_eq(hidden(3), "--dsn=xxxxxxxxxxx");
}

END_TEST

START_TEST(config_hides_the_value_of_an_abbreviated_option)
{
	with_argument("--red=redis://:pw@h");
	ck_assert_str_eq(hidden(1), "--red=xxxxxxxxxxxxx");
}

END_TEST

START_TEST(config_hides_every_value_of_an_option_given_twice)
{
	with_argument("--redis=redis://:pw@h");
	with_argument("--redis=redis://h");
	ck_assert_str_eq(hidden(1), "--redis=xxxxxxxxxxxxx");
	ck_assert_str_eq(hidden(2), "--redis=redis://h");
}

END_TEST

START_TEST(config_hides_passwords_in_uris_and_key_passwords)
{
	with_argument("--dsn=postgresql://u:pw@h");
	with_argument("--dsn=sslpassword=pw");
	ck_assert_str_eq(hidden(1), "--dsn=xxxxxxxxxxxxxxxxxxx");
	ck_assert_str_eq(hidden(2), "--dsn=xxxxxxxxxxxxxx");
}

END_TEST

START_TEST(config_hides_what_it_cannot_parse)
{
	with_argument("--dsn=pw");
	with_argument("--redis=pw");
	ck_assert_str_eq(hidden(1), "--dsn=xx");
	ck_assert_str_eq(hidden(2), "--redis=xx");
}

END_TEST

START_TEST(config_shows_values_without_a_password)
{
	with_argument("--dsn=host=h user=u");
	with_argument("--redis=redis://h/3");
	with_argument("--log-level=debug");
	ck_assert_str_eq(hidden(1), "--dsn=host=h user=u");
	ck_assert_str_eq(hidden(2), "--redis=redis://h/3");
	ck_assert_str_eq(hidden(3), "--log-level=debug");
}

END_TEST

START_TEST(config_release_takes_null)
{
	config_release(NULL);
}

END_TEST

static void
add_tests(TCase *tests)
{
	tcase_add_test(tests, config_hides_passwords_in_both_spellings);
	tcase_add_test(tests, config_hides_the_value_of_an_abbreviated_option);
	tcase_add_test(tests, config_hides_every_value_of_an_option_given_twice);
	tcase_add_test(tests, config_hides_passwords_in_uris_and_key_passwords);
	tcase_add_test(tests, config_hides_what_it_cannot_parse);
	tcase_add_test(tests, config_shows_values_without_a_password);
	tcase_add_test(tests, config_release_takes_null);
}

int
main(void)
{
	return run_config_tests("config_hiding", add_tests);
}
