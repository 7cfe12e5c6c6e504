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
config_env_read(char *const environment[], Settings *settings)
{
	Setting    *port = &settings->given[SETTING_PORT];

	memset(settings, 0, sizeof(*settings));
	for (size_t i = 0; i < config_setting_count; i++)
	{
		if (config_settings[i].variable != NULL)
			settings->given[i] = read_variable(environment, config_settings[i].variable);
	}
	if (port->value != NULL && strncmp(port->value, "tcp://", 6) == 0)
		port->value = NULL;
}
