/*-------------------------------------------------------------------------
 *
 * config_file.h
 *	  Settings from the configuration file.
 *
 *		[daemon]		max_sessions, health_socket
 *		[postgres]		dsn
 *		[log]			level, format, log_file
 *		[target NAME]	url, username, password_file, prefix, scan_rate
 *
 * Other sections and keys are refused.  The syntax is ini.h's.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CONFIG_FILE_H
#define UNCACHED_CONFIG_FILE_H

#include "config/config_settings.h"
#include "config/ini.h"

typedef struct ConfigFile
{
	Settings	settings;		/* borrows from ini and path */
	TargetSettings *targets;	/* owned; borrow from ini and path */
	size_t		target_count;
	IniFile		ini;			/* owned */
} ConfigFile;

/*
 * Reads the file that the setting names into caller's storage, to be freed by
 * config_file_reset, on false too.  "path" is borrowed until then.
 */
extern bool config_file_load(const Setting *path, ConfigFile *file,
							 const ConfigError *error)
			__attribute__((warn_unused_result));

/* Allowed on storage that is all zero. */
extern void config_file_reset(ConfigFile *file);

#endif
