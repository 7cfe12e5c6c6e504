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

/* Far beyond any real one; keeps a wrong path from filling the memory. */
#define FILE_BYTES_MAX (1024 * 1024)

/* A key that a section may have, and where its value goes. */
typedef struct KnownKey
{
	const char *name;
	Setting    *setting;		/* borrowed */
	bool		may_be_empty;
} KnownKey;

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

/* "known" ends with a key without a name; "expected" lists them for messages. */
static bool
read_entries(const ConfigFile *file, const IniSection *section, const KnownKey *known,
			 const char *expected, const ConfigError *error)
{
	for (size_t i = 0; i < section->entry_count; i++)
	{
		const IniEntry *entry = &section->entries[i];
		Setting		setting = {entry->value, file->settings.config_path.origin, entry->line};
		const KnownKey *key = known;

		while (key->name != NULL && strcmp(key->name, entry->key) != 0)
			key++;
		if (key->name == NULL)
			return config_refuse(error, &setting, "unknown key; expected %s in section [%s]",
								 expected, section->kind);
		if (*entry->value == '\0' && !key->may_be_empty)
			return config_refuse(error, &setting, "expected a value for \"%s\"", key->name);
		*key->setting = setting;
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
	TargetSettings *target = &file->targets[file->target_count];
	Setting		place = {section->name, file->settings.config_path.origin, section->line};
	const KnownKey known[] = {
		{"url", &target->url, false},
		{"username", &target->username, false},
		{"password_file", &target->password_file, false},
		{"prefix", &target->prefix, true},
		{"scan_rate", &target->scan_rate, false},
		{"stagger", &target->stagger, false},
		{"stagger_from", &target->stagger_from, false},
		{"sweep", &target->sweep, false},
		{"standbys", &target->standbys, false},
		{"standby_timeout", &target->standby_timeout, false},
		{NULL, NULL, false}
	};

	if (section->name == NULL || !is_alias(section->name))
		return config_refuse(error, &place, "expected [target NAME], NAME being a letter, then up to %d"
							 " letters, digits, \"_\", \".\" or \"-\"", CONFIG_ALIAS_MAX - 1);
	target->alias = place;
	file->target_count++;
	return read_entries(file, section, known,
						"url, username, password_file, prefix, scan_rate, stagger, stagger_from, sweep,"
						" standbys or standby_timeout",
						error);
}

static bool
read_section(ConfigFile *file, const IniSection *section, const ConfigError *error)
{
	Settings   *settings = &file->settings;
	Setting		place = {NULL, settings->config_path.origin, section->line};
	const KnownKey postgres[] = {
		{"dsn", &settings->dsn, true},
		{NULL, NULL, false}
	};
	const KnownKey daemon[] = {
		{"max_sessions", &settings->max_sessions, false},
		{"health_socket", &settings->health_socket, false},
		{NULL, NULL, false}
	};
	const KnownKey log[] = {
		{"level", &settings->log_level, false},
		{"format", &settings->log_format, false},
		{"log_file", &settings->log_file, false},
		{NULL, NULL, false}
	};

	if (strcmp(section->kind, "target") == 0)
		return read_target(file, section, error);
	if (section->name == NULL && strcmp(section->kind, "postgres") == 0)
		return read_entries(file, section, postgres, "dsn", error);
	if (section->name == NULL && strcmp(section->kind, "daemon") == 0)
		return read_entries(file, section, daemon, "max_sessions or health_socket", error);
	if (section->name == NULL && strcmp(section->kind, "log") == 0)
		return read_entries(file, section, log, "level, format or log_file", error);
	return config_refuse(error, &place,
						 "unknown section; expected [daemon], [postgres], [log] or [target NAME]");
}

/* A file that was truncated would be one whose targets are all removed. */
static bool
check_says_something(const ConfigFile *file, const ConfigError *error)
{
	const Setting place = {NULL, file->settings.config_path.origin, 0};

	return file->ini.section_count > 0 ||
		config_refuse(error, &place, "expected at least one section: the file is empty");
}

bool
config_file_load(const Setting *path, ConfigFile *file, const ConfigError *error)
{
	memset(file, 0, sizeof(*file));
	file->settings.config_path.origin = path->value;
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
