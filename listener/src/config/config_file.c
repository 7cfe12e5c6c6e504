/*-------------------------------------------------------------------------
 *
 * config_file.c
 *	  Settings from the configuration file.
 *
 * Messages name a key only as one of those that are expected: what stands
 * where a key should stand may be a piece of a secret.
 *
 *-------------------------------------------------------------------------
 */
#include "config/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "config/config_list.h"

/* Far beyond any real one; keeps a wrong path from filling the memory. */
#define FILE_BYTES_MAX (1024 * 1024)

/* Reads until the end of the file; false with errno, or 0 if it is too long. */
static bool
read_all(int fd, char *bytes, size_t *byte_count)
{
	*byte_count = 0;
	while (*byte_count <= FILE_BYTES_MAX)
	{
		ssize_t		got = read(fd, bytes + *byte_count, FILE_BYTES_MAX + 1 - *byte_count);

		if (got == 0)
			return true;
		if (got < 0 && errno != EINTR)
			return false;
		if (got > 0)
			*byte_count += (size_t) got;
	}
	errno = 0;
	return false;
}

static bool
parse_text(const Setting *path, const char *text, size_t byte_count, IniFile *ini,
		   const ConfigError *error)
{
	IniError	ini_error;
	Setting		place = {.origin = path->value};

	if (ini_parse(text, byte_count, ini, &ini_error))
		return true;
	place.line = ini_error.line;
	return config_refuse(error, &place, "%s", ini_error.message);
}

static bool
parse_file(const Setting *path, IniFile *ini, const ConfigError *error)
{
	bool		parsed = false;
	size_t		byte_count = 0;
	Setting		place = {.origin = path->value};
	char	   *text = malloc(FILE_BYTES_MAX + 1);
	int			fd = open(path->value, O_RDONLY | O_CLOEXEC);

	if (text == NULL)
		(void) config_refuse_memory(error);
	else if (fd >= 0 && read_all(fd, text, &byte_count))
		parsed = parse_text(path, text, byte_count, ini, error);
	else if (errno == 0)
		(void) config_refuse(error, &place, "expected a file of at most 1 MB");
	else
		(void) config_refuse(error, &place, "expected a readable file (from %s): %s",
							 path->origin, strerror(errno));
	if (text != NULL)
		explicit_bzero(text, byte_count);
	free(text);
	if (fd >= 0)
		(void) close(fd);
	return parsed;
}

/* Is this a key of a section of that kind? */
static bool
is_in_section(const SettingTraits *traits, const char *kind)
{
	return traits->section != NULL && traits->key != NULL && strcmp(traits->section, kind) == 0;
}

/* The setting of that name; config_setting_count if there is none. */
static size_t
find_key(const char *kind, const char *key)
{
	size_t		i = 0;

	while (i < config_setting_count &&
		   !(is_in_section(&config_settings[i], kind) && strcmp(config_settings[i].key, key) == 0))
		i++;
	return i;
}

static bool
refuse_key(const char *kind, const Setting *setting, const ConfigError *error)
{
	const char *keys[SETTINGS_MAX];
	size_t		key_count = 0;
	char		list[CONFIG_LIST_BYTES];

	for (size_t i = 0; i < config_setting_count; i++)
	{
		if (is_in_section(&config_settings[i], kind))
			keys[key_count++] = config_settings[i].key;
	}
	config_list_join(list, keys, key_count);
	return config_refuse(error, setting, "unknown key; expected %s in section [%s]", list, kind);
}

static bool
read_entries(const ConfigFile *file, const IniSection *section, Settings *settings,
			 const ConfigError *error)
{
	for (size_t i = 0; i < section->entry_count; i++)
	{
		const IniEntry *entry = &section->entries[i];
		Setting		setting = {entry->value, file->path, entry->line};
		size_t		found = find_key(section->kind, entry->key);

		if (found == config_setting_count)
			return refuse_key(section->kind, &setting, error);
		if (*entry->value == '\0' && !config_settings[found].may_be_empty)
			return config_refuse(error, &setting, "expected a value for \"%s\"",
								 config_settings[found].key);
		settings->given[found] = setting;
	}
	return true;
}

static bool
is_alias(const char *name)
{
	if (strlen(name) > CONFIG_ALIAS_MAX ||
		strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == 0)
		return false;
	return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				  "0123456789_.-") == strlen(name);
}

static bool
read_target(ConfigFile *file, const IniSection *section, const ConfigError *error)
{
	FileTarget *target = &file->targets[file->target_count];
	Setting		place = {section->name, file->path, section->line};

	if (section->name == NULL || !is_alias(section->name))
		return config_refuse(error, &place, "expected [target NAME], NAME being a letter, then up to %d"
							 " letters, digits, \"_\", \".\" or \"-\"", CONFIG_ALIAS_MAX - 1);
	target->alias = place;
	file->target_count++;
	return read_entries(file, section, &target->settings, error);
}

static bool
read_section(ConfigFile *file, const IniSection *section, const ConfigError *error)
{
	Setting		place = {NULL, file->path, section->line};
	char		list[CONFIG_LIST_BYTES];

	if (strcmp(section->kind, "target") == 0)
		return read_target(file, section, error);
	for (size_t i = 0; i < config_setting_count; i++)
	{
		if (section->name == NULL && is_in_section(&config_settings[i], section->kind))
			return read_entries(file, section, &file->settings, error);
	}
	config_list_join(list, config_sections, config_section_count);
	return config_refuse(error, &place, "unknown section; expected %s", list);
}

/* A file that was truncated would be one whose targets are all removed. */
static bool
check_says_something(const ConfigFile *file, const ConfigError *error)
{
	const Setting place = {NULL, file->path, 0};

	return file->ini.section_count > 0 ||
		config_refuse(error, &place, "expected at least one section: the file is empty");
}

bool
config_file_load(const Setting *path, ConfigFile *file, const ConfigError *error)
{
	memset(file, 0, sizeof(*file));
	file->path = path->value;
	if (!parse_file(path, &file->ini, error) || !check_says_something(file, error))
		return false;
	file->targets = calloc(file->ini.section_count + 1, sizeof(*file->targets));
	if (file->targets == NULL)
		return config_refuse_memory(error);
	for (size_t i = 0; i < file->ini.section_count; i++)
	{
		if (!read_section(file, &file->ini.sections[i], error))
			return false;
	}
	return true;
}

void
config_file_reset(ConfigFile *file)
{
	free(file->targets);
	ini_reset(&file->ini);
	memset(file, 0, sizeof(*file));
}
