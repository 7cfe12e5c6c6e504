/*-------------------------------------------------------------------------
 *
 * config_cli.h
 *	  Settings from the command line.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CONFIG_CLI_H
#define UNCACHED_CONFIG_CLI_H

#include "config/config_settings.h"

/* What the command line asks for besides settings. */
typedef enum CommandLineOutcome
{
	COMMAND_LINE_READ,
	COMMAND_LINE_HELP,
	COMMAND_LINE_VERSION,
	COMMAND_LINE_REFUSED
} CommandLineOutcome;

typedef struct CommandLine
{
	Settings	settings;		/* borrows from argv; what is of a target is
								 * said of the target "default" */
	bool		once;
	bool		check_only;
	bool		check_connections;
	bool		print_acl;
	bool		check_health;
	bool		status;
	bool		tail;
	bool		json;			/* of one of these two */
	const char *filter;			/* of tail; borrows from argv; or NULL */
} CommandLine;

/* An option given twice counts as given the second time. */
extern CommandLineOutcome config_cli_read(int argc, char *const argv[], CommandLine *line,
										  const ConfigError *error)
			__attribute__((warn_unused_result));

/* Is --status, or --json, among what can be read of the command line, even if it is refused? */
extern bool config_cli_asks_status(int argc, char *const argv[], bool *is_json);

/* "letter" may be 0, "argument" NULL. */
typedef void (*CommandLineVisit) (void *context, char letter, const char *option,
								  const char *argument, const char *help);

/* Calls it for each option, in the order of --help. */
extern void config_cli_visit(CommandLineVisit visit, void *context);

/* Prints --help to standard output. */
extern void config_cli_help(void);

/*
 * Overwrites the values of options in argv where they hold a password, so that ps
 * does not show them.  After config_load has accepted argv; the caller keeps
 * a copy for the next load if it wants one.
 */
extern void config_hide_secrets(int argc, char *argv[]);

#endif
