/*-------------------------------------------------------------------------
 *
 * config_fields.c
 *	  Holds, compares, shows and frees a Config, by the table of settings.
 *
 *-------------------------------------------------------------------------
 */
#include "config/config_fields.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_settings.h"
#include "config/config_value.h"

#define DESCRIPTION_BYTES 512

/* The field of a row, of the type that the row says. */
typedef union FieldValue
{
	int64_t		number;
	const char *text;
	int			choice;
} FieldValue;

static FieldValue
read_field(const SettingTraits *traits, const void *object)
{
	const void *field = (const char *) object + traits->offset;
	FieldValue	value = {0};

	switch (traits->type)
	{
		case FIELD_NONE:
			break;
		case FIELD_NUMBER:
		case FIELD_TIME:
			value.number = *(const int64_t *) field;
			break;
		case FIELD_TEXT:
			value.text = *(char *const *) field;
			break;
		case FIELD_CHOICE:
			value.choice = *(const int *) field;
			break;
	}
	return value;
}

/* --- holding and freeing --- */

void
config_retain(Config *config)
{
	config->holder_count++;
}

static void
free_texts(void *object, bool is_of_target)
{
	for (size_t i = 0; i < config_setting_count; i++)
	{
		const SettingTraits *traits = &config_settings[i];
		char	  **text = (char **) (void *) ((char *) object + traits->offset);

		if (traits->is_of_target != is_of_target || traits->type != FIELD_TEXT || *text == NULL)
			continue;
		explicit_bzero(*text, strlen(*text));
		free(*text);
		*text = NULL;
	}
}

void
config_release(Config *config)
{
	if (config == NULL || --config->holder_count > 0)
		return;
	for (size_t i = 0; i < config->target_count; i++)
	{
		free_texts(&config->targets[i], true);
		free(config->targets[i].alias);
		url_reset(&config->targets[i].url);
	}
	free_texts(config, false);
	free(config->targets);
	free(config->filter);
	free(config);
}

/* --- comparing --- */

/* Each text may be NULL, which is equal to itself only. */
static bool
is_same_text(const char *text, const char *other)
{
	return text == NULL || other == NULL ? text == other : strcmp(text, other) == 0;
}

static bool
is_same(const SettingTraits *traits, const void *object, const void *other)
{
	FieldValue	value = read_field(traits, object);
	FieldValue	other_value = read_field(traits, other);

	switch (traits->type)
	{
		case FIELD_NONE:
			return true;
		case FIELD_NUMBER:
		case FIELD_TIME:
			return value.number == other_value.number;
		case FIELD_TEXT:
			return is_same_text(value.text, other_value.text);
		case FIELD_CHOICE:
			return value.choice == other_value.choice;
	}
	return false;
}

/*
 * A password file is its path, in the URL: it is read at each connect, and who may
 * read it is no setting.
 */
bool
config_target_equals(const TargetConfig *target, const TargetConfig *other)
{
	for (size_t i = 0; i < config_setting_count; i++)
	{
		if (config_settings[i].is_of_target && !is_same(&config_settings[i], target, other))
			return false;
	}
	return is_same_text(target->alias, other->alias) && url_equals(&target->url, &other->url);
}

/* --- showing --- */

/* In double quotes; controls and quotes escaped, other bytes as they are. */
static void
print_quoted(FILE *stream, const char *text)
{
	(void) fputc('"', stream);
	for (; *text != '\0'; text++)
	{
		unsigned char byte = (unsigned char) *text;

		if (byte == '"' || byte == '\\')
			(void) fprintf(stream, "\\%c", byte);
		else if (byte < ' ' || byte == 0x7F)
			(void) fprintf(stream, "\\x%02x", byte);
		else
			(void) fputc(byte, stream);
	}
	(void) fputc('"', stream);
}

/* Is there anything to show?  What another setting needs is shown with that one only. */
static bool
is_set(const TargetConfig *target, const SettingTraits *traits)
{
	FieldValue	value = read_field(traits, target);
	bool		has_value = traits->type == FIELD_TEXT ? value.text != NULL :
	traits->type != FIELD_NONE && value.number != 0;

	if (!has_value || traits->needs == NULL)
		return has_value;
	for (size_t i = 0; i < config_setting_count; i++)
		if (config_settings[i].is_of_target && config_settings[i].key != NULL &&
			strcmp(config_settings[i].key, traits->needs) == 0)
			return is_set(target, &config_settings[i]);
	return false;
}

static void
print_setting(const TargetConfig *target, const SettingTraits *traits, FILE *stream)
{
	FieldValue	value = read_field(traits, target);
	char		time[CONFIG_TIME_BYTES];

	(void) fprintf(stream, " %s ", traits->key);
	switch (traits->type)
	{
		case FIELD_NONE:
			break;
		case FIELD_NUMBER:
			(void) fprintf(stream, "%" PRId64, value.number);
			break;
		case FIELD_TIME:
			config_format_time(value.number, time);
			(void) fputs(time, stream);
			break;
		case FIELD_TEXT:
			print_quoted(stream, value.text);
			break;
		case FIELD_CHOICE:
			(void) fputs(traits->choices[value.choice], stream);
			break;
	}
}

void
config_print_targets(const Config *config, FILE *stream)
{
	for (size_t i = 0; i < config->target_count; i++)
	{
		const TargetConfig *target = &config->targets[i];
		char		description[DESCRIPTION_BYTES];

		url_describe(&target->url, description, sizeof(description));
		(void) fprintf(stream, "target %s: redis %s", target->alias, description);
		for (size_t j = 0; j < config_setting_count; j++)
		{
			if (config_settings[j].is_of_target && is_set(target, &config_settings[j]))
				print_setting(target, &config_settings[j], stream);
		}
		(void) fputc('\n', stream);
	}
}
