/*-------------------------------------------------------------------------
 *
 * config_setting.c
 *	  Messages about a setting.
 *
 *-------------------------------------------------------------------------
 */
#include "config/config_setting.h"

#include <stdarg.h>
#include <stdio.h>

bool
config_refuse(const ConfigError *error, const Setting *setting, const char *format,...)
{
	va_list		arguments;
	char		message[512];
	char		line[32] = "";

	va_start(arguments, format);
	(void) vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	if (setting->line > 0)
		(void) snprintf(line, sizeof(line), ":%zu", setting->line);
	(void) snprintf(error->text, error->text_bytes, "%s%s: %s", setting->origin, line,
					message);
	return false;
}

bool
config_refuse_memory(const ConfigError *error)
{
	(void) snprintf(error->text, error->text_bytes, "out of memory");
	return false;
}
