/*-------------------------------------------------------------------------
 *
 * config_setting.h
 *	  What a setting is, and messages about one.
 *
 * Each setting is one row of traits, in config_settings.c; a value as text with
 * the place that it comes from is a Setting.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CONFIG_SETTING_H
#define UNCACHED_CONFIG_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Setting
{
	const char *value;			/* borrowed; NULL if it was not given */
	const char *origin;			/* borrowed; "--redis", "REDIS_URL", a file */
	size_t		line;			/* in the file; 0 elsewhere */
} Setting;

/* Where a message goes: the caller's buffer of config_load. */
typedef struct ConfigError
{
	char	   *text;			/* borrowed */
	size_t		text_bytes;
} ConfigError;

/* What a resolved value is in its Config or TargetConfig. */
typedef enum FieldType
{
	FIELD_NONE,					/* part of something else, such as the URL */
	FIELD_NUMBER,				/* int64_t; 0 is none */
	FIELD_TIME,					/* int64_t, in ms; 0 is none */
	FIELD_TEXT,					/* char *, owned; NULL is none */
	FIELD_CHOICE				/* an enum: the index among the choices */
} FieldType;

typedef struct SettingTraits SettingTraits;

/* Checks a value, and puts it into its field; a refusal never shows the value. */
typedef bool (*SettingResolve) (const SettingTraits *traits, const Setting *setting, void *field,
								const ConfigError *error);

struct SettingTraits
{
	/* where it can be given: NULL or 0 is not there */
	bool		is_of_target;	/* else of the daemon as a whole */
	const char *section;		/* of the file */
	const char *key;			/* in that section; its name in messages */
	const char *variable;		/* of the environment; for the target
								 * "default" */
	const char *option;			/* with "--"; for the target "default" */
	char		letter;			/* short option */

	/* what its value is */
	const char *argument;		/* what --help calls the option's value */
	bool		may_be_empty;	/* in the file */
	bool		(*has_secret) (const char *value);	/* to be hidden from ps */
	const char *default_text;	/* NULL is none */
	const char *help;			/* sentence fragments without a period */

	/* how it becomes a field */
	FieldType	type;
	size_t		offset;			/* in Config or TargetConfig */
	SettingResolve resolve;		/* NULL with FIELD_NONE */
	int64_t		min;			/* of numbers and times */
	int64_t		max;
	const char *const *choices; /* in the enum's order, ends with NULL */
	const char *needs;			/* key of a setting that must be given as well */
};

/*
 * Writes "origin:line: message" and returns false.  The message must not
 * contain anything that was read from the setting's value.
 */
extern bool config_refuse(const ConfigError *error, const Setting *setting,
						  const char *format,...)
			__attribute__((format(printf, 3, 4)));

/* The same for memory exhausted. */
extern bool config_refuse_memory(const ConfigError *error);

#endif
