/*-------------------------------------------------------------------------
 *
 * config_load.h
 *	  Command line, environment and file, merged into one validated Config.
 *
 * Precedence: command line > environment > file > default, for each setting
 * by itself; what is overridden is not looked at.  Empty environment variables
 * count as not set.
 *
 * --redis and the REDIS_* variables describe the target "default".  Without
 * targets in the file it is the only one.  If the file has targets but none of
 * that name, --redis adds it, and without --redis the REDIS_* variables,
 * which are often there for somebody else's sake, are ignored.  How the parts
 * of one target are merged is told in config_target.h.
 *
 * Each target takes a session of PostgreSQL: more targets than max_sessions are refused.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CONFIG_LOAD_H
#define UNCACHED_CONFIG_LOAD_H

#include "config/config.h"

typedef enum ConfigOutcome
{
	CONFIG_LOADED,				/* *config is set */
	CONFIG_HELP,				/* --help or --version: text was printed */
	CONFIG_REFUSED				/* "error" says where, and what was expected */
} ConfigOutcome;

/*
 * Loads a Config, to be let go by config_release.  "environment" is shaped
 * like environ.  Where it is refused, "error" gets one message without secrets:
 * "FILE:LINE: ...", "VARIABLE: ..." or "--option: ...".  Nothing of the
 * arguments is kept.  Uses getopt_long's global state.
 */
extern ConfigOutcome config_load(int argc, char *const argv[], char *const environment[],
								 Config **config, char *error, size_t error_bytes)
			__attribute__((warn_unused_result));

#endif
