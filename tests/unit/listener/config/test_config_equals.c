/*-------------------------------------------------------------------------
 *
 * test_config_equals.c
 *	  Unit tests of listener/src/config/config_fields.c, through config_load: what a
 *	  reload takes for a change.
 *
 *-------------------------------------------------------------------------
 */
#include "config/config_fixture.h"

#include "config/config_settings.h"

#define TLS "url = rediss://h\n"
#define SENTINEL "url = redis+sentinel://h/m\n"

/* Every key that the section of a target may have, with two values for it. */
static const struct
{
	const char *key;
	const char *value;
	const char *other;
	const char *beside;			/* what the key needs beside it; a path
								 * follows "= " */
}			keys[] = {
	{"url", "redis://h/1", "redis://h/2", ""},
	{"username", "one", "two", "password_file = "},
	{"password_file", NULL, NULL, ""},
	{"prefix", "a:", "b:", ""},
	{"scan_rate", "10", "11", ""},
	{"stagger", "1s", "2s", ""},
	{"stagger_from", "10", "11", "stagger = 1s\n"},
	{"sweep", "60s", "61s", ""},
	{"standbys", "a", "b", ""},
	{"tls_ca_file", "ca", "ca.pem", TLS},
	{"tls_cert_file", "one", "two", TLS},
	{"tls_key_file", "one", "two", TLS "tls_cert_file = cert\n"},
	{"tls_server_name", "one", "two", TLS},
	{"tls_verify", "none", "ca", TLS},
	{"standby_timeout", "10s", "11s", "standbys = a\n"},
	{"sentinel_username", "one", "two", SENTINEL "sentinel_password_file = "},
	{"sentinel_password_file", NULL, NULL, SENTINEL},
};

#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

static Config *first;

static void
load_target(const char *text)
{
	memset(arguments + 1, 0, sizeof(arguments) - sizeof(arguments[0]));
	with_file(text);
	accept_config();
}

/* Keeps the Config that was loaded last, for assert_equal. */
static void
keep(void)
{
	config_release(first);
	first = config;
	config = NULL;
}

static bool
are_equal(void)
{
	bool		forth = config_target_equals(&first->targets[0], &config->targets[0]);

	ck_assert_int_eq(forth, config_target_equals(&config->targets[0], &first->targets[0]));
	return forth;
}

/* The lines that the key needs beside it. */
static void
write_beside(size_t key, char *lines, size_t line_bytes)
{
	const char *beside = keys[key].beside;
	bool		needs_path = strstr(beside, "password_file = ") != NULL;

	snprintf(lines, line_bytes, "%s%s%s%s",
			 strcmp(keys[key].key, "url") == 0 || strncmp(beside, "url = ", 6) == 0 ? "" :
			 "url = redis://h\n", beside,
			 needs_path ? password_path : "", needs_path ? "\n" : "");
}

static void
load_with(size_t key, const char *value)
{
	char		text[512];
	char		beside[128];

	write_beside(key, beside, sizeof(beside));
	snprintf(text, sizeof(text), "[target t]\n%s%s = %s\n", beside, keys[key].key, value);
	load_target(text);
}

static void
write_password(const char *password)
{
	write_file(password_path, password, strlen(password), 0600);
}

/* A setting that is added is compared only if it is tried here. */
START_TEST(config_target_has_every_key_tried_here)
{
	for (size_t i = 0; i < config_setting_count; i++)
	{
		const SettingTraits *traits = &config_settings[i];
		bool		is_tried = !traits->is_of_target || traits->key == NULL;

		for (size_t j = 0; j < KEY_COUNT && !is_tried; j++)
			is_tried = strcmp(keys[j].key, traits->key) == 0;
		ck_assert_msg(is_tried, "%s is not tried", traits->key);
	}
}

END_TEST

START_TEST(config_target_equals_itself_loaded_again)
{
	size_t		key = (size_t) _i;
	const char *value = keys[key].value != NULL ? keys[key].value : password_path;

	write_password("one");
	load_with(key, value);
	keep();
	load_with(key, value);
	ck_assert_msg(are_equal(), "%s", keys[key].key);
}

END_TEST

START_TEST(config_target_differs_where_one_setting_does)
{
	size_t		key = (size_t) _i;
	const char *value = keys[key].value;
	const char *other = keys[key].other;
	char		other_path[96];

	write_password("one");
	snprintf(other_path, sizeof(other_path), "%s/./password", directory);
	load_with(key, value != NULL ? value : password_path);
	keep();
	load_with(key, value != NULL ? other : other_path);
	ck_assert_msg(!are_equal(), "%s", keys[key].key);
}

END_TEST

/* It is read at each connect. */
START_TEST(config_target_equals_itself_with_another_password_in_its_file)
{
	char		text[512];

	write_password("one");
	snprintf(text, sizeof(text), "[target t]\nurl = redis://h\npassword_file = %s\n", password_path);
	load_target(text);
	keep();
	write_file(password_path, "two", 3, 0644);
	load_target(text);
	ck_assert(config->targets[0].password_file_is_public);
	ck_assert(are_equal());
}

END_TEST

START_TEST(config_target_differs_where_a_setting_is_added)
{
	size_t		key = (size_t) _i;
	char		text[512];
	char		beside[128];

	if (strcmp(keys[key].key, "url") == 0)
		return;
	write_password("one");
	write_beside(key, beside, sizeof(beside));
	snprintf(text, sizeof(text), "[target t]\n%s", beside);
	load_target(text);
	keep();
	load_with(key, keys[key].value != NULL ? keys[key].value : password_path);
	ck_assert_msg(!are_equal(), "%s", keys[key].key);
}

END_TEST

/* Whoever adds a key has to add it above. */
START_TEST(config_equals_tests_know_every_key_of_a_target)
{
	char	   *known;
	char	   *word;

	with_file("[target t]\nnonsense = 1\n");
	ck_assert_int_eq(load(), CONFIG_REFUSED);
	known = strstr(error, "expected ");
	ck_assert_ptr_nonnull(known);
	ck_assert_ptr_nonnull(strstr(known, " in section"));
	known += strlen("expected ");
	*strstr(known, " in section") = '\0';
	while ((word = strsep(&known, ", ")) != NULL)
	{
		size_t		key = 0;

		while (key < KEY_COUNT && strcmp(keys[key].key, word) != 0)
			key++;
		ck_assert_msg(key < KEY_COUNT || *word == '\0' || strcmp(word, "or") == 0, "%s", word);
	}
}

END_TEST

START_TEST(config_target_differs_by_every_part_of_its_url)
{
	static const char *const urls[] = {
		"redis://h:1/0", "redis://g:1/0", "redis://h:2/0", "redis://h:1/1", "redis://:p@h:1/0",
		"redis://:q@h:1/0", "redis://u:p@h:1/0", "redis://v:p@h:1/0", "unix:///h?db=0",
		"unix:///g?db=0", "unix:///h?db=1", "redis+sentinel://h/m", "redis+sentinel://g/m",
		"redis+sentinel://h:1/m", "redis+sentinel://h,g/m", "redis+sentinel://g,h/m",
		"redis+sentinel://h/n", "redis+sentinel://h/m/1", "redis+sentinel://:p@h/m",
		"rediss+sentinel://h/m",
	};

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
	{
		load_with(0, urls[i]);
		keep();
		for (size_t j = 0; j < sizeof(urls) / sizeof(urls[0]); j++)
		{
			load_with(0, urls[j]);
			ck_assert_msg(are_equal() == (i == j), "%s and %s", urls[i], urls[j]);
		}
	}
}

END_TEST

START_TEST(config_stays_until_its_last_holder_releases_it)
{
	load_target("[target t]\nurl = redis://h\nprefix = kept\n");
	config_retain(config);
	config_release(config);
	ck_assert_str_eq(config->targets[0].prefix, "kept");
}

END_TEST

static void
end_test(void)
{
	config_release(first);
	first = NULL;
	tear_down();
}

int
main(void)
{
	Suite	   *suite = suite_create("config_equals");
	TCase	   *tests = tcase_create("config_equals");
	SRunner    *runner = srunner_create(suite);
	int			failed_count;

	tcase_add_checked_fixture(tests, set_up, end_test);
	tcase_add_test(tests, config_target_has_every_key_tried_here);
	tcase_add_loop_test(tests, config_target_equals_itself_loaded_again, 0, KEY_COUNT);
	tcase_add_loop_test(tests, config_target_differs_where_one_setting_does, 0, KEY_COUNT);
	tcase_add_test(tests, config_target_equals_itself_with_another_password_in_its_file);
	tcase_add_loop_test(tests, config_target_differs_where_a_setting_is_added, 0, KEY_COUNT);
	tcase_add_test(tests, config_equals_tests_know_every_key_of_a_target);
	tcase_add_test(tests, config_target_differs_by_every_part_of_its_url);
	tcase_add_test(tests, config_stays_until_its_last_holder_releases_it);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed_count = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
