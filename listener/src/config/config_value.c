/*-------------------------------------------------------------------------
 *
 * config_value.c
 *	  A setting's text → its field, or a message that says what is expected.
 *
 *-------------------------------------------------------------------------
 */
#include "config/config_value.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/listen_address.h"
#include "config/config.h"
#include "config/config_dsn.h"
#include "config/config_list.h"

typedef struct TimeUnit
{
	const char *name;
	int64_t		ms;
} TimeUnit;

/* The largest first. */
static const TimeUnit time_units[] = {{"min", 60000}, {"s", 1000}, {"ms", 1}};

#define TIME_UNIT_COUNT (sizeof(time_units) / sizeof(time_units[0]))

/*
 * A number of 1 to "max" by its digits, and what stands behind them.  False if
 * it is none; "max" is below 10^17.
 */
static bool
parse_number(const char *text, int64_t max, int64_t *number, const char **behind)
{
	*number = 0;
	for (; *text >= '0' && *text <= '9'; text++)
	{
		*number = *number * 10 + (*text - '0');
		if (*number > max)
			return false;
	}
	*behind = text;
	return *number > 0;
}

bool
config_resolve_number(const SettingTraits *traits, const Setting *setting, void *field,
					  const ConfigError *error)
{
	int64_t    *number = field;
	const char *behind;

	if (parse_number(setting->value, traits->max, number, &behind) && *behind == '\0' &&
		*number >= traits->min)
		return true;
	return config_refuse(error, setting, "expected a number from %" PRId64 " to %" PRId64 " for %s",
						 traits->min, traits->max, traits->key);
}

static bool
parse_time(const char *text, int64_t max_ms, int64_t *time_ms)
{
	const char *behind;

	if (!parse_number(text, max_ms, time_ms, &behind))
		return false;
	for (size_t i = 0; i < TIME_UNIT_COUNT; i++)
	{
		if (strcmp(behind, time_units[i].name) == 0)
		{
			*time_ms *= time_units[i].ms;
			return *time_ms <= max_ms;
		}
	}
	return false;
}

void
config_format_time(int64_t time_ms, char text[static CONFIG_TIME_BYTES])
{
	const TimeUnit *unit = time_units;

	while (time_ms % unit->ms != 0)
		unit++;
	(void) snprintf(text, CONFIG_TIME_BYTES, "%" PRId64 "%s", time_ms / unit->ms, unit->name);
}

bool
config_resolve_time(const SettingTraits *traits, const Setting *setting, void *field,
					const ConfigError *error)
{
	int64_t    *time_ms = field;
	char		least[CONFIG_TIME_BYTES];
	char		most[CONFIG_TIME_BYTES];

	if (parse_time(setting->value, traits->max, time_ms) && *time_ms >= traits->min)
		return true;
	config_format_time(traits->min, least);
	config_format_time(traits->max, most);
	return config_refuse(error, setting, "expected a time from %s to %s for %s, with the unit ms, s or min",
						 least, most, traits->key);
}

bool
config_resolve_choice(const SettingTraits *traits, const Setting *setting, void *field,
					  const ConfigError *error)
{
	char		list[CONFIG_LIST_BYTES];
	size_t		count = 0;

	for (; traits->choices[count] != NULL; count++)
	{
		if (strcmp(setting->value, traits->choices[count]) == 0)
		{
			*(int *) field = (int) count;
			return true;
		}
	}
	config_list_join(list, traits->choices, count);
	if (traits->is_of_target)
		return config_refuse(error, setting, "expected %s %s", traits->key, list);
	return config_refuse(error, setting, "expected the %s %s %s", traits->section, traits->key, list);
}

/* --- texts --- */

static bool
keep(const char *text, char **field, const ConfigError *error)
{
	*field = strdup(text);
	return *field != NULL || config_refuse_memory(error);
}

bool
config_resolve_text(const SettingTraits *traits, const Setting *setting, void *field,
					const ConfigError *error)
{
	(void) traits;
	return keep(setting->value, field, error);
}

bool
config_resolve_path(const SettingTraits *traits, const Setting *setting, void *field,
					const ConfigError *error)
{
	if (*setting->value == '\0')
		return config_refuse(error, setting, "expected a path for %s", traits->key);
	return keep(setting->value, field, error);
}

bool
config_resolve_socket_path(const SettingTraits *traits, const Setting *setting, void *field,
						   const ConfigError *error)
{
	const size_t max_bytes = sizeof(((const struct sockaddr_un *) 0)->sun_path) - 1;

	if (setting->value[0] != '/' || strlen(setting->value) > max_bytes)
		return config_refuse(error, setting, "expected an absolute path of at most %zu bytes for %s",
							 max_bytes, traits->key);
	return keep(setting->value, field, error);
}

bool
config_resolve_listen(const SettingTraits *traits, const Setting *setting, void *field,
					  const ConfigError *error)
{
	ListenAddress address;

	if (!listen_address_parse(setting->value, &address))
		return config_refuse(error, setting, "expected PORT, ADDRESS:PORT or [IPV6-ADDRESS]:PORT for %s",
							 traits->key);
	return keep(setting->value, field, error);
}

bool
config_resolve_host(const SettingTraits *traits, const Setting *setting, void *field,
					const ConfigError *error)
{
	RedisUrl	url = {0};
	char		problem[CONFIG_LIST_BYTES];
	char	  **host = field;

	if (!url_set_host(&url, setting->value, problem, sizeof(problem)))
		return config_refuse(error, setting, "%s for %s", problem, traits->key);
	*host = url.host;
	return true;
}

bool
config_resolve_dsn(const SettingTraits *traits, const Setting *setting, void *field,
				   const ConfigError *error)
{
	(void) traits;
	return config_dsn_check(setting, error) && keep(setting->value, field, error);
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

bool
config_resolve_standbys(const SettingTraits *traits, const Setting *setting, void *field,
						const ConfigError *error)
{
	char	  **names = field;
	const char *name;
	size_t		name_bytes;

	(void) traits;
	*names = calloc(1, strlen(setting->value) + 1);
	if (*names == NULL)
		return config_refuse_memory(error);
	for (name = setting->value;; name += name_bytes + 1)
	{
		name_bytes = strcspn(name, ",");
		if (!append_standby(*names, name, name_bytes))
			return config_refuse(error, setting, "expected \"any\", or names of standbys, 1 to %d"
								 " bytes each, with commas between them", CONFIG_STANDBY_NAME_MAX);
		if (name[name_bytes] == '\0')
			return true;
	}
}
