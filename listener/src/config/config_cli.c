/*-------------------------------------------------------------------------
 *
 * config_cli.c
 *	  Settings from the command line.
 *
 * Messages name options by their position or up to the "=": an argument that
 * is not understood may hold a password.
 *
 *-------------------------------------------------------------------------
 */
#include "config/config_cli.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "config/config_dsn.h"

enum
{
	OPTION_CONFIG = 'c',
	OPTION_VERSION = 'V',
	OPTION_HELP = 'h',
	OPTION_DSN = 256,			/* beyond every letter */
	OPTION_REDIS,
	OPTION_STANDBYS,
	OPTION_STANDBY_TIMEOUT,
	OPTION_MAX_SESSIONS,
	OPTION_HEALTH_SOCKET,
	OPTION_LOG_LEVEL,
	OPTION_LOG_FORMAT,
	OPTION_LOG_FILE,
	OPTION_ONCE,
	OPTION_CHECK_CONFIG,
	OPTION_CHECK_CONNECTIONS,
	OPTION_CHECK_HEALTH
};

/* "+" keeps getopt_long from reordering argv, ":" tells a missing value. */
#define SHORT_OPTIONS "+:c:hV"

static const char help_text[] =
"uncached deletes from Redis what committed changes in PostgreSQL made stale.\n"
"\n"
"Usage:\n"
"  uncached [OPTION]...\n"
"\n"
"Options:\n"
"  -c, --config FILE    configuration file; needed only for several targets\n"
"  --dsn CONNINFO       PostgreSQL: libpq's connection string or URI; what it\n"
"                       leaves out comes from PGHOST, PGDATABASE and so on\n"
"  --redis URL          the target \"default\": redis://[user[:password]@]host\n"
"                       [:port][/database] or unix://[user[:password]@]/path\n"
"                       [?db=N]; default redis://localhost:6379/0\n"
"  --standbys NAMES     standbys that the target \"default\" is filled from, as they\n"
"                       call themselves (application_name), with commas between\n"
"                       them, or any: what is deleted at the commit is deleted\n"
"                       again when they have replayed it\n"
"  --standby-timeout TIME\n"
"                       how long one of them is waited for; default 60s\n"
"  --max-sessions N     refuse a configuration with more targets, each of which takes\n"
"                       a session of PostgreSQL; default 50\n"
"  --health-socket PATH a socket by which --check-health asks the running daemon;\n"
"                       default: none\n"
"  --log-level LEVEL    error, warning, info (default) or debug\n"
"  --log-format FORMAT  logfmt (default) or json\n"
"  --log-file FILE      append the log to this file instead of writing it to\n"
"                       standard error; SIGUSR1 and SIGHUP open it again\n"
"  --once               apply what is pending, then exit\n"
"  --check-config       show the targets of a valid configuration, then exit\n"
"  --check-connections  ask PostgreSQL and every target whether they have all that is\n"
"                       needed, say what is missing, then exit\n"
"  --check-health       ask the daemon that runs with this health socket for the\n"
"                       states of its targets, then exit\n"
"  -V, --version        show the version, then exit\n"
"  -h, --help           show this help, then exit\n"
"\n"
"Relative paths are relative to the directory in which uncached was started.\n"
"\n"
"Environment:\n"
"  UNCACHED_CONFIG, UNCACHED_DSN, UNCACHED_LOG_LEVEL, UNCACHED_LOG_FORMAT,\n"
"  UNCACHED_LOG_FILE, UNCACHED_MAX_SESSIONS, UNCACHED_HEALTH_SOCKET\n"
"                       as the options\n"
"  REDIS_URL            as --redis; or else\n"
"  REDIS_HOST, REDIS_PORT, REDIS_DB\n"
"                       the parts of the address\n"
"  REDIS_USERNAME, REDIS_PASSWORD, REDIS_PASSWORD_FILE\n"
"                       for a URL that does not contain them; the password file,\n"
"                       which nobody but its owner may write, is read at each\n"
"                       connect\n"
"  REDIS_KEY_PREFIX     put in front of every key of the target \"default\"\n"
"  REDIS_SCAN_RATE      keys that a scan for patterns may look at in a second;\n"
"                       default: no bound\n"
"  REDIS_STAGGER        time (5s, 500ms) within which the keys of a transaction that\n"
"                       has many of them are unlinked one after the other;\n"
"                       default: keys are unlinked at once\n"
"  REDIS_STAGGER_FROM   so many keys are many; default: 1000\n"
"  REDIS_SWEEP          time (60min) between two sweeps, which take the names of\n"
"                       keys that are gone out of tags; default: none\n"
"  REDIS_STANDBYS, REDIS_STANDBY_TIMEOUT\n"
"                       as --standbys and --standby-timeout\n"
"\n"
"The command line goes before the environment, the environment before the\n"
"file. An empty variable counts as one that is not set. If the file names\n"
"targets, but none is called \"default\", the REDIS_ variables are ignored\n"
"unless --redis adds that target.\n"
"\n"
"Signals: SIGTERM and SIGINT finish the batch in hand and exit within 5 s; a\n"
"second one exits at once with status 1, and what was not acknowledged is\n"
"repeated at the next start. SIGHUP loads the configuration again, starts anew\n"
"only targets that have changed, and keeps the old one if the new one is refused.\n"
"SIGUSR1 opens the log file again.\n"
"\n"
"Exit status: 0 if all went well, 1 if it failed while running (--once could\n"
"not finish, --check-connections found something missing, --check-health got no\n"
"answer, a second signal came, or standard output could not be written), 2 if\n"
"the command line or the configuration was refused.\n";

static const struct option known_options[] = {
	{"config", required_argument, NULL, OPTION_CONFIG},
	{"dsn", required_argument, NULL, OPTION_DSN},
	{"redis", required_argument, NULL, OPTION_REDIS},
	{"standbys", required_argument, NULL, OPTION_STANDBYS},
	{"standby-timeout", required_argument, NULL, OPTION_STANDBY_TIMEOUT},
	{"max-sessions", required_argument, NULL, OPTION_MAX_SESSIONS},
	{"health-socket", required_argument, NULL, OPTION_HEALTH_SOCKET},
	{"log-level", required_argument, NULL, OPTION_LOG_LEVEL},
	{"log-format", required_argument, NULL, OPTION_LOG_FORMAT},
	{"log-file", required_argument, NULL, OPTION_LOG_FILE},
	{"once", no_argument, NULL, OPTION_ONCE},
	{"check-config", no_argument, NULL, OPTION_CHECK_CONFIG},
	{"check-connections", no_argument, NULL, OPTION_CHECK_CONNECTIONS},
	{"check-health", no_argument, NULL, OPTION_CHECK_HEALTH},
	{"version", no_argument, NULL, OPTION_VERSION},
	{"help", no_argument, NULL, OPTION_HELP},
	{NULL, 0, NULL, 0}
};

/* glibc starts over where optind is 0. */
static void
start_options(void)
{
	optind = 0;
	opterr = 0;
}

/* The next option, '?' or ':' as getopt_long says it, or -1. */
static int
next_option(int argc, char *const argv[])
{
	return getopt_long(argc, argv, SHORT_OPTIONS, known_options, NULL);
}

/*
 * Of a long option optopt is its code, or 0 for an unknown one; of a short one
 * its letter.
 */
static ConfigOutcome
refuse_option(char *const argv[], int option, const ConfigError *error)
{
	Setting		place = {.origin = "command line"};
	const char *argument = argv[optind - 1];
	int			name_bytes = (int) strcspn(argument, "=");

	if (option == ':')
		(void) config_refuse(error, &place, "expected a value after %.*s", name_bytes, argument);
	else if (optopt >= OPTION_DSN || optopt == OPTION_HELP || optopt == OPTION_VERSION)
		(void) config_refuse(error, &place, "expected no value for %.*s", name_bytes, argument);
	else if (optopt == 0)
		(void) config_refuse(error, &place, "unknown or ambiguous option %.*s; --help lists them all",
							 name_bytes, argument);
	else
		(void) config_refuse(error, &place, "unknown short option; --help lists them all");
	return CONFIG_REFUSED;
}

static ConfigOutcome
print(const char *text)
{
	(void) fputs(text, stdout);
	return CONFIG_HELP;
}

/* The value of the option that getopt_long has just returned. */
static Setting
from_option(const char *name)
{
	Setting		setting = {.value = optarg,.origin = name};

	return setting;
}

static ConfigOutcome
take_option(int option, CommandLine *line)
{
	switch (option)
	{
		case OPTION_CONFIG:
			line->settings.config_path = from_option("--config");
			break;
		case OPTION_DSN:
			line->settings.dsn = from_option("--dsn");
			break;
		case OPTION_REDIS:
			line->target.url = from_option("--redis");
			break;
		case OPTION_STANDBYS:
			line->target.standbys = from_option("--standbys");
			break;
		case OPTION_STANDBY_TIMEOUT:
			line->target.standby_timeout = from_option("--standby-timeout");
			break;
		case OPTION_MAX_SESSIONS:
			line->settings.max_sessions = from_option("--max-sessions");
			break;
		case OPTION_HEALTH_SOCKET:
			line->settings.health_socket = from_option("--health-socket");
			break;
		case OPTION_LOG_LEVEL:
			line->settings.log_level = from_option("--log-level");
			break;
		case OPTION_LOG_FORMAT:
			line->settings.log_format = from_option("--log-format");
			break;
		case OPTION_LOG_FILE:
			line->settings.log_file = from_option("--log-file");
			break;
		case OPTION_ONCE:
			line->once = true;
			break;
		case OPTION_CHECK_CONFIG:
			line->check_only = true;
			break;
		case OPTION_CHECK_CONNECTIONS:
			line->check_connections = true;
			break;
		case OPTION_CHECK_HEALTH:
			line->check_health = true;
			break;
		case OPTION_VERSION:
			return print("uncached " UNCACHED_VERSION "\n");
		case OPTION_HELP:
			return print(help_text);
		default:
			return CONFIG_REFUSED;
	}
	return CONFIG_LOADED;
}

ConfigOutcome
config_cli_read(int argc, char *const argv[], CommandLine *line, const ConfigError *error)
{
	Setting		place = {.origin = "command line"};
	int			option;

	memset(line, 0, sizeof(*line));
	start_options();
	while ((option = next_option(argc, argv)) != -1)
	{
		ConfigOutcome outcome = take_option(option, line);

		if (outcome == CONFIG_REFUSED)
			return refuse_option(argv, option, error);
		if (outcome != CONFIG_LOADED)
			return outcome;
	}
	if (optind < argc)
	{
		(void) config_refuse(error, &place, "expected options only: argument %d is none; --help lists them all",
							 optind);
		return CONFIG_REFUSED;
	}
	return CONFIG_LOADED;
}

/* A URL that cannot be parsed counts as one with a password. */
static bool
url_has_password(const char *text)
{
	RedisUrl	url;
	char		message[8];
	bool		has_password = true;

	if (url_parse(text, &url, message, sizeof(message)))
	{
		has_password = url.password != NULL;
		url_reset(&url);
	}
	return has_password;
}

void
config_hide_secrets(int argc, char *argv[])
{
	int			option;

	start_options();
	while ((option = next_option(argc, argv)) != -1)
	{
		if ((option == OPTION_DSN && config_dsn_has_password(optarg)) ||
			(option == OPTION_REDIS && url_has_password(optarg)))
			memset(optarg, 'x', strlen(optarg));
	}
}
