/*-------------------------------------------------------------------------
 *
 * config_url.c
 *	  Does the URL of a Redis contain a password?
 *
 *-------------------------------------------------------------------------
 */
#include "config/config_url.h"

#include <stddef.h>

#include "base/url.h"

bool
config_url_has_password(const char *text)
{
	RedisUrl	url;
	char		message[8];
	bool		has_password = true;

	if (url_parse(text, &url, message, sizeof(message)))
	{
		has_password = url.password != NULL;
		url_reset(&url);
	}
	return has_password;
}
