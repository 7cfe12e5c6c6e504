/*-------------------------------------------------------------------------
 *
 * config_env.c
 *	  Settings from the environment.
 *
 *-------------------------------------------------------------------------
 */
#include "config/config_env.h"

#include <string.h>

static Setting
read_variable(char *const environment[], const char *name)
{
	size_t		name_bytes = strlen(name);
	Setting		setting = {.origin = name};

	for (size_t i = 0; environment != NULL && environment[i] != NULL; i++)
	{
		if (strncmp(environment[i], name, name_bytes) == 0 &&
			environment[i][name_bytes] == '=')
		{
			if (environment[i][name_bytes + 1] != '\0')
				setting.value = environment[i] + name_bytes + 1;
			break;
		}
	}
	return setting;
}

void
config_env_read(char *const environment[], Settings *settings, TargetSettings *target)
{
	memset(settings, 0, sizeof(*settings));
	memset(target, 0, sizeof(*target));

	settings->config_path = read_variable(environment, "UNCACHED_CONFIG");
	settings->dsn = read_variable(environment, "UNCACHED_DSN");
	settings->log_level = read_variable(environment, "UNCACHED_LOG_LEVEL");
	settings->log_format = read_variable(environment, "UNCACHED_LOG_FORMAT");
	settings->log_file = read_variable(environment, "UNCACHED_LOG_FILE");

	settings->max_sessions = read_variable(environment, "UNCACHED_MAX_SESSIONS");
	settings->health_socket = read_variable(environment, "UNCACHED_HEALTH_SOCKET");

	target->url = read_variable(environment, "REDIS_URL");
	target->host = read_variable(environment, "REDIS_HOST");
	target->port = read_variable(environment, "REDIS_PORT");
	target->database = read_variable(environment, "REDIS_DB");
	target->username = read_variable(environment, "REDIS_USERNAME");
	target->password = read_variable(environment, "REDIS_PASSWORD");
	target->password_file = read_variable(environment, "REDIS_PASSWORD_FILE");
	target->prefix = read_variable(environment, "REDIS_KEY_PREFIX");
	target->scan_rate = read_variable(environment, "REDIS_SCAN_RATE");
	target->stagger = read_variable(environment, "REDIS_STAGGER");
	target->stagger_from = read_variable(environment, "REDIS_STAGGER_FROM");
	target->sweep = read_variable(environment, "REDIS_SWEEP");
	target->standbys = read_variable(environment, "REDIS_STANDBYS");
	target->standby_timeout = read_variable(environment, "REDIS_STANDBY_TIMEOUT");

	if (target->port.value != NULL && strncmp(target->port.value, "tcp://", 6) == 0)
		target->port.value = NULL;
}
