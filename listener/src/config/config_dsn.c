/*-------------------------------------------------------------------------
 *
 * config_dsn.c
 *	  Checks libpq's connection strings without showing what is in them.
 *
 *-------------------------------------------------------------------------
 */
#include "config/config_dsn.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#define UNKNOWN_OPTION "invalid connection option \""
#define KEYWORD_LETTERS "abcdefghijklmnopqrstuvwxyz_"

/*
 * libpq's message repeats parts of the string.  The one part that may be shown
 * is an unknown keyword, and only of a string without a password: else it
 * may be what follows a blank in an unquoted one.
 */
static bool
refuse(const Setting *setting, const char *libpq_message, const ConfigError *error)
{
	size_t		marker_bytes = strlen(UNKNOWN_OPTION);
	const char *keyword = libpq_message + marker_bytes;

	if (strncmp(libpq_message, UNKNOWN_OPTION, marker_bytes) == 0 &&
		keyword[strspn(keyword, KEYWORD_LETTERS)] == '"' &&
		strcasestr(setting->value, "pass") == NULL &&
		strstr(setting->value, "://") == NULL)
		return config_refuse(error, setting, "expected a keyword that libpq knows instead of \"%.*s\"",
							 (int) strspn(keyword, KEYWORD_LETTERS), keyword);
	return config_refuse(error, setting, "expected libpq's keyword=value pairs, values with blanks"
						 " in single quotes, or a postgresql:// URI");
}

bool
config_dsn_check(const Setting *setting, const ConfigError *error)
{
	char	   *libpq_message = NULL;
	PQconninfoOption *options = PQconninfoParse(setting->value, &libpq_message);

	if (options != NULL)
	{
		PQconninfoFree(options);
		return true;
	}
	if (libpq_message == NULL)
		return config_refuse_memory(error);
	(void) refuse(setting, libpq_message, error);
	explicit_bzero(libpq_message, strlen(libpq_message));
	PQfreemem(libpq_message);
	return false;
}

bool
config_dsn_has_password(const char *dsn)
{
	PQconninfoOption *options = PQconninfoParse(dsn, NULL);
	bool		has_password = options == NULL;

	for (PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++)
	{
		/* dispchar '*' marks what libpq itself takes for a secret */
		if (option->dispchar != NULL && strchr(option->dispchar, '*') != NULL &&
			option->val != NULL)
			has_password = true;
	}
	PQconninfoFree(options);
	return has_password;
}
