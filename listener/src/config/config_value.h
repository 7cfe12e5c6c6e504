/*-------------------------------------------------------------------------
 *
 * config_value.h
 *	  A setting's text → its field, or a message that says what is expected.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CONFIG_VALUE_H
#define UNCACHED_CONFIG_VALUE_H

#include <stdio.h>

#include "config/config_setting.h"

/* Enough for every time. */
#define CONFIG_TIME_BYTES 32

/*
 * From min to max, which is below 10^17; digits only, so that "1k" or "1e6" is not
 * read as 1.  Into an int64_t.
 */
extern bool config_resolve_number(const SettingTraits *traits, const Setting *setting, void *field,
								  const ConfigError *error);

/*
 * The same for a time with its unit, "ms", "s" or "min": without one nobody would
 * know which is meant.  Into an int64_t of milliseconds.
 */
extern bool config_resolve_time(const SettingTraits *traits, const Setting *setting, void *field,
								const ConfigError *error);

/* One of the choices; into an enum. */
extern bool config_resolve_choice(const SettingTraits *traits, const Setting *setting, void *field,
								  const ConfigError *error);

/* The rest goes into a char *, owned. */
extern bool config_resolve_text(const SettingTraits *traits, const Setting *setting, void *field,
								const ConfigError *error);

/* A file's, which is opened later. */
extern bool config_resolve_path(const SettingTraits *traits, const Setting *setting, void *field,
								const ConfigError *error);

/* Absolute, and short enough for a socket's address. */
extern bool config_resolve_socket_path(const SettingTraits *traits, const Setting *setting, void *field,
									   const ConfigError *error);

/* As listen_address.h reads it. */
extern bool config_resolve_listen(const SettingTraits *traits, const Setting *setting, void *field,
								  const ConfigError *error);

/* A host name or address alone. */
extern bool config_resolve_host(const SettingTraits *traits, const Setting *setting, void *field,
								const ConfigError *error);

/* libpq's connection string. */
extern bool config_resolve_dsn(const SettingTraits *traits, const Setting *setting, void *field,
							   const ConfigError *error);

/* Names of standbys with commas between them, without the blanks around them; or "any". */
extern bool config_resolve_standbys(const SettingTraits *traits, const Setting *setting, void *field,
									const ConfigError *error);

/* As config_resolve_time reads it, in the largest unit that fits. */
extern void config_format_time(int64_t time_ms, char text[static CONFIG_TIME_BYTES]);

#endif
