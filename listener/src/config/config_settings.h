/*-------------------------------------------------------------------------
 *
 * config_settings.h
 *	  The table of all settings, and what the places say about them.
 *
 * The command line, the environment, the file, --help, --check-config and the
 * comparison of targets at a reload are made from this table: a new setting is
 * a row there and a field in config.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CONFIG_SETTINGS_H
#define UNCACHED_CONFIG_SETTINGS_H

#include "config/config_setting.h"

#define CONFIG_DEFAULT_ALIAS "default"

/* The settings that code asks for by name; the others follow them in the table. */
typedef enum SettingId
{
	SETTING_CONFIG,
	SETTING_DSN,
	SETTING_URL,
	SETTING_HOST,
	SETTING_PORT,
	SETTING_DATABASE,
	SETTING_USERNAME,
	SETTING_PASSWORD,
	SETTING_PASSWORD_FILE,
	SETTING_TLS_CA_FILE,
	SETTING_TLS_CERT_FILE,
	SETTING_TLS_KEY_FILE,
	SETTING_TLS_SERVER_NAME,
	SETTING_TLS_VERIFY,
	SETTING_SENTINEL_USERNAME,
	SETTING_SENTINEL_PASSWORD_FILE,
	SETTING_MAX_SESSIONS,
	SETTING_HEALTH_SOCKET,
	SETTING_NAMED_COUNT
} SettingId;

/* At most so many rows are in the table. */
#define SETTINGS_MAX 48

extern const SettingTraits config_settings[];
extern const size_t config_setting_count;

/* The file's sections, as messages and --help show them. */
extern const char *const config_sections[];
extern const size_t config_section_count;

/* What one place says, in the table's order. */
typedef struct Settings
{
	Setting		given[SETTINGS_MAX];
} Settings;

typedef enum ConfigPlace
{
	CONFIG_COMMAND_LINE,		/* the highest */
	CONFIG_ENVIRONMENT,
	CONFIG_FILE,
	CONFIG_PLACE_COUNT
} ConfigPlace;

/* Borrowed, in ConfigPlace's order; a place that says nothing is all zero. */
typedef struct ConfigPlaces
{
	const Settings *of[CONFIG_PLACE_COUNT];
} ConfigPlaces;

/* The value of the highest place that has one; NULL if none does. */
extern const Setting *config_settings_find(const ConfigPlaces *places, size_t setting);

/* Resolves one setting, or its default, into its field of "object", a Config or a TargetConfig. */
extern bool config_settings_resolve(const ConfigPlaces *places, size_t setting, void *object,
									const ConfigError *error)
			__attribute__((warn_unused_result));

/* The same for all that are of a target, or all of the daemon. */
extern bool config_settings_resolve_all(const ConfigPlaces *places, bool is_of_target,
										void *object, const ConfigError *error)
			__attribute__((warn_unused_result));

#endif
