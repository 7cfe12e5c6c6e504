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

#include "config/config_number.h"

#define DEFAULT_URL "redis://localhost:6379/0"
#define URL_ERROR_BYTES 192
#define PROBLEM_BYTES 192

typedef bool (*UrlSetter) (RedisUrl *url, const char *value, char *error,
						   size_t error_bytes);

/* The place of the URL; CONFIG_PLACE_COUNT if it is the default's. */
static bool
resolve_url(const TargetSettings *const places[], RedisUrl *url, int *url_place,
			const ConfigError *error)
{
	Setting		setting = {DEFAULT_URL, "default", 0};
	char		message[URL_ERROR_BYTES];
	int			place = 0;

	while (place < CONFIG_PLACE_COUNT && places[place]->url.value == NULL)
		place++;
	if (place < CONFIG_PLACE_COUNT)
		setting = places[place]->url;
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
apply_parts(const TargetSettings *const places[], int url_place, RedisUrl *url,
			const ConfigError *error)
{
	for (int place = url_place - 1; place >= 0; place--)
	{
		if (!apply(url, &places[place]->host, url_set_host, error) ||
			!apply(url, &places[place]->port, url_set_port, error) ||
			!apply(url, &places[place]->database, url_set_database, error))
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
resolve_username(const TargetSettings *const places[], int url_place, RedisUrl *url,
				 const ConfigError *error)
{
	for (int place = 0; place < CONFIG_PLACE_COUNT; place++)
	{
		const Setting *setting = &places[place]->username;

		if (place == url_place && url->username != NULL)
		{
			if (place == CONFIG_FILE && setting->value != NULL)
				return config_refuse(error, setting, "expected the user name once: the url has one too");
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
resolve_password_file(const Setting *setting, TargetConfig *target, const ConfigError *error)
{
	char		password[PASSWORD_FILE_BYTES];
	char		problem[PROBLEM_BYTES];

	if (!password_file_read(setting->value, password, &target->password_file_is_public,
							problem, sizeof(problem)))
		return config_refuse(error, setting, "%s", problem);
	explicit_bzero(password, sizeof(password));
	free_secret(target->url.password);
	target->url.password = NULL;
	return replace(&target->url.password_file, setting->value, error);
}

static bool
resolve_password(const TargetSettings *const places[], int url_place, TargetConfig *target,
				 const ConfigError *error)
{
	RedisUrl   *url = &target->url;

	for (int place = 0; place < CONFIG_PLACE_COUNT; place++)
	{
		const Setting *password = &places[place]->password;
		const Setting *password_file = &places[place]->password_file;

		if (place == url_place && url->password != NULL)
		{
			if (place == CONFIG_FILE && password_file->value != NULL)
				return config_refuse(error, password_file, "expected the password once: the url has one too");
			return true;
		}
		if (password->value != NULL && password_file->value != NULL)
			return config_refuse(error, password_file, "expected the password once: %s is set too",
								 password->origin);
		if (password->value != NULL)
			return replace(&url->password, password->value, error);
		if (password_file->value != NULL)
			return resolve_password_file(password_file, target, error);
	}
	return true;
}

/* The first place that has it; NULL if none does.  member: offset in TargetSettings. */
static const Setting *
find_setting(const TargetSettings *const places[], size_t member)
{
	for (int place = 0; place < CONFIG_PLACE_COUNT; place++)
	{
		const Setting *setting =
		(const Setting *) (const void *) ((const char *) places[place] + member);

		if (setting->value != NULL)
			return setting;
	}
	return NULL;
}

static bool
resolve_prefix(const TargetSettings *const places[], TargetConfig *target,
			   const ConfigError *error)
{
	const Setting *setting = find_setting(places, offsetof(TargetSettings, prefix));
	const char *prefix = setting != NULL ? setting->value : "";

	target->prefix_bytes = strlen(prefix);
	return replace(&target->prefix, prefix, error);
}

static bool
resolve_scan_rate(const TargetSettings *const places[], TargetConfig *target,
				  const ConfigError *error)
{
	const Setting *setting = find_setting(places, offsetof(TargetSettings, scan_rate));

	if (setting == NULL)
		return true;
	if (config_parse_count(setting->value, CONFIG_SCAN_RATE_MAX, &target->scan_rate))
		return true;
	return config_refuse(error, setting, "expected a scan rate of 1 to %d keys a second",
						 CONFIG_SCAN_RATE_MAX);
}

static bool
resolve_stagger(const TargetSettings *const places[], TargetConfig *target,
				const ConfigError *error)
{
	const Setting *setting = find_setting(places, offsetof(TargetSettings, stagger));

	if (setting == NULL)
		return true;
	if (config_parse_time(setting->value, CONFIG_STAGGER_MAX_MS, &target->stagger_ms))
		return true;
	return config_refuse(error, setting, "expected a time of 1ms to 60min to stagger in, with"
						 " the unit ms, s or min");
}

static bool
resolve_stagger_from(const TargetSettings *const places[], TargetConfig *target,
					 const ConfigError *error)
{
	const Setting *setting = find_setting(places, offsetof(TargetSettings, stagger_from));

	target->stagger_from = CONFIG_STAGGER_FROM_DEFAULT;
	if (setting == NULL)
		return true;
	if (!config_parse_count(setting->value, CONFIG_STAGGER_FROM_MAX, &target->stagger_from))
		return config_refuse(error, setting, "expected 1 to %d keys to stagger from",
							 CONFIG_STAGGER_FROM_MAX);
	if (target->stagger_ms > 0)
		return true;
	return config_refuse(error, setting, "expected a stagger, the time, next to stagger_from");
}

static bool
resolve_sweep(const TargetSettings *const places[], TargetConfig *target,
			  const ConfigError *error)
{
	const Setting *setting = find_setting(places, offsetof(TargetSettings, sweep));

	if (setting == NULL)
		return true;
	if (config_parse_time(setting->value, CONFIG_SWEEP_MAX_MS, &target->sweep_ms) &&
		target->sweep_ms >= CONFIG_SWEEP_MIN_MS)
		return true;
	return config_refuse(error, setting, "expected a time of 1s to 1440min between sweeps of"
						 " tags, with the unit ms, s or min");
}

/*
 * Adds a name without the spaces around it to names, which has room for it; false if
 * it cannot be one.
 */
static bool
append_standby(char *names, const char *name, size_t name_bytes)
{
	size_t		used = strlen(names);

	while (name_bytes > 0 && strchr(" \t", name[0]) != NULL)
	{
		name++;
		name_bytes--;
	}
	while (name_bytes > 0 && strchr(" \t", name[name_bytes - 1]) != NULL)
		name_bytes--;
	if (name_bytes == 0 || name_bytes > CONFIG_STANDBY_NAME_MAX || strcmp(names, "any") == 0 ||
		(used > 0 && name_bytes == 3 && strncmp(name, "any", 3) == 0))
		return false;
	if (used > 0)
		names[used++] = ',';
	memcpy(names + used, name, name_bytes);
	names[used + name_bytes] = '\0';
	return true;
}

static bool
resolve_standbys(const TargetSettings *const places[], TargetConfig *target,
				 const ConfigError *error)
{
	const Setting *setting = find_setting(places, offsetof(TargetSettings, standbys));
	const char *name;
	size_t		name_bytes;

	if (setting == NULL)
		return true;
	target->standbys = calloc(1, strlen(setting->value) + 1);
	if (target->standbys == NULL)
		return config_refuse_memory(error);
	for (name = setting->value;; name += name_bytes + 1)
	{
		name_bytes = strcspn(name, ",");
		if (!append_standby(target->standbys, name, name_bytes))
			return config_refuse(error, setting, "expected \"any\", or names of standbys, 1 to %d"
								 " bytes each, with commas between them", CONFIG_STANDBY_NAME_MAX);
		if (name[name_bytes] == '\0')
			return true;
	}
}

static bool
resolve_standby_timeout(const TargetSettings *const places[], TargetConfig *target,
						const ConfigError *error)
{
	const Setting *setting = find_setting(places, offsetof(TargetSettings, standby_timeout));

	target->standby_timeout_ms = CONFIG_STANDBY_TIMEOUT_DEFAULT_MS;
	if (setting == NULL)
		return true;
	if (!config_parse_time(setting->value, CONFIG_STANDBY_TIMEOUT_MAX_MS,
						   &target->standby_timeout_ms) ||
		target->standby_timeout_ms < CONFIG_STANDBY_TIMEOUT_MIN_MS)
		return config_refuse(error, setting, "expected a time of 1s to 60min to wait for a standby,"
							 " with the unit ms, s or min");
	if (target->standbys != NULL)
		return true;
	return config_refuse(error, setting, "expected standbys next to standby_timeout");
}

bool
config_target_resolve(const char *alias, const TargetSettings *const places[],
					  TargetConfig *target, const ConfigError *error)
{
	int			url_place;
	Setting		whole = {.origin = "target"};
	RedisUrl   *url = &target->url;

	memset(target, 0, sizeof(*target));
	if (!replace(&target->alias, alias, error) ||
		!resolve_prefix(places, target, error) ||
		!resolve_scan_rate(places, target, error) ||
		!resolve_stagger(places, target, error) ||
		!resolve_stagger_from(places, target, error) ||
		!resolve_sweep(places, target, error) ||
		!resolve_standbys(places, target, error) ||
		!resolve_standby_timeout(places, target, error) ||
		!resolve_url(places, url, &url_place, error) ||
		!apply_parts(places, url_place, url, error) ||
		!resolve_username(places, url_place, url, error) ||
		!resolve_password(places, url_place, target, error))
		return false;
	if (url->username != NULL && url->password == NULL && url->password_file == NULL)
		return config_refuse(error, &whole, "expected a password next to the user name of \"%s\"",
							 alias);
	return true;
}

void
config_target_reset(TargetConfig *target)
{
	free(target->alias);
	free(target->prefix);
	free(target->standbys);
	url_reset(&target->url);
	memset(target, 0, sizeof(*target));
}
