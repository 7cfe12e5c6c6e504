/*-------------------------------------------------------------------------
 *
 * test_config_sentinel.c
 *	  Unit tests of listener/src/config/config_target.c: what a target says of sentinels.
 *
 *-------------------------------------------------------------------------
 */
#include "config/config_fixture.h"

#define URL "url = redis+sentinel://s1:1,s2/mymaster/2\n"

static void
load_with_password_file(const char *lines)
{
	char		text[512];

	write_file(password_path, SECRET, strlen(SECRET), 0600);
	snprintf(text, sizeof(text), "[target default]\n%ssentinel_password_file = %s\n", lines, password_path);
	with_file(text);
}

START_TEST(config_shows_sentinels_without_their_password)
{
	load_with_password_file(URL "sentinel_username = who\n");
	accept_config();
	assert_targets("target default: redis s1:1,s2:26379/mymaster/2 prefix \"\"\n");
	ck_assert_str_eq(config->targets[0].url.sentinels.username, "who");
	ck_assert_str_eq(config->targets[0].url.sentinels.password_file, password_path);
	ck_assert(!config->targets[0].sentinel_password_file_is_public);
	ck_assert_ptr_null(config->targets[0].url.password_file);
}

END_TEST

START_TEST(config_takes_sentinels_from_the_environment)
{
	char		variable[128];

	write_file(password_path, SECRET, strlen(SECRET), 0644);
	snprintf(variable, sizeof(variable), "REDIS_SENTINEL_PASSWORD_FILE=%s", password_path);
	with_variable("REDIS_URL=rediss+sentinel://s1/m");
	with_variable("REDIS_SENTINEL_USERNAME=who");
	with_variable("REDIS_DB=3");
	with_variable(variable);
	accept_config();
	assert_targets("target default: redis s1:26379/m/0 tls prefix \"\"\n");
	ck_assert(config->targets[0].sentinel_password_file_is_public);
}

END_TEST

START_TEST(config_refuses_what_is_set_of_sentinels_beside_a_url_without)
{
	refuse_file("[target default]\nurl = redis://:" SECRET "@h\nsentinel_username = x\n",
				"expected a url that begins with redis+sentinel:// or rediss+sentinel:// next to sentinel_username");
	refuse_file("[target default]\nsentinel_password_file = " SECRET "\n",
				"expected a url that begins with redis+sentinel:// or rediss+sentinel:// next to sentinel_password_file");
}

END_TEST

START_TEST(config_refuses_a_user_of_sentinels_without_a_password)
{
	refuse_file("[target default]\n" URL "sentinel_username = " SECRET "\n",
				"expected sentinel_password_file next to sentinel_username");
}

END_TEST

START_TEST(config_refuses_a_password_file_of_sentinels_that_is_not_usable)
{
	refuse_file("[target default]\n" URL "sentinel_password_file = /" SECRET "\n",
				"expected a readable password file");
}

END_TEST

START_TEST(config_refuses_a_host_beside_sentinels)
{
	with_file("[target default]\n" URL);
	with_variable("REDIS_HOST=" SECRET);
	refuse_config("expected no host next to the sentinels of the URL");
}

END_TEST

START_TEST(config_refuses_a_url_without_a_master)
{
	refuse_file("[target default]\nurl = redis+sentinel://:" SECRET "@s1\n", "expected the master's name");
}

END_TEST

static void
add_tests(TCase *tests)
{
	tcase_add_test(tests, config_shows_sentinels_without_their_password);
	tcase_add_test(tests, config_takes_sentinels_from_the_environment);
	tcase_add_test(tests, config_refuses_what_is_set_of_sentinels_beside_a_url_without);
	tcase_add_test(tests, config_refuses_a_user_of_sentinels_without_a_password);
	tcase_add_test(tests, config_refuses_a_password_file_of_sentinels_that_is_not_usable);
	tcase_add_test(tests, config_refuses_a_host_beside_sentinels);
	tcase_add_test(tests, config_refuses_a_url_without_a_master);
}

int
main(void)
{
	return run_config_tests("config_sentinel", add_tests);
}
