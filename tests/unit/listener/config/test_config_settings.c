/*-------------------------------------------------------------------------
 *
 * test_config_settings.c
 *	  Unit tests of listener/src/config/config_settings.c: what each row of the
 *	  table claims, whichever rows there are.
 *
 *-------------------------------------------------------------------------
 */
#include "config/config_fixture.h"

#include <inttypes.h>

#include "config/config_settings.h"
#include "config/config_value.h"

#define ROW_COUNT ((int) config_setting_count)
#define TEXT_BYTES 256
#define HELP_BYTES 16384

/* A value of a row whose text is not made of its bounds or choices. */
static const struct
{
	const char *key;
	const char *value;
}			texts[] = {
	{"dsn", "dbname=shop"},
	{"health_socket", "/run/health"},
	{"http", "127.0.0.1:9180"},
	{"log_file", "uncached.log"},
	{"prefix", "shop:"},
	{"standbys", "one"},
	{"tls_ca_file", "ca.pem"},
	{"tls_cert_file", "client.pem"},
	{"tls_key_file", "client.key"},
	{"tls_server_name", "redis.test"},
};

static void
write_value(const SettingTraits *traits, char value[static CONFIG_TIME_BYTES])
{
	switch (traits->type)
	{
		case FIELD_NONE:
			break;
		case FIELD_NUMBER:
			snprintf(value, CONFIG_TIME_BYTES, "%" PRId64, traits->max);
			break;
		case FIELD_TIME:
			config_format_time(traits->max, value);
			break;
		case FIELD_CHOICE:
			snprintf(value, CONFIG_TIME_BYTES, "%s", traits->choices[0]);
			break;
		case FIELD_TEXT:
			value[0] = '\0';
			for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
				if (strcmp(texts[i].key, traits->key) == 0)
					snprintf(value, CONFIG_TIME_BYTES, "%s", texts[i].value);
			ck_assert_msg(value[0] != '\0', "a value for %s is missing in this test", traits->key);
			break;
	}
}

/* The loaded field of the row is what write_value has written. */
static void
assert_field(const SettingTraits *traits, const char *value)
{
	const void *object = traits->is_of_target ? (const void *) &config->targets[0] : config;
	const void *field = (const char *) object + traits->offset;

	if (traits->type == FIELD_TEXT)
		ck_assert_str_eq(*(char *const *) field, value);
	else if (traits->type == FIELD_CHOICE)
		ck_assert_int_eq(*(const int *) field, 0);
	else
		ck_assert_int_eq(*(const int64_t *) field, traits->max);
}

/* What the row needs, as a line of the file, in the environment or as an argument. */
static const SettingTraits *
needed(const SettingTraits *traits)
{
	for (size_t i = 0; traits->needs != NULL && i < config_setting_count; i++)
	{
		if (config_settings[i].is_of_target == traits->is_of_target &&
			config_settings[i].key != NULL && strcmp(config_settings[i].key, traits->needs) == 0)
			return &config_settings[i];
	}
	ck_assert_msg(traits->needs == NULL, "%s needs an unknown key", traits->key);
	return NULL;
}

/* What is set of TLS stands beside a URL that asks for it. */
static bool
is_of_tls(const SettingTraits *traits)
{
	return strncmp(traits->key, "tls_", 4) == 0;
}

static void
give_variable(const SettingTraits *traits, char text[static TEXT_BYTES])
{
	char		value[CONFIG_TIME_BYTES];

	write_value(traits, value);
	snprintf(text, TEXT_BYTES, "%s=%s", traits->variable, value);
	with_variable(text);
	if (is_of_tls(traits))
		with_variable("REDIS_URL=rediss://h");
}

static void
write_line(const SettingTraits *traits, const char *value, char *text, size_t text_bytes)
{
	size_t		used = strlen(text);

	snprintf(text + used, text_bytes - used, "%s = %s\n", traits->key, value);
}

/* A file with the row's section, what the row needs, and the row. */
static void
write_section(const SettingTraits *traits, const char *value, char text[static TEXT_BYTES])
{
	const SettingTraits *other = needed(traits);
	char		other_value[CONFIG_TIME_BYTES];

	snprintf(text, TEXT_BYTES, "[%s%s]\n%s", traits->section,
			 traits->is_of_target ? " default" : "",
			 is_of_tls(traits) ? "url = rediss://h\n" : "");
	if (other != NULL)
	{
		write_value(other, other_value);
		write_line(other, other_value, text, TEXT_BYTES);
	}
	write_line(traits, value, text, TEXT_BYTES);
}

START_TEST(config_setting_is_read_from_the_environment)
{
	const SettingTraits *traits = &config_settings[_i];
	char		value[CONFIG_TIME_BYTES];
	char		text[TEXT_BYTES];
	char		other[TEXT_BYTES];

	if (traits->type == FIELD_NONE)
		return;
	ck_assert_ptr_nonnull(traits->variable);
	give_variable(traits, text);
	if (needed(traits) != NULL)
		give_variable(needed(traits), other);
	accept_config();
	write_value(traits, value);
	assert_field(traits, value);
}

END_TEST

START_TEST(config_setting_is_read_from_the_command_line)
{
	const SettingTraits *traits = &config_settings[_i];
	char		value[CONFIG_TIME_BYTES];
	char		other[TEXT_BYTES];

	if (traits->type == FIELD_NONE || traits->option == NULL)
		return;
	write_value(traits, value);
	with_argument(traits->option);
	with_argument(value);
	if (needed(traits) != NULL)
		give_variable(needed(traits), other);
	accept_config();
	assert_field(traits, value);
}

END_TEST

START_TEST(config_setting_is_read_from_the_file)
{
	const SettingTraits *traits = &config_settings[_i];
	char		value[CONFIG_TIME_BYTES];
	char		text[TEXT_BYTES];

	if (traits->type == FIELD_NONE)
		return;
	ck_assert_ptr_nonnull(traits->key);
	write_value(traits, value);
	write_section(traits, value, text);
	with_file(text);
	accept_config();
	assert_field(traits, value);
}

END_TEST

/* Beyond the bounds, or none of the choices. */
START_TEST(config_setting_is_refused_by_its_name)
{
	const SettingTraits *traits = &config_settings[_i];
	char		text[TEXT_BYTES];
	char		value[CONFIG_TIME_BYTES];

	if (traits->type != FIELD_NUMBER && traits->type != FIELD_TIME && traits->type != FIELD_CHOICE)
		return;
	write_section(traits, SECRET, text);
	refuse_file(text, traits->key);
	if (traits->type == FIELD_CHOICE)
		return;
	snprintf(value, sizeof(value), "%" PRId64 "%s", traits->max + 1,
			 traits->type == FIELD_TIME ? "ms" : "");
	write_section(traits, value, text);
	refuse_file(text, traits->key);
	snprintf(value, sizeof(value), "%" PRId64 "%s", traits->min - 1,
			 traits->type == FIELD_TIME ? "ms" : "");
	write_section(traits, value, text);
	refuse_file(text, traits->key);
}

END_TEST

START_TEST(config_setting_has_a_default_that_it_accepts)
{
	const SettingTraits *traits = &config_settings[_i];
	char		text[TEXT_BYTES];

	if (traits->default_text == NULL || traits->resolve == NULL)
		return;
	write_section(traits, traits->default_text, text);
	with_file(text);
	accept_config();
	if (*traits->default_text != '\0')
		ck_assert_msg(strstr(traits->help, traits->default_text) != NULL,
					  "the help of %s does not tell its default", traits->key);
}

END_TEST

START_TEST(config_setting_does_not_come_alone_if_it_needs_another)
{
	const SettingTraits *traits = &config_settings[_i];
	char		value[CONFIG_TIME_BYTES];
	char		text[TEXT_BYTES];
	char		expected[TEXT_BYTES];

	if (traits->needs == NULL)
		return;
	write_value(traits, value);
	snprintf(text, sizeof(text), "[%s default]\n", traits->section);
	write_line(traits, value, text, sizeof(text));
	snprintf(expected, sizeof(expected), "expected %s next to %s", traits->needs, traits->key);
	refuse_file(text, expected);
}

END_TEST

START_TEST(config_setting_stands_in_the_help)
{
	static char help[HELP_BYTES];
	const SettingTraits *traits = &config_settings[_i];
	FILE	   *stream = fmemopen(help, sizeof(help) - 1, "w");
	FILE	   *saved = stdout;

	memset(help, 0, sizeof(help));
	ck_assert_ptr_nonnull(stream);
	stdout = stream;
	config_cli_help();
	stdout = saved;
	fclose(stream);
	ck_assert_ptr_nonnull(traits->help);
	ck_assert_msg(traits->option == NULL || strstr(help, traits->option) != NULL, "%s", traits->option);
	ck_assert_msg(traits->variable == NULL || strstr(help, traits->variable) != NULL, "%s", traits->variable);
	ck_assert_msg(traits->section == NULL || traits->key == NULL || strstr(help, traits->key) != NULL, "%s",
				  traits->key);
	for (const char *line = help; *line != '\0'; line += strcspn(line, "\n") + 1)
		ck_assert_uint_le(strcspn(line, "\n"), 80);
}

END_TEST

/* The names that messages, --help and the documents go by. */
START_TEST(config_setting_has_names_of_its_own)
{
	const SettingTraits *traits = &config_settings[_i];
	bool		has_section = traits->section == NULL;

	for (int i = 0; i < ROW_COUNT; i++)
	{
		const SettingTraits *other = &config_settings[i];

		if (i == _i)
			continue;
		ck_assert(traits->variable == NULL || other->variable == NULL ||
				  strcmp(traits->variable, other->variable) != 0);
		ck_assert(traits->option == NULL || other->option == NULL ||
				  strcmp(traits->option, other->option) != 0);
		ck_assert(traits->section == NULL || other->section == NULL || traits->key == NULL ||
				  other->key == NULL || strcmp(traits->section, other->section) != 0 ||
				  strcmp(traits->key, other->key) != 0);
	}
	for (size_t i = 0; i < config_section_count && !has_section; i++)
		has_section = strncmp(config_sections[i] + 1, traits->section, strlen(traits->section)) == 0;
	ck_assert_msg(has_section, "[%s] is not among the sections", traits->section);
}

END_TEST

static void
add_tests(TCase *tests)
{
	tcase_add_loop_test(tests, config_setting_is_read_from_the_environment, 0, ROW_COUNT);
	tcase_add_loop_test(tests, config_setting_is_read_from_the_command_line, 0, ROW_COUNT);
	tcase_add_loop_test(tests, config_setting_is_read_from_the_file, 0, ROW_COUNT);
	tcase_add_loop_test(tests, config_setting_is_refused_by_its_name, 0, ROW_COUNT);
	tcase_add_loop_test(tests, config_setting_has_a_default_that_it_accepts, 0, ROW_COUNT);
	tcase_add_loop_test(tests, config_setting_does_not_come_alone_if_it_needs_another, 0, ROW_COUNT);
	tcase_add_loop_test(tests, config_setting_stands_in_the_help, 0, ROW_COUNT);
	tcase_add_loop_test(tests, config_setting_has_names_of_its_own, 0, ROW_COUNT);
}

int
main(void)
{
	return run_config_tests("config_settings", add_tests);
}
