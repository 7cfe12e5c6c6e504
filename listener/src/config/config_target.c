/*-------------------------------------------------------------------------
 *
 * config_target.c
 *	  One target's settings from several places → one TargetConfig.
 *
 *-------------------------------------------------------------------------
 */
#include "config/config_target.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/password_file.h"

#define URL_ERROR_BYTES 192
#define PROBLEM_BYTES 192

typedef bool (*UrlSetter) (RedisUrl *url, const char *value, char *error,
						   size_t error_bytes);

/* The place of the URL; CONFIG_PLACE_COUNT if it is the default's. */
static bool
resolve_url(const ConfigPlaces *places, RedisUrl *url, int *url_place,
			const ConfigError *error)
{
	Setting		setting = {config_settings[SETTING_URL].default_text, "default", 0};
	char		message[URL_ERROR_BYTES];
	int			place = 0;

	while (place < CONFIG_PLACE_COUNT && places->of[place]->given[SETTING_URL].value == NULL)
		place++;
	if (place < CONFIG_PLACE_COUNT)
		setting = places->of[place]->given[SETTING_URL];
	*url_place = place;
	if (url_parse(setting.value, url, message, sizeof(message)))
		return true;
	return config_refuse(error, &setting, "%s", message);
}

static bool
apply(RedisUrl *url, const Setting *setting, UrlSetter set, const ConfigError *error)
{
	char		message[URL_ERROR_BYTES];

	if (setting->value == NULL || set(url, setting->value, message, sizeof(message)))
		return true;
	return config_refuse(error, setting, "%s", message);
}

/* The lower places first, so that the highest has the last word. */
static bool
apply_parts(const ConfigPlaces *places, int url_place, RedisUrl *url,
			const ConfigError *error)
{
	for (int place = url_place - 1; place >= 0; place--)
	{
		if (!apply(url, &places->of[place]->given[SETTING_HOST], url_set_host, error) ||
			!apply(url, &places->of[place]->given[SETTING_PORT], url_set_port, error) ||
			!apply(url, &places->of[place]->given[SETTING_DATABASE], url_set_database, error))
			return false;
	}
	return true;
}

static void
free_secret(char *secret)
{
	if (secret != NULL)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

/* Takes over a copy of "value". */
static bool
replace(char **member, const char *value, const ConfigError *error)
{
	free_secret(*member);
	*member = strdup(value);
	return *member != NULL || config_refuse_memory(error);
}

static bool
resolve_username(const ConfigPlaces *places, int url_place, RedisUrl *url,
				 const ConfigError *error)
{
	for (int place = 0; place < CONFIG_PLACE_COUNT; place++)
	{
		const Setting *setting = &places->of[place]->given[SETTING_USERNAME];

		if (place == url_place && url->username != NULL)
		{
			if (place == CONFIG_FILE && setting->value != NULL)
				return config_refuse(error, setting, "expected only one user name: the url has one, too");
			return true;
		}
		if (setting->value != NULL)
			return replace(&url->username, setting->value, error);
	}
	return true;
}

/*
 * It is read at each connect; here it has to be right, and is forgotten.  The path is
 * not shown: it may be a password in the wrong variable.
 */
static bool
check_password_file(const Setting *setting, bool *is_public, const ConfigError *error)
{
	char		password[PASSWORD_FILE_BYTES];
	char		problem[PROBLEM_BYTES];

	if (!password_file_read(setting->value, password, is_public, problem, sizeof(problem)))
		return config_refuse(error, setting, "%s", problem);
	explicit_bzero(password, sizeof(password));
	return true;
}

static bool
resolve_password_file(const Setting *setting, TargetConfig *target, const ConfigError *error)
{
	if (!check_password_file(setting, &target->password_file_is_public, error))
		return false;
	free_secret(target->url.password);
	target->url.password = NULL;
	return replace(&target->url.password_file, setting->value, error);
}

/* What is set of the sentinels stands next to a URL that names them. */
static bool
resolve_sentinels(const ConfigPlaces *places, TargetConfig *target, const ConfigError *error)
{
	const Setting *username = config_settings_find(places, SETTING_SENTINEL_USERNAME);
	const Setting *password_file = config_settings_find(places, SETTING_SENTINEL_PASSWORD_FILE);
	UrlSentinels *sentinels = &target->url.sentinels;

	for (size_t i = SETTING_SENTINEL_USERNAME; i <= SETTING_SENTINEL_PASSWORD_FILE; i++)
	{
		const Setting *setting = config_settings_find(places, i);

		if (setting != NULL && sentinels->count == 0)
			return config_refuse(error, setting, "expected a url that begins with redis+sentinel:// or"
								 " rediss+sentinel:// next to %s", config_settings[i].key);
	}
	if (username != NULL && password_file == NULL)
		return config_refuse(error, username, "expected sentinel_password_file next to sentinel_username");
	if (username != NULL && !replace(&sentinels->username, username->value, error))
		return false;
	return password_file == NULL ||
		(check_password_file(password_file, &target->sentinel_password_file_is_public, error) &&
		 replace(&sentinels->password_file, password_file->value, error));
}

static bool
resolve_password(const ConfigPlaces *places, int url_place, TargetConfig *target,
				 const ConfigError *error)
{
	RedisUrl   *url = &target->url;

	for (int place = 0; place < CONFIG_PLACE_COUNT; place++)
	{
		const Setting *password = &places->of[place]->given[SETTING_PASSWORD];
		const Setting *password_file = &places->of[place]->given[SETTING_PASSWORD_FILE];

		if (place == url_place && url->password != NULL)
		{
			if (place == CONFIG_FILE && password_file->value != NULL)
				return config_refuse(error, password_file, "expected only one password: the url has one, too");
			return true;
		}
		if (password->value != NULL && password_file->value != NULL)
			return config_refuse(error, password_file, "expected only one password: %s is set, too",
								 password->origin);
		if (password->value != NULL)
			return replace(&url->password, password->value, error);
		if (password_file->value != NULL)
			return resolve_password_file(password_file, target, error);
	}
	return true;
}

/* Who sets them wants TLS, and must not go without unawares. */
static bool
check_tls(const ConfigPlaces *places, const RedisUrl *url, const ConfigError *error)
{
	for (size_t i = SETTING_TLS_CA_FILE; i <= SETTING_TLS_VERIFY && !url->tls.is_used; i++)
	{
		const Setting *setting = config_settings_find(places, i);

		if (setting != NULL)
			return config_refuse(error, setting, "expected a url that begins with rediss:// next to %s, or with rediss+sentinel://",
								 config_settings[i].key);
	}
	return true;
}

bool
config_target_resolve(const char *alias, const ConfigPlaces *places, TargetConfig *target,
					  const ConfigError *error)
{
	int			url_place;
	Setting		whole = {.origin = "target"};
	RedisUrl   *url = &target->url;

	memset(target, 0, sizeof(*target));
	if (!replace(&target->alias, alias, error) ||
		!resolve_url(places, url, &url_place, error) ||
		!config_settings_resolve_all(places, true, target, error) ||
		!check_tls(places, url, error) ||
		!resolve_sentinels(places, target, error) ||
		!apply_parts(places, url_place, url, error) ||
		!resolve_username(places, url_place, url, error) ||
		!resolve_password(places, url_place, target, error))
		return false;
	target->prefix_bytes = strlen(target->prefix);
	if (url->username != NULL && url->password == NULL && url->password_file == NULL)
		return config_refuse(error, &whole, "expected a password next to the user name of \"%s\"",
							 alias);
	return true;
}
