/*-------------------------------------------------------------------------
 *
 * config_settings.h
 *	  Settings as text with the place they come from, before validation.
 *
 * The modules that read the command line, the environment and the file fill
 * these in; config.c and config_target.c merge and validate them.  Private
 * to the config_*.c files.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CONFIG_SETTINGS_H
#define UNCACHED_CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#define CONFIG_DEFAULT_ALIAS "default"

typedef struct Setting
{
	const char *value;			/* borrowed; NULL if it was not given */
	const char *origin;			/* borrowed; "--redis", "REDIS_URL", a file */
	size_t		line;			/* in the file; 0 elsewhere */
} Setting;

/* What one place says about one target. */
typedef struct TargetSettings
{
	Setting		alias;			/* of a file's section */
	Setting		url;
	Setting		host;
	Setting		port;
	Setting		database;
	Setting		username;
	Setting		password;
	Setting		password_file;
	Setting		prefix;
	Setting		scan_rate;
	Setting		stagger;
	Setting		stagger_from;
	Setting		sweep;
	Setting		standbys;
	Setting		standby_timeout;
} TargetSettings;

/* What one place says about everything else. */
typedef struct Settings
{
	Setting		config_path;
	Setting		dsn;
	Setting		log_level;
	Setting		log_format;
	Setting		log_file;
	Setting		max_sessions;
	Setting		health_socket;
} Settings;

/* Where a message goes: the caller's buffer of config_load. */
typedef struct ConfigError
{
	char	   *text;			/* borrowed */
	size_t		text_bytes;
} ConfigError;

/*
 * Writes "origin:line: message" and returns false.  The message must not
 * contain anything that was read from the setting's value.
 */
extern bool config_refuse(const ConfigError *error, const Setting *setting,
						  const char *format,...)
			__attribute__((format(printf, 3, 4)));

/* The same for memory exhausted. */
extern bool config_refuse_memory(const ConfigError *error);

#endif
