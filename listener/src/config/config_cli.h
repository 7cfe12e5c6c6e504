/*-------------------------------------------------------------------------
 *
 * config_cli.h
 *	  Settings from the command line.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CONFIG_CLI_H
#define UNCACHED_CONFIG_CLI_H

#include <stdbool.h>

#include "config/config.h"
#include "config/config_settings.h"

typedef struct CommandLine
{
	Settings	settings;		/* borrows from argv */
	TargetSettings target;		/* of the target "default"; borrows from argv */
	bool		once;
	bool		check_only;
	bool		check_connections;
	bool		check_health;
} CommandLine;

/*
 * CONFIG_HELP after printing what --help or --version asks for, to standard
 * output.  An option given twice counts as given the second time.
 */
extern ConfigOutcome config_cli_read(int argc, char *const argv[], CommandLine *line,
									 const ConfigError *error)
			__attribute__((warn_unused_result));

#endif
