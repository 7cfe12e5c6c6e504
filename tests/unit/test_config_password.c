/*-------------------------------------------------------------------------
 *
 * test_config_password.c
 *	  Unit tests of listener/src/config*.c: password files.
 *
 *-------------------------------------------------------------------------
 */
#include "config_fixture.h"

/* The password file with these bytes, in REDIS_PASSWORD_FILE. */
static void
with_password_file(const char *bytes, size_t byte_count, mode_t mode)
{
	static char variable[96];

	write_file(password_path, bytes, byte_count, mode);
	snprintf(variable, sizeof(variable), "REDIS_PASSWORD_FILE=%s", password_path);
	environment[0] = variable;
}

START_TEST(config_takes_the_first_line_of_a_password_file)
{
	with_password_file(SECRET "\nsecond\n", strlen(SECRET) + 8, 0640);
	accept_config();
	assert_credentials(NULL, SECRET);
}

END_TEST

START_TEST(config_takes_a_password_file_without_a_newline)
{
	with_password_file(SECRET, strlen(SECRET), 0600);
	accept_config();
	assert_credentials(NULL, SECRET);
}

END_TEST

START_TEST(config_takes_a_password_file_that_ends_in_crlf)
{
	with_password_file(SECRET "\r\n", strlen(SECRET) + 2, 0600);
	accept_config();
	assert_credentials(NULL, SECRET);
}

END_TEST

START_TEST(config_keeps_blanks_in_a_password_file)
{
	with_password_file(" a b \n", 6, 0600);
	accept_config();
	assert_credentials(NULL, " a b ");
}

END_TEST

START_TEST(config_takes_a_password_of_4096_bytes_and_no_more)
{
	char		bytes[4098];

	memset(bytes, 'p', sizeof(bytes));
	memcpy(bytes + 4096, "\r\n", 2);
	with_password_file(bytes, 4098, 0600);
	accept_config();
	ck_assert_uint_eq(strlen(config->targets[0].url.password), 4096);
	memset(bytes, 'p', sizeof(bytes));
	with_password_file(bytes, 4097, 0600);
	refuse_config("1 to 4096 bytes");
	with_password_file(bytes, 4098, 0600);
	refuse_config("1 to 4096 bytes");
}

END_TEST

START_TEST(config_refuses_a_password_file_that_everybody_can_read)
{
	with_password_file(SECRET "\n", strlen(SECRET) + 1, 0604);
	refuse_config("REDIS_PASSWORD_FILE: expected a password file that not everybody can read");
}

END_TEST

START_TEST(config_refuses_a_password_file_without_a_password)
{
	with_password_file("", 0, 0600);
	refuse_config("in the first line");
	with_password_file("\n" SECRET, strlen(SECRET) + 1, 0600);
	refuse_config("in the first line");
	with_password_file("\r\n", 2, 0600);
	refuse_config("in the first line");
	with_password_file("a\0b\n", 4, 0600);
	refuse_config("none of them zero");
}

END_TEST

START_TEST(config_refuses_a_password_file_that_is_not_there_without_its_path)
{
	with_variable("REDIS_PASSWORD_FILE=" SECRET);
	refuse_config("REDIS_PASSWORD_FILE: expected a readable password file: No such file");
}

END_TEST

START_TEST(config_refuses_a_password_file_that_is_a_directory)
{
	char		variable[96];

	/* mkdtemp made it for its owner alone */
	snprintf(variable, sizeof(variable), "REDIS_PASSWORD_FILE=%s", directory);
	with_variable(variable);
	refuse_config("Is a directory");
}

END_TEST

START_TEST(config_refuses_a_password_next_to_a_password_file)
{
	with_variable("REDIS_PASSWORD_FILE=/a");
	with_variable("REDIS_PASSWORD=" SECRET);
	refuse_config("REDIS_PASSWORD_FILE: expected the password once: REDIS_PASSWORD is set too");
}

END_TEST

static void
add_tests(TCase *tests)
{
	tcase_add_test(tests, config_takes_the_first_line_of_a_password_file);
	tcase_add_test(tests, config_takes_a_password_file_without_a_newline);
	tcase_add_test(tests, config_takes_a_password_file_that_ends_in_crlf);
	tcase_add_test(tests, config_keeps_blanks_in_a_password_file);
	tcase_add_test(tests, config_takes_a_password_of_4096_bytes_and_no_more);
	tcase_add_test(tests, config_refuses_a_password_file_that_everybody_can_read);
	tcase_add_test(tests, config_refuses_a_password_file_without_a_password);
	tcase_add_test(tests, config_refuses_a_password_file_that_is_not_there_without_its_path);
	tcase_add_test(tests, config_refuses_a_password_file_that_is_a_directory);
	tcase_add_test(tests, config_refuses_a_password_next_to_a_password_file);
}

int
main(void)
{
	return run_config_tests("config_password", add_tests);
}
