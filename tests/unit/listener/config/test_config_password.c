/*-------------------------------------------------------------------------
 *
 * test_config_password.c
 *	  Unit tests of listener/src/config*.c: password files.
 *
 *-------------------------------------------------------------------------
 */
#include "config/config_fixture.h"

/* The password file with these bytes, in REDIS_PASSWORD_FILE. */
static void
with_password_file(const char *bytes, size_t byte_count, mode_t mode)
{
	static char variable[96];

	write_file(password_path, bytes, byte_count, mode);
	snprintf(variable, sizeof(variable), "REDIS_PASSWORD_FILE=%s", password_path);
	environment[0] = variable;
}

START_TEST(config_keeps_the_path_of_a_password_file_and_not_its_password)
{
	with_password_file(SECRET "\n", strlen(SECRET) + 1, 0640);
	accept_config();
	assert_credentials(NULL, NULL);
	ck_assert_str_eq(config->targets[0].url.password_file, password_path);
	ck_assert(!config->targets[0].password_file_is_public);
}

END_TEST

START_TEST(config_takes_a_user_name_next_to_a_password_file)
{
	with_password_file(SECRET "\n", strlen(SECRET) + 1, 0600);
	with_variable("REDIS_USERNAME=app");
	accept_config();
	assert_credentials("app", NULL);
}

END_TEST

START_TEST(config_prefers_a_password_file_to_the_password_of_a_lower_place)
{
	with_password_file(SECRET "\n", strlen(SECRET) + 1, 0600);
	with_file("[target default]\nurl = redis://app:old@a\n");
	accept_config();
	assert_credentials("app", NULL);
	ck_assert_str_eq(config->targets[0].url.password_file, password_path);
}

END_TEST

START_TEST(config_notes_that_everybody_can_read_a_password_file)
{
	with_password_file(SECRET "\n", strlen(SECRET) + 1, 0644);
	accept_config();
	ck_assert(config->targets[0].password_file_is_public);
}

END_TEST

START_TEST(config_refuses_a_password_file_that_others_can_write)
{
	with_password_file(SECRET "\n", strlen(SECRET) + 1, 0620);
	refuse_config("REDIS_PASSWORD_FILE: expected a password file that nobody but its owner can write");
}

END_TEST

START_TEST(config_refuses_a_password_file_without_a_password)
{
	with_password_file("", 0, 0600);
	refuse_config("in the first line");
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

	snprintf(variable, sizeof(variable), "REDIS_PASSWORD_FILE=%s", directory);
	with_variable(variable);
	refuse_config("expected a regular file");
}

END_TEST

START_TEST(config_refuses_a_password_next_to_a_password_file)
{
	with_variable("REDIS_PASSWORD_FILE=/a");
	with_variable("REDIS_PASSWORD=" SECRET);
	refuse_config("REDIS_PASSWORD_FILE: expected only one password: REDIS_PASSWORD is set, too");
}

END_TEST

static void
add_tests(TCase *tests)
{
	tcase_add_test(tests, config_keeps_the_path_of_a_password_file_and_not_its_password);
	tcase_add_test(tests, config_takes_a_user_name_next_to_a_password_file);
	tcase_add_test(tests, config_prefers_a_password_file_to_the_password_of_a_lower_place);
	tcase_add_test(tests, config_notes_that_everybody_can_read_a_password_file);
	tcase_add_test(tests, config_refuses_a_password_file_that_others_can_write);
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
