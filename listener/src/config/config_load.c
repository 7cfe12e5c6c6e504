/*-------------------------------------------------------------------------
 *
 * config_load.c
 *	  Command line, environment and file, merged into one validated Config.
 *
 *-------------------------------------------------------------------------
 */
#include "config/config_load.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_cli.h"
#include "config/config_env.h"
#include "config/config_fields.h"
#include "config/config_file.h"
#include "config/config_target.h"

/* What a place says that is not asked. */
static const Settings nothing;

/* All that was read, before it is merged; borrows from argv and environ. */
typedef struct Sources
{
	CommandLine line;
	Settings	environment;
	ConfigFile	file;			/* owned */
} Sources;

/* Where the settings of the daemon as a whole may be. */
static ConfigPlaces
daemon_places(const Sources *sources)
{
	ConfigPlaces places = {.of = {
			[CONFIG_COMMAND_LINE] = &sources->line.settings,
			[CONFIG_ENVIRONMENT] = &sources->environment,
			[CONFIG_FILE] = &sources->file.settings,
	}};

	return places;
}

/* "file" is NULL for a target that the file does not name. */
static bool
add_target(const Sources *sources, const FileTarget *file, Config *config,
		   const ConfigError *error)
{
	ConfigPlaces places = {.of = {&nothing, &nothing, &nothing}};
	const char *alias = CONFIG_DEFAULT_ALIAS;

	if (file != NULL)
	{
		places.of[CONFIG_FILE] = &file->settings;
		alias = file->alias.value;
	}
	if (strcmp(alias, CONFIG_DEFAULT_ALIAS) == 0)
	{
		places.of[CONFIG_COMMAND_LINE] = &sources->line.settings;
		places.of[CONFIG_ENVIRONMENT] = &sources->environment;
	}
	else if (file->settings.given[SETTING_URL].value == NULL)
		return config_refuse(error, &file->alias, "expected a url in the section of a target other than \"%s\"",
							 CONFIG_DEFAULT_ALIAS);
	return config_target_resolve(alias, &places, &config->targets[config->target_count++], error);
}

/* Options of the target "default", where there is none. */
static bool
check_are_for_somebody(const Settings *line, const ConfigError *error)
{
	for (size_t i = 0; i < config_setting_count; i++)
	{
		if (config_settings[i].is_of_target && line->given[i].value != NULL)
			return config_refuse(error, &line->given[i], "expected a target \"%s\" in the file, or --redis",
								 CONFIG_DEFAULT_ALIAS);
	}
	return true;
}

static bool
merge_targets(const Sources *sources, Config *config, const ConfigError *error)
{
	const ConfigFile *file = &sources->file;
	const Settings *line = &sources->line.settings;
	bool		has_default = false;

	config->targets = calloc(file->target_count + 1, sizeof(*config->targets));
	if (config->targets == NULL)
		return config_refuse_memory(error);
	for (size_t i = 0; i < file->target_count; i++)
	{
		if (!add_target(sources, &file->targets[i], config, error))
			return false;
		if (strcmp(file->targets[i].alias.value, CONFIG_DEFAULT_ALIAS) == 0)
			has_default = true;
	}
	if (!has_default &&
		(file->target_count == 0 || line->given[SETTING_URL].value != NULL))
		return add_target(sources, NULL, config, error);
	return has_default || check_are_for_somebody(line, error);
}

/* A mistake in the configuration must not take all sessions of a server. */
static bool
check_sessions(const Sources *sources, const Config *config, const ConfigError *error)
{
	ConfigPlaces places = daemon_places(sources);
	const Setting *setting = config_settings_find(&places, SETTING_MAX_SESSIONS);
	Setting		place = {.origin = "configuration"};

	if (config->target_count <= (size_t) config->max_sessions)
		return true;
	if (setting != NULL)
		place = *setting;
	else if (sources->file.path != NULL)
		place.origin = sources->file.path;
	return config_refuse(error, &place, "%zu targets need %zu sessions of PostgreSQL, and"
						 " max_sessions is %" PRId64 ": raise it if the server has so many to spare"
						 " (max_connections, the role's CONNECTION LIMIT)",
						 config->target_count, config->target_count, config->max_sessions);
}

/* --check-health needs nothing else. */
static bool
merge_health(const Sources *sources, Config *config, const ConfigError *error)
{
	ConfigPlaces places = daemon_places(sources);
	Setting		place = {.origin = "--check-health"};

	if (config_settings_find(&places, SETTING_HEALTH_SOCKET) == NULL)
		return config_refuse(error, &place, "expected a health_socket in the configuration, or --health-socket");
	return config_settings_resolve(&places, SETTING_HEALTH_SOCKET, config, error);
}

static bool
read_file(Sources *sources, const ConfigError *error)
{
	ConfigPlaces places = daemon_places(sources);
	const Setting *path;

	places.of[CONFIG_FILE] = &nothing;
	path = config_settings_find(&places, SETTING_CONFIG);
	/* a daemon that runs may be asked although the file is wrong by now */
	if (path == NULL ||
		(sources->line.check_health && config_settings_find(&places, SETTING_HEALTH_SOCKET) != NULL))
		return true;
	return config_file_load(path, &sources->file, error);
}

static bool
merge(const Sources *sources, Config *config, const ConfigError *error)
{
	ConfigPlaces places = daemon_places(sources);

	config->once = sources->line.once;
	config->check_only = sources->line.check_only;
	config->check_connections = sources->line.check_connections;
	config->print_acl = sources->line.print_acl;
	config->check_health = sources->line.check_health;
	config->status = sources->line.status;
	config->tail = sources->line.tail;
	config->json = sources->line.json;
	if (sources->line.filter != NULL && (config->filter = strdup(sources->line.filter)) == NULL)
		return config_refuse_memory(error);
	if (config->check_health)
		return merge_health(sources, config, error);
	return config_settings_resolve_all(&places, false, config, error) &&
		merge_targets(sources, config, error) &&
		check_sessions(sources, config, error);
}

ConfigOutcome
config_load(int argc, char *const argv[], char *const environment[], Config **config,
			char *error, size_t error_bytes)
{
	ConfigError target = {error, error_bytes};
	Sources		sources = {0};
	Config	   *loaded;

	switch (config_cli_read(argc, argv, &sources.line, &target))
	{
		case COMMAND_LINE_READ:
			break;
		case COMMAND_LINE_HELP:
			config_cli_help();
			return CONFIG_HELP;
		case COMMAND_LINE_VERSION:
			(void) printf("uncached %s\n", UNCACHED_VERSION);
			return CONFIG_HELP;
		case COMMAND_LINE_REFUSED:
			return CONFIG_REFUSED;
	}
	config_env_read(environment, &sources.environment);
	loaded = calloc(1, sizeof(*loaded));
	if (loaded == NULL)
		(void) config_refuse_memory(&target);
	else
		config_retain(loaded);
	if (loaded == NULL || !read_file(&sources, &target) ||
		!merge(&sources, loaded, &target))
	{
		config_release(loaded);
		loaded = NULL;
	}
	config_file_reset(&sources.file);
	*config = loaded;
	return loaded == NULL ? CONFIG_REFUSED : CONFIG_LOADED;
}
