/*-------------------------------------------------------------------------
 *
 * config_dsn.h
 *	  Checks libpq's connection strings without showing what is in them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CONFIG_DSN_H
#define UNCACHED_CONFIG_DSN_H

#include "config/config_setting.h"

extern bool config_dsn_check(const Setting *setting, const ConfigError *error)
			__attribute__((warn_unused_result));

/* A string that cannot be parsed counts as one with a password. */
extern bool config_dsn_has_password(const char *dsn);

#endif
