/*-------------------------------------------------------------------------
 *
 * ini.c
 *	  Reads the text of an INI file into sections of keys and values.
 *
 *-------------------------------------------------------------------------
 */
#include "config/ini.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More of a word is not repeated in a message. */
#define WORD_SHOWN_MAX 48

/* In UTF-8; some editors begin files with it. */
#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

/* Part of a line, without blanks at either end. */
typedef struct Span
{
	const char *bytes;			/* borrowed */
	size_t		count;
} Span;

typedef struct IniParser
{
	IniFile    *file;			/* borrowed */
	IniError   *error;			/* borrowed */
	size_t		line;
} IniParser;

static bool refuse(IniParser *parser, const char *format,...)
			__attribute__((format(printf, 2, 3)));

static bool
refuse(IniParser *parser, const char *format,...)
{
	va_list		arguments;

	va_start(arguments, format);
	(void) vsnprintf(parser->error->message, sizeof(parser->error->message), format,
					 arguments);
	va_end(arguments);
	parser->error->line = parser->line;
	return false;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static Span
trim(const char *start, const char *end)
{
	Span		span;

	while (start < end && is_blank(*start))
		start++;
	while (end > start && is_blank(end[-1]))
		end--;
	span.bytes = start;
	span.count = (size_t) (end - start);
	return span;
}

static bool
is_identifier(Span word)
{
	for (size_t i = 0; i < word.count; i++)
	{
		char		c = word.bytes[i];

		if (!(c >= 'a' && c <= 'z') &&
			(i == 0 || (!(c >= '0' && c <= '9') && c != '_')))
			return false;
	}
	return word.count > 0;
}

static bool
is_name(Span word)
{
	for (size_t i = 0; i < word.count; i++)
	{
		char		c = word.bytes[i];

		if (c <= ' ' || c > '~' || strchr("\"'[]\\", c) != NULL)
			return false;
	}
	return true;
}

static bool
equals(const char *text, Span span)
{
	return text != NULL && strlen(text) == span.count &&
		memcmp(text, span.bytes, span.count) == 0;
}

/*
 * Both kinds of array start at NULL and grow by one: files have a handful of
 * sections of a handful of keys.
 */
static IniSection *
add_section(IniFile *file)
{
	IniSection *sections;

	sections = reallocarray(file->sections, file->section_count + 1, sizeof(*sections));
	if (sections == NULL)
		return NULL;
	file->sections = sections;
	memset(&sections[file->section_count], 0, sizeof(*sections));
	return &sections[file->section_count++];
}

static IniEntry *
add_entry(IniSection *section)
{
	IniEntry   *entries;

	entries = reallocarray(section->entries, section->entry_count + 1, sizeof(*entries));
	if (entries == NULL)
		return NULL;
	section->entries = entries;
	memset(&entries[section->entry_count], 0, sizeof(*entries));
	return &entries[section->entry_count++];
}

static bool
check_new_section(IniParser *parser, Span kind, Span name)
{
	for (size_t i = 0; i < parser->file->section_count; i++)
	{
		const IniSection *section = &parser->file->sections[i];
		bool		same_name = section->name == NULL ? name.count == 0 :
		equals(section->name, name);

		if (same_name && equals(section->kind, kind))
			return refuse(parser, "expected each section once: this one begins in line %zu already",
						  section->line);
	}
	return true;
}

/* Splits "[kind name]"; the name is empty for "[kind]". */
static bool
split_section(IniParser *parser, Span line, Span *kind, Span *name)
{
	const char *last = line.bytes + line.count - 1;

	if (*last == ']')
	{
		Span		inside = trim(line.bytes + 1, last);
		const char *end = inside.bytes + inside.count;
		const char *kind_end = inside.bytes;

		while (kind_end < end && !is_blank(*kind_end))
			kind_end++;
		*kind = trim(inside.bytes, kind_end);
		*name = trim(kind_end, end);
		if (is_identifier(*kind) && is_name(*name))
			return true;
	}
	return refuse(parser, "expected a section as [kind] or [kind name]");
}

static bool
parse_section(IniParser *parser, Span line)
{
	Span		kind = {0};
	Span		name = {0};
	IniSection *section;

	if (!split_section(parser, line, &kind, &name))
		return false;
	if (!check_new_section(parser, kind, name))
		return false;
	section = add_section(parser->file);
	if (section == NULL)
		return refuse(parser, "out of memory");
	section->line = parser->line;
	section->kind = strndup(kind.bytes, kind.count);
	if (name.count > 0)
		section->name = strndup(name.bytes, name.count);
	if (section->kind == NULL || (name.count > 0 && section->name == NULL))
		return refuse(parser, "out of memory");
	return true;
}

/* Copies what stands between the quotes into "value", which has room. */
static bool
unquote(IniParser *parser, Span quoted, char *value)
{
	size_t		used_bytes = 0;

	for (size_t i = 1; i < quoted.count; i++)
	{
		char		c = quoted.bytes[i];

		if (c == '"')
		{
			value[used_bytes] = '\0';
			return i + 1 == quoted.count ||
				refuse(parser, "expected nothing after the closing quote: a comment has a line of"
					   " its own, a quote inside is written as \\\"");
		}
		if (c == '\\')
		{
			c = ++i < quoted.count ? quoted.bytes[i] : '\0';
			if (c != '"' && c != '\\')
				return refuse(parser, "expected \\\" or \\\\ after a backslash inside quotes");
		}
		value[used_bytes++] = c;
	}
	return refuse(parser, "expected a closing quote at the end of the line");
}

/*
 * Many programs take the rest of such a line for a comment: who wrote it may not
 * have meant it to be a part of the value.
 */
static bool
seems_to_have_comment(Span text)
{
	for (size_t i = 0; i < text.count; i++)
	{
		bool		is_mark = text.bytes[i] == ';' || text.bytes[i] == '#';

		if (is_mark && (i == 0 || is_blank(text.bytes[i - 1])))
			return true;
		if (is_mark && i + 1 < text.count && is_blank(text.bytes[i + 1]))
			return true;
	}
	return false;
}

static bool
parse_value(IniParser *parser, Span text, char *value)
{
	if (text.count > 0 && text.bytes[0] == '"')
		return unquote(parser, text, value);
	if (seems_to_have_comment(text))
		return refuse(parser, "expected no \";\" or \"#\" next to a blank: a comment has a line of its"
					  " own; quotes around the value keep what belongs to it");
	memcpy(value, text.bytes, text.count);
	value[text.count] = '\0';
	return true;
}

static bool
check_new_key(IniParser *parser, const IniSection *section, Span key)
{
	for (size_t i = 0; i < section->entry_count; i++)
	{
		if (equals(section->entries[i].key, key))
			return refuse(parser, "expected each key once: \"%.*s\" stands in line %zu already",
						  key.count > WORD_SHOWN_MAX ? WORD_SHOWN_MAX : (int) key.count,
						  key.bytes, section->entries[i].line);
	}
	return true;
}

static bool
parse_entry(IniParser *parser, Span line)
{
	IniFile    *file = parser->file;
	const char *end = line.bytes + line.count;
	const char *equals_sign = memchr(line.bytes, '=', line.count);
	Span		key;
	Span		value;
	IniEntry   *entry;

	if (equals_sign == NULL)
		return refuse(parser, "expected key = value, [section] or a comment");
	key = trim(line.bytes, equals_sign);
	value = trim(equals_sign + 1, end);
	if (!is_identifier(key))
		return refuse(parser, "expected a key of the letters a to z, digits and \"_\" before \"=\"");
	if (file->section_count == 0)
		return refuse(parser, "expected a [section] before the first key");
	if (!check_new_key(parser, &file->sections[file->section_count - 1], key))
		return false;
	entry = add_entry(&file->sections[file->section_count - 1]);
	if (entry == NULL)
		return refuse(parser, "out of memory");
	entry->line = parser->line;
	entry->key = strndup(key.bytes, key.count);
	entry->value = calloc(1, value.count + 1);
	if (entry->key == NULL || entry->value == NULL)
		return refuse(parser, "out of memory");
	return parse_value(parser, value, entry->value);
}

static bool
parse_line(IniParser *parser, const char *start, const char *end)
{
	Span		line = trim(start, end);

	if (memchr(start, '\0', (size_t) (end - start)) != NULL)
		return refuse(parser, "expected text: there is a zero byte");
	if (line.count == 0 || line.bytes[0] == '#' || line.bytes[0] == ';')
		return true;
	if (line.bytes[0] == '[')
		return parse_section(parser, line);
	return parse_entry(parser, line);
}

bool
ini_parse(const char *text, size_t byte_count, IniFile *file, IniError *error)
{
	IniParser	parser = {.file = file,.error = error};
	const char *end = text + byte_count;
	const char *next;

	memset(file, 0, sizeof(*file));
	if (byte_count >= strlen(BYTE_ORDER_MARK) &&
		memcmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
		text += strlen(BYTE_ORDER_MARK);
	for (const char *start = text; start < end; start = next)
	{
		const char *newline = memchr(start, '\n', (size_t) (end - start));

		next = newline == NULL ? end : newline + 1;
		parser.line++;
		if (!parse_line(&parser, start, newline == NULL ? end : newline))
		{
			ini_reset(file);
			return false;
		}
	}
	return true;
}

static void
free_section(IniSection *section)
{
	for (size_t i = 0; i < section->entry_count; i++)
	{
		IniEntry   *entry = &section->entries[i];

		if (entry->value != NULL)
			explicit_bzero(entry->value, strlen(entry->value));
		free(entry->key);
		free(entry->value);
	}
	free(section->entries);
	free(section->kind);
	free(section->name);
}

void
ini_reset(IniFile *file)
{
	for (size_t i = 0; i < file->section_count; i++)
		free_section(&file->sections[i]);
	free(file->sections);
	memset(file, 0, sizeof(*file));
}
