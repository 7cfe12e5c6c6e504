/*-------------------------------------------------------------------------
 *
 * config_url.h
 *	  Does the URL of a Redis contain a password?
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CONFIG_URL_H
#define UNCACHED_CONFIG_URL_H

#include <stdbool.h>

/* One that cannot be parsed counts as one with a password. */
extern bool config_url_has_password(const char *text);

#endif
