/*-------------------------------------------------------------------------
 *
 * config.h
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
 * A Config is never changed after it was loaded; SIGHUP loads another one.  Whoever
 * works by it holds it: after a reload some targets may go on with an older one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CONFIG_H
#define UNCACHED_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/log.h"
#include "base/url.h"

/* Longest alias, as the extension checks it too. */
#define CONFIG_ALIAS_MAX 48

#define CONFIG_SCAN_RATE_MAX 1000000000

/* An hour. */
#define CONFIG_STAGGER_MAX_MS 3600000

#define CONFIG_SWEEP_MIN_MS 1000
#define CONFIG_SWEEP_MAX_MS (24 * 60 * 60000)
#define CONFIG_STAGGER_FROM_DEFAULT 1000
#define CONFIG_STAGGER_FROM_MAX 1000000000

#define CONFIG_STANDBY_TIMEOUT_DEFAULT_MS 60000

/* A second to an hour. */
#define CONFIG_STANDBY_TIMEOUT_MIN_MS 1000
#define CONFIG_STANDBY_TIMEOUT_MAX_MS 3600000

/* How many sessions PostgreSQL is asked for, unless told. */
#define CONFIG_MAX_SESSIONS_DEFAULT 50
#define CONFIG_MAX_SESSIONS_MAX 100000

/* Longest name of a standby: PostgreSQL cuts an application_name there. */
#define CONFIG_STANDBY_NAME_MAX 63

typedef struct TargetConfig
{
	char	   *alias;			/* owned; [A-Za-z][A-Za-z0-9_.-]*, up to
								 * CONFIG_ALIAS_MAX */
	RedisUrl	url;			/* owned; a user name comes with a password or
								 * a password_file */
	bool		password_file_is_public;	/* everybody can read it */
	char	   *prefix;			/* owned; put in front of every key; may be
								 * empty */
	size_t		prefix_bytes;
	int64_t		scan_rate;		/* keys that a scan pass may look at in a
								 * second, up to CONFIG_SCAN_RATE_MAX; 0 is
								 * without bound */
	int64_t		stagger_ms;		/* within which keys expire that are many, up
								 * to CONFIG_STAGGER_MAX_MS; 0 is at once */
	int64_t		sweep_ms;		/* between two sweeps of tags,
								 * CONFIG_SWEEP_MIN_MS to CONFIG_SWEEP_MAX_MS;
								 * 0 is never */
	int64_t		stagger_from;	/* so many of one transaction are many, up to
								 * CONFIG_STAGGER_FROM_MAX */
	char	   *standbys;		/* owned; names of standbys, with commas
								 * between them; "any"; or NULL */
	int64_t		standby_timeout_ms; /* how long one of them is waited for */
} TargetConfig;

typedef struct Config
{
	size_t		holder_count;	/* config.c's own */
	char	   *dsn;			/* owned; libpq's conninfo; "" leaves all to
								 * PG* */
	TargetConfig *targets;		/* owned; at least one */
	size_t		target_count;
	LogLevel	log_level;
	LogFormat	log_format;
	char	   *log_file;		/* owned; NULL is standard error */
	char	   *health_socket;	/* owned; an absolute path that fits into a
								 * socket's address; or NULL */
	bool		once;			/* --once */
	bool		check_only;		/* --check-config */
	bool		check_connections;	/* --check-connections */
	bool		check_health;	/* --check-health: health_socket is all there
								 * is in this config */
} Config;

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

/*
 * Holds it once more, until a config_release of its own; whoever has loaded it
 * holds it, too.
 */
extern void config_retain(Config *config);

/* The last holder frees it, passwords overwritten; NULL is allowed. */
extern void config_release(Config *config);

/* One line for each target, without user or password; for --check-config. */
extern void config_print_targets(const Config *config, FILE *stream);

/*
 * Overwrites the values of --dsn and --redis in argv where they hold a
 * password, so that ps does not show them.  After config_load has accepted
 * argv; the caller keeps a copy for the next load if it wants one.
 */
extern void config_hide_secrets(int argc, char *argv[]);

#endif
