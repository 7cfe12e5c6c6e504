/*-------------------------------------------------------------------------
 *
 * config.h
 *	  What the daemon works by: one validated Config.
 *
 * config_load.h tells how it is put together, config_fields.h what can be done
 * with it.  It is never changed after it was loaded; SIGHUP loads another one.
 * Whoever works by it holds it: after a reload some targets may go on with an
 * older one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CONFIG_H
#define UNCACHED_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/url.h"

/* Longest alias, as the extension checks it too. */
#define CONFIG_ALIAS_MAX 48

/* Longest name of a standby: PostgreSQL cuts an application_name there. */
#define CONFIG_STANDBY_NAME_MAX 63

/* Bounds and defaults of the fields are in the table of config_settings.c. */
typedef struct TargetConfig
{
	char	   *alias;			/* owned; [A-Za-z][A-Za-z0-9_.-]*, up to
								 * CONFIG_ALIAS_MAX */
	RedisUrl	url;			/* owned; a user name comes with a password or
								 * a password_file */
	bool		password_file_is_public;	/* everybody can read it */
	bool		sentinel_password_file_is_public;
	char	   *prefix;			/* owned; put in front of every key; may be
								 * empty */
	size_t		prefix_bytes;
	int64_t		scan_rate;		/* keys that a scan pass may look at in a
								 * second; 0 is without bound */
	int64_t		stagger_ms;		/* within which keys expire that are many; 0
								 * is at once */
	int64_t		stagger_from;	/* so many of one transaction are many */
	int64_t		sweep_ms;		/* between two sweeps of tags; 0 is never */
	char	   *standbys;		/* owned; names of standbys, with commas
								 * between them; "any"; or NULL */
	int64_t		standby_timeout_ms; /* how long one of them is waited for */
} TargetConfig;

typedef struct Config
{
	size_t		holder_count;	/* config_fields.c's own */
	char	   *dsn;			/* owned; libpq's conninfo; "" leaves all to
								 * PG* */
	TargetConfig *targets;		/* owned; at least one */
	size_t		target_count;
	int64_t		max_sessions;	/* no more targets than that */
	LogLevel	log_level;
	LogFormat	log_format;
	char	   *log_file;		/* owned; NULL is standard error */
	char	   *http;			/* owned; where to serve HTTP
								 * (listen_address.h); or NULL */
	int64_t		ready_max_lag_ms;	/* how far behind a target may be that is
									 * ready */
	char	   *health_socket;	/* owned; an absolute path that fits into a
								 * socket's address; or NULL */
	bool		once;			/* --once */
	bool		check_only;		/* --check-config */
	bool		check_connections;	/* --check-connections */
	bool		print_acl;		/* --print-acl */
	bool		check_health;	/* --check-health: health_socket is all there
								 * is in this config */
	bool		status;			/* --status */
	bool		tail;			/* --tail */
	bool		json;			/* --json: of one of these two */
	char	   *filter;			/* owned; --filter: a glob; or NULL */
} Config;

#endif
