/*-------------------------------------------------------------------------
 *
 * config_settings.c
 *	  The table of all settings, and what the places say about them.
 *
 *-------------------------------------------------------------------------
 */
#include "config/config_settings.h"

#include <string.h>

#include "config/config.h"
#include "config/config_dsn.h"
#include "config/config_url.h"
#include "config/config_value.h"

static const char *const log_levels[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
	NULL
};

static const char *const log_formats[] = {
	[LOG_FORMAT_LOGFMT] = "logfmt",
	[LOG_FORMAT_JSON] = "json",
	NULL
};

static const char *const tls_verifications[] = {
	[URL_VERIFY_FULL] = "full",
	[URL_VERIFY_CA] = "ca",
	[URL_VERIFY_NONE] = "none",
	NULL
};

_Static_assert(sizeof(LogLevel) == sizeof(int) && sizeof(LogFormat) == sizeof(int) &&
			   sizeof(UrlVerify) == sizeof(int),
			   "a choice is stored as an int");

/* The fields of one row that tell where its value goes. */
#define INTO(type_, object, field, resolve_) \
	.type = type_, .offset = offsetof(object, field), .resolve = resolve_

#define OF_TARGET .is_of_target = true, .section = "target"

const SettingTraits config_settings[] = {
	[SETTING_CONFIG] = {
		.key = "config",.variable = "UNCACHED_CONFIG",.option = "--config",.letter = 'c',.argument = "FILE",
		.help = "configuration file; needed only for several targets"
	},
	[SETTING_DSN] = {
		.section = "postgres",.key = "dsn",.variable = "UNCACHED_DSN",.option = "--dsn",.argument = "CONNINFO",
		INTO(FIELD_TEXT, Config, dsn, config_resolve_dsn),
		.may_be_empty = true,.has_secret = config_dsn_has_password,.default_text = "",
		.help = "PostgreSQL: libpq's connection string or URI; what it leaves out comes from PGHOST,"
		" PGDATABASE and so on"
	},
	[SETTING_URL] = {
		OF_TARGET,.key = "url",.variable = "REDIS_URL",.option = "--redis",.argument = "URL",
		.has_secret = config_url_has_password,.default_text = "redis://localhost:6379/0",
		.help = "the target \"default\": redis://[user[:password]@]host[:port][/database], the same with"
		" rediss:// for TLS, unix://[user[:password]@]/path[?db=N], or with sentinels"
		" redis+sentinel://host[:port],.../master[/database], rediss+sentinel:// for TLS; default:"
		" redis://localhost:6379/0"
	},
	[SETTING_HOST] = {
		OF_TARGET,.variable = "REDIS_HOST",.help = "without REDIS_URL: the host, default: localhost"
	},
	[SETTING_PORT] = {
		OF_TARGET,.variable = "REDIS_PORT",.help = "without REDIS_URL: the port, default: 6379"
	},
	[SETTING_DATABASE] = {
		OF_TARGET,.variable = "REDIS_DB",.help = "without REDIS_URL: the database number, default: 0"
	},
	[SETTING_USERNAME] = {
		OF_TARGET,.key = "username",.variable = "REDIS_USERNAME",
		.help = "user name, for a URL that does not contain one"
	},
	[SETTING_PASSWORD] = {
		OF_TARGET,.variable = "REDIS_PASSWORD",.help = "password, for a URL that does not contain one"
	},
	[SETTING_PASSWORD_FILE] = {
		OF_TARGET,.key = "password_file",.variable = "REDIS_PASSWORD_FILE",
		.help = "file with the password in its first line, which nobody but its owner may write; it is read at"
		" each connect"
	},
	[SETTING_TLS_CA_FILE] = {
		OF_TARGET,.key = "tls_ca_file",.variable = "REDIS_TLS_CA_FILE",
		INTO(FIELD_TEXT, TargetConfig, url.tls.ca_file, config_resolve_path),
		.help = "with rediss://: file with the CAs (PEM) that may have signed Redis' certificate; default:"
		" those that the system trusts"
	},
	[SETTING_TLS_CERT_FILE] = {
		OF_TARGET,.key = "tls_cert_file",.variable = "REDIS_TLS_CERT_FILE",
		INTO(FIELD_TEXT, TargetConfig, url.tls.cert_file, config_resolve_path),
		.help = "with rediss://: file with the client's certificate and those that lead to its CA (PEM);"
		" default: none"
	},
	[SETTING_TLS_KEY_FILE] = {
		OF_TARGET,.key = "tls_key_file",.variable = "REDIS_TLS_KEY_FILE",
		INTO(FIELD_TEXT, TargetConfig, url.tls.key_file, config_resolve_path),
		.needs = "tls_cert_file",
		.help = "with rediss://: file with the private key of that certificate (PEM), which not everybody may"
		" read; default: it is in tls_cert_file"
	},
	[SETTING_TLS_SERVER_NAME] = {
		OF_TARGET,.key = "tls_server_name",.variable = "REDIS_TLS_SERVER_NAME",
		INTO(FIELD_TEXT, TargetConfig, url.tls.server_name, config_resolve_host),
		.help = "with rediss://: name or address that Redis' certificate must be for; default: the URL's host"
	},
	[SETTING_TLS_VERIFY] = {
		OF_TARGET,.key = "tls_verify",.variable = "REDIS_TLS_VERIFY",
		INTO(FIELD_CHOICE, TargetConfig, url.tls.verify, config_resolve_choice),
		.choices = tls_verifications,.default_text = "full",
		.help = "with rediss://: full (default) for a CA that is trusted and the right host, ca for the CA only,"
		" none for any certificate"
	},
	[SETTING_SENTINEL_USERNAME] = {
		OF_TARGET,.key = "sentinel_username",.variable = "REDIS_SENTINEL_USERNAME",
		.help = "with redis+sentinel://: user name for the sentinels themselves; default: their default user"
	},
	[SETTING_SENTINEL_PASSWORD_FILE] = {
		OF_TARGET,.key = "sentinel_password_file",.variable = "REDIS_SENTINEL_PASSWORD_FILE",
		.help = "with redis+sentinel://: file with the sentinels' password in its first line, which nobody but"
		" its owner may write; it is read each time one is asked; default: they have none"
	},
	[SETTING_MAX_SESSIONS] = {
		.section = "daemon",.key = "max_sessions",.variable = "UNCACHED_MAX_SESSIONS",
		.option = "--max-sessions",.argument = "N",
		INTO(FIELD_NUMBER, Config, max_sessions, config_resolve_number),
		.min = 1,.max = 100000,.default_text = "50",
		.help = "refuse a configuration with more targets, each of which takes a session of PostgreSQL;"
		" default: 50"
	},
	[SETTING_HEALTH_SOCKET] = {
		.section = "daemon",.key = "health_socket",.variable = "UNCACHED_HEALTH_SOCKET",
		.option = "--health-socket",.argument = "PATH",
		INTO(FIELD_TEXT, Config, health_socket, config_resolve_socket_path),
		.help = "a socket by which --check-health asks the running daemon; default: none"
	},
	{
		.section = "daemon",.key = "http",.variable = "UNCACHED_HTTP",
		.option = "--http",.argument = "[ADDR:]PORT",
		INTO(FIELD_TEXT, Config, http, config_resolve_listen),
		.help = "serve /metrics, /healthz and /readyz there; a port alone is on 127.0.0.1; default: nowhere"
	},
	{
		.section = "daemon",.key = "ready_max_lag",.variable = "UNCACHED_READY_MAX_LAG",
		INTO(FIELD_TIME, Config, ready_max_lag_ms, config_resolve_time),
		.min = 1,.max = 24 * 60 * 60000,.default_text = "60s",
		.help = "/readyz answers no while a target is further behind; default: 60s"
	},
	{
		.section = "log",.key = "level",.variable = "UNCACHED_LOG_LEVEL",
		.option = "--log-level",.argument = "LEVEL",
		INTO(FIELD_CHOICE, Config, log_level, config_resolve_choice),
		.choices = log_levels,.default_text = "info",
		.help = "error, warning, info (default) or debug"
	},
	{
		.section = "log",.key = "format",.variable = "UNCACHED_LOG_FORMAT",
		.option = "--log-format",.argument = "FORMAT",
		INTO(FIELD_CHOICE, Config, log_format, config_resolve_choice),
		.choices = log_formats,.default_text = "logfmt",
		.help = "logfmt (default) or json"
	},
	{
		.section = "log",.key = "log_file",.variable = "UNCACHED_LOG_FILE",
		.option = "--log-file",.argument = "FILE",
		INTO(FIELD_TEXT, Config, log_file, config_resolve_path),
		.help = "append the log to this file instead of writing it to standard error; SIGUSR1 and SIGHUP"
		" open it again"
	},
	{
		OF_TARGET,.key = "prefix",.variable = "REDIS_KEY_PREFIX",
		INTO(FIELD_TEXT, TargetConfig, prefix, config_resolve_text),
		.may_be_empty = true,.default_text = "",
		.help = "put in front of every key of the target"
	},
	{
		OF_TARGET,.key = "scan_rate",.variable = "REDIS_SCAN_RATE",
		INTO(FIELD_NUMBER, TargetConfig, scan_rate, config_resolve_number),
		.min = 1,.max = 1000000000,
		.help = "keys that a scan for patterns may look at in a second; default: no bound"
	},
	{
		OF_TARGET,.key = "stagger",.variable = "REDIS_STAGGER",
		INTO(FIELD_TIME, TargetConfig, stagger_ms, config_resolve_time),
		.min = 1,.max = 60 * 60000,
		.help = "time (5s, 500ms) within which the keys of a transaction that has many of them are deleted one"
		" after the other; default: keys are deleted at once"
	},
	{
		OF_TARGET,.key = "stagger_from",.variable = "REDIS_STAGGER_FROM",
		INTO(FIELD_NUMBER, TargetConfig, stagger_from, config_resolve_number),
		.min = 1,.max = 1000000000,.default_text = "1000",.needs = "stagger",
		.help = "so many keys are many; default: 1000"
	},
	{
		OF_TARGET,.key = "sweep",.variable = "REDIS_SWEEP",
		INTO(FIELD_TIME, TargetConfig, sweep_ms, config_resolve_time),
		.min = 1000,.max = 24 * 60 * 60000,
		.help = "time (60min) between two sweeps, which remove the names of keys that are gone from tags;"
		" default: none"
	},
	{
		OF_TARGET,.key = "standbys",.variable = "REDIS_STANDBYS",
		.option = "--standbys",.argument = "NAMES",
		INTO(FIELD_TEXT, TargetConfig, standbys, config_resolve_standbys),
		.help = "standbys that the target \"default\" is filled from, as they call themselves"
		" (application_name), with commas between them, or any: what is deleted at the commit is deleted again"
		" when they have replayed it"
	},
	{
		OF_TARGET,.key = "standby_timeout",.variable = "REDIS_STANDBY_TIMEOUT",
		.option = "--standby-timeout",.argument = "TIME",
		INTO(FIELD_TIME, TargetConfig, standby_timeout_ms, config_resolve_time),
		.min = 1000,.max = 60 * 60000,.default_text = "60s",.needs = "standbys",
		.help = "how long one of them is waited for; default: 60s"
	},
};

const size_t config_setting_count = sizeof(config_settings) / sizeof(config_settings[0]);

_Static_assert(sizeof(config_settings) / sizeof(config_settings[0]) <= SETTINGS_MAX,
			   "Settings has room for what every row is given");

const char *const config_sections[] = {"[daemon]", "[postgres]", "[log]", "[target NAME]"};

const size_t config_section_count = sizeof(config_sections) / sizeof(config_sections[0]);

const Setting *
config_settings_find(const ConfigPlaces *places, size_t setting)
{
	for (int place = 0; place < CONFIG_PLACE_COUNT; place++)
	{
		const Setting *given = &places->of[place]->given[setting];

		if (given->value != NULL)
			return given;
	}
	return NULL;
}

/* Is what this one needs given as well? */
static bool
check_needs(const ConfigPlaces *places, const SettingTraits *traits, const Setting *given,
			const ConfigError *error)
{
	for (size_t i = 0; traits->needs != NULL && i < config_setting_count; i++)
	{
		const SettingTraits *other = &config_settings[i];

		if (other->is_of_target == traits->is_of_target && other->key != NULL &&
			strcmp(other->key, traits->needs) == 0 && config_settings_find(places, i) == NULL)
			return config_refuse(error, given, "expected %s next to %s", traits->needs, traits->key);
	}
	return true;
}

bool
config_settings_resolve(const ConfigPlaces *places, size_t setting, void *object,
						const ConfigError *error)
{
	const SettingTraits *traits = &config_settings[setting];
	const Setting *given = config_settings_find(places, setting);
	const Setting fallback = {.value = traits->default_text,.origin = "default"};
	void	   *field = (char *) object + traits->offset;

	if (given != NULL)
		return traits->resolve(traits, given, field, error) &&
			check_needs(places, traits, given, error);
	return fallback.value == NULL || traits->resolve(traits, &fallback, field, error);
}

bool
config_settings_resolve_all(const ConfigPlaces *places, bool is_of_target, void *object,
							const ConfigError *error)
{
	for (size_t i = 0; i < config_setting_count; i++)
	{
		if (config_settings[i].is_of_target == is_of_target && config_settings[i].resolve != NULL &&
			!config_settings_resolve(places, i, object, error))
			return false;
	}
	return true;
}
