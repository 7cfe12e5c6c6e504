/*-------------------------------------------------------------------------
 *
 * config_file.h
 *	  Settings from the configuration file.
 *
 * Its sections and keys are those of the table of settings; a target's is
 * [target NAME].
 *
 * Other sections and keys are refused.  The syntax is ini.h's.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CONFIG_FILE_H
#define UNCACHED_CONFIG_FILE_H

#include "config/config_settings.h"
#include "config/ini.h"

/* A section [target NAME]. */
typedef struct FileTarget
{
	Setting		alias;
	Settings	settings;
} FileTarget;

/* All that is borrowed is ini's or path's. */
typedef struct ConfigFile
{
	const char *path;			/* borrowed; NULL if there is no file */
	Settings	settings;		/* of the daemon as a whole */
	FileTarget *targets;		/* owned */
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
