/*-------------------------------------------------------------------------
 *
 * config.c
 *	  Command line, environment and file, merged into one validated Config.
 *
 *-------------------------------------------------------------------------
 */
#include "config/config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "config/config_cli.h"
#include "config/config_dsn.h"
#include "config/config_env.h"
#include "config/config_file.h"
#include "config/config_number.h"
#include "config/config_settings.h"
#include "config/config_target.h"

#define DESCRIPTION_BYTES 512

/* All that was read, before it is merged; borrows from argv and environ. */
typedef struct Sources
{
	CommandLine line;
	Settings	environment;
	TargetSettings environment_target;
	ConfigFile	file;			/* owned */
} Sources;

/* The first of three that was given; else one without a value. */
static Setting
highest(Setting line, Setting environment, Setting file)
{
	if (line.value != NULL)
		return line;
	return environment.value != NULL ? environment : file;
}

static bool
merge_dsn(const Sources *sources, Config *config, const ConfigError *error)
{
	Setting		dsn = highest(sources->line.settings.dsn, sources->environment.dsn,
							  sources->file.settings.dsn);

	if (dsn.value != NULL && !config_dsn_check(&dsn, error))
		return false;
	config->dsn = strdup(dsn.value == NULL ? "" : dsn.value);
	return config->dsn != NULL || config_refuse_memory(error);
}

static bool
merge_log(const Sources *sources, Config *config, const ConfigError *error)
{
	Setting		level = highest(sources->line.settings.log_level,
								sources->environment.log_level,
								sources->file.settings.log_level);
	Setting		format = highest(sources->line.settings.log_format,
								 sources->environment.log_format,
								 sources->file.settings.log_format);

	config->log_level = LOG_LEVEL_INFO;
	if (level.value != NULL && !log_level_parse(level.value, &config->log_level))
		return config_refuse(error, &level, "expected the log level error, warning, info or debug");
	config->log_format = LOG_FORMAT_LOGFMT;
	if (format.value != NULL && !log_format_parse(format.value, &config->log_format))
		return config_refuse(error, &format, "expected the log format logfmt or json");
	return true;
}

static bool
merge_log_file(const Sources *sources, Config *config, const ConfigError *error)
{
	Setting		file = highest(sources->line.settings.log_file,
							   sources->environment.log_file,
							   sources->file.settings.log_file);

	if (file.value == NULL)
		return true;
	if (*file.value == '\0')
		return config_refuse(error, &file, "expected the path of a log file");
	config->log_file = strdup(file.value);
	return config->log_file != NULL || config_refuse_memory(error);
}

/* "file" is NULL for a target that the file does not name. */
static bool
add_target(const Sources *sources, const TargetSettings *file, Config *config,
		   const ConfigError *error)
{
	static const TargetSettings nothing;
	const TargetSettings *places[CONFIG_PLACE_COUNT] = {&nothing, &nothing, &nothing};
	const char *alias = CONFIG_DEFAULT_ALIAS;

	if (file != NULL)
	{
		places[CONFIG_FILE] = file;
		alias = file->alias.value;
	}
	if (strcmp(alias, CONFIG_DEFAULT_ALIAS) == 0)
	{
		places[CONFIG_COMMAND_LINE] = &sources->line.target;
		places[CONFIG_ENVIRONMENT] = &sources->environment_target;
	}
	else if (file->url.value == NULL)
		return config_refuse(error, &file->alias, "expected a url in the section of a target other than \"%s\"",
							 CONFIG_DEFAULT_ALIAS);
	return config_target_resolve(alias, places, &config->targets[config->target_count++],
								 error);
}

/* An option of the target "default", where there is none. */
static bool
check_is_for_somebody(const Setting *option, const ConfigError *error)
{
	return option->value == NULL ||
		config_refuse(error, option, "expected a target \"%s\" in the file, or --redis",
					  CONFIG_DEFAULT_ALIAS);
}

static bool
merge_targets(const Sources *sources, Config *config, const ConfigError *error)
{
	const ConfigFile *file = &sources->file;
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
		(file->target_count == 0 || sources->line.target.url.value != NULL))
		return add_target(sources, NULL, config, error);
	return has_default ||
		(check_is_for_somebody(&sources->line.target.standbys, error) &&
		 check_is_for_somebody(&sources->line.target.standby_timeout, error));
}

/* A mistake in the configuration must not take all sessions of a server. */
static bool
check_sessions(const Sources *sources, const Config *config, const ConfigError *error)
{
	Setting		place = {.origin = "configuration"};
	Setting		setting = highest(sources->line.settings.max_sessions,
								  sources->environment.max_sessions,
								  sources->file.settings.max_sessions);
	int64_t		max_sessions = CONFIG_MAX_SESSIONS_DEFAULT;

	if (setting.value != NULL &&
		!config_parse_count(setting.value, CONFIG_MAX_SESSIONS_MAX, &max_sessions))
		return config_refuse(error, &setting, "expected a number of sessions from 1 to %d",
							 CONFIG_MAX_SESSIONS_MAX);
	if (config->target_count <= (size_t) max_sessions)
		return true;
	if (setting.value != NULL)
		place = setting;
	else if (sources->file.settings.config_path.origin != NULL)
		place.origin = sources->file.settings.config_path.origin;
	return config_refuse(error, &place, "%zu targets need %zu sessions of PostgreSQL, and"
						 " max_sessions is %" PRId64 ": raise it if the server has so many to spare"
						 " (max_connections, the role's CONNECTION LIMIT)",
						 config->target_count, config->target_count, max_sessions);
}

static bool
merge_health(const Sources *sources, Config *config, const ConfigError *error)
{
	const size_t max_bytes = sizeof(((const struct sockaddr_un *) 0)->sun_path) - 1;
	Setting		place = {.origin = "--check-health"};
	Setting		path = highest(sources->line.settings.health_socket,
							   sources->environment.health_socket,
							   sources->file.settings.health_socket);

	if (path.value == NULL && !config->check_health)
		return true;
	if (path.value == NULL)
		return config_refuse(error, &place, "expected a health_socket in the configuration, or --health-socket");
	if (path.value[0] != '/' || strlen(path.value) > max_bytes)
		return config_refuse(error, &path, "expected an absolute path for the health socket, of at most %zu bytes",
							 max_bytes);
	config->health_socket = strdup(path.value);
	return config->health_socket != NULL || config_refuse_memory(error);
}

static bool
read_file(Sources *sources, const ConfigError *error)
{
	Setting		nowhere_else = {0};
	Setting		path = highest(sources->line.settings.config_path,
							   sources->environment.config_path, nowhere_else);

	/* a daemon that runs may be asked although the file is wrong by now */
	if (sources->line.check_health &&
		(sources->line.settings.health_socket.value != NULL ||
		 sources->environment.health_socket.value != NULL))
		return true;
	return path.value == NULL || config_file_load(&path, &sources->file, error);
}

static bool
merge(const Sources *sources, Config *config, const ConfigError *error)
{
	config->once = sources->line.once;
	config->check_only = sources->line.check_only;
	config->check_connections = sources->line.check_connections;
	config->check_health = sources->line.check_health;
	if (config->check_health)
		return merge_health(sources, config, error);
	return merge_dsn(sources, config, error) &&
		merge_log(sources, config, error) &&
		merge_log_file(sources, config, error) &&
		merge_targets(sources, config, error) &&
		check_sessions(sources, config, error) &&
		merge_health(sources, config, error);
}

ConfigOutcome
config_load(int argc, char *const argv[], char *const environment[], Config **config,
			char *error, size_t error_bytes)
{
	ConfigError target = {error, error_bytes};
	Sources		sources = {0};
	ConfigOutcome outcome = config_cli_read(argc, argv, &sources.line, &target);
	Config	   *loaded;

	if (outcome != CONFIG_LOADED)
		return outcome;
	config_env_read(environment, &sources.environment, &sources.environment_target);
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

void
config_retain(Config *config)
{
	config->holder_count++;
}

void
config_release(Config *config)
{
	if (config == NULL || --config->holder_count > 0)
		return;
	for (size_t i = 0; i < config->target_count; i++)
		config_target_reset(&config->targets[i]);
	if (config->dsn != NULL)
		explicit_bzero(config->dsn, strlen(config->dsn));
	free(config->targets);
	free(config->dsn);
	free(config->log_file);
	free(config->health_socket);
	free(config);
}

/* In double quotes; controls and quotes escaped, other bytes as they are. */
static void
print_quoted(FILE *stream, const char *text)
{
	(void) fputc('"', stream);
	for (; *text != '\0'; text++)
	{
		unsigned char byte = (unsigned char) *text;

		if (byte == '"' || byte == '\\')
			(void) fprintf(stream, "\\%c", byte);
		else if (byte < ' ' || byte == 0x7F)
			(void) fprintf(stream, "\\x%02x", byte);
		else
			(void) fputc(byte, stream);
	}
	(void) fputc('"', stream);
}

void
config_print_targets(const Config *config, FILE *stream)
{
	for (size_t i = 0; i < config->target_count; i++)
	{
		const TargetConfig *target = &config->targets[i];
		char		description[DESCRIPTION_BYTES];

		url_describe(&target->url, description, sizeof(description));
		(void) fprintf(stream, "target %s: redis %s prefix ", target->alias, description);
		print_quoted(stream, target->prefix);
		if (target->scan_rate > 0)
			(void) fprintf(stream, " scan_rate %" PRId64, target->scan_rate);
		if (target->stagger_ms > 0)
			(void) fprintf(stream, " stagger %" PRId64 "ms from %" PRId64 " keys",
						   target->stagger_ms, target->stagger_from);
		if (target->sweep_ms > 0)
			(void) fprintf(stream, " sweep %" PRId64 "ms", target->sweep_ms);
		if (target->standbys != NULL)
		{
			(void) fprintf(stream, " standbys ");
			print_quoted(stream, target->standbys);
			(void) fprintf(stream, " for %" PRId64 "ms", target->standby_timeout_ms);
		}
		(void) fputc('\n', stream);
	}
}
