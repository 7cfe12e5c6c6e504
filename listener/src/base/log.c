/*-------------------------------------------------------------------------
 *
 * log.c
 *	  One line for each event, as logfmt or JSON.
 *
 * A line is built in a buffer of fixed size on the stack: logging never
 * allocates, so that it works when memory is exhausted.  What does not fit
 * is left out in whole fields, and the line says so.
 *
 *-------------------------------------------------------------------------
 */
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LINE_BYTES 32768
#define VALUE_BYTES_MAX 1024

/* Kept free for FIELDS_CUT_* and the end of the line. */
#define LINE_RESERVE_BYTES 64
#define FIELDS_CUT_LOGFMT " fields_cut=true"
#define FIELDS_CUT_JSON ",\"fields_cut\":true"

typedef struct LogLine
{
	LogFormat	format;
	size_t		used_bytes;
	bool		full;			/* something did not fit */
	char		bytes[LINE_BYTES];
} LogLine;

static void
append(LogLine *line, const char *bytes, size_t count)
{
	if (line->full ||
		count > LINE_BYTES - LINE_RESERVE_BYTES - line->used_bytes)
	{
		line->full = true;
		return;
	}
	memcpy(line->bytes + line->used_bytes, bytes, count);
	line->used_bytes += count;
}

static void
append_text(LogLine *line, const char *text)
{
	append(line, text, strlen(text));
}

/*
 * The length of the well-formed UTF-8 sequence at "bytes", 0 if there is
 * none (Unicode 15, table 3-7).
 */
static size_t
utf8_sequence_bytes(const unsigned char *bytes, size_t count)
{
	unsigned char first = bytes[0];
	unsigned char second_min = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
	unsigned char second_max = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
	size_t		length;

	if (first < 0x80)
		return 1;
	if (first < 0xC2 || first > 0xF4)
		return 0;
	length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
	if (count < length || bytes[1] < second_min || bytes[1] > second_max)
		return 0;
	for (size_t i = 2; i < length; i++)
	{
		if ((bytes[i] & 0xC0) != 0x80)
			return 0;
	}
	return length;
}

/* A terminal obeys the controls in U+0080 to U+009F as it does ESC. */
static bool
is_control(const unsigned char *sequence, size_t length)
{
	if (length == 1)
		return sequence[0] < 0x20 || sequence[0] == 0x7F;
	return length == 2 && sequence[0] == 0xC2 && sequence[1] < 0xA0;
}

/*
 * JSON has no escape for a byte that is no character: it gets the text \xff,
 * with its backslash escaped.
 */
static void
append_escaped_byte(LogLine *line, unsigned char byte)
{
	char		escape[8];

	(void) snprintf(escape, sizeof(escape), "%s\\x%02x",
					line->format == LOG_FORMAT_JSON ? "\\" : "", byte);
	append_text(line, escape);
}

static void
append_control(LogLine *line, const unsigned char *sequence, size_t length)
{
	unsigned char code = sequence[length - 1];
	char		escape[8];

	if (code == '\n')
		append_text(line, "\\n");
	else if (code == '\r')
		append_text(line, "\\r");
	else if (code == '\t')
		append_text(line, "\\t");
	else
	{
		(void) snprintf(escape, sizeof(escape), "\\u%04x", code);
		append_text(line, escape);
	}
}

static void
append_quoted(LogLine *line, const char *bytes, size_t count)
{
	const unsigned char *position = (const unsigned char *) bytes;
	const unsigned char *end = position + count;

	append_text(line, "\"");
	while (position < end)
	{
		size_t		length = utf8_sequence_bytes(position, (size_t) (end - position));

		if (length == 0)
		{
			append_escaped_byte(line, *position);
			position++;
			continue;
		}
		if (is_control(position, length))
			append_control(line, position, length);
		else
		{
			if (*position == '"' || *position == '\\')
				append_text(line, "\\");
			append(line, (const char *) position, length);
		}
		position += length;
	}
	append_text(line, "\"");
}

/* A logfmt value stands bare if no reader could misunderstand it. */
static bool
needs_quotes(const char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		unsigned char byte = (unsigned char) bytes[i];

		if (byte <= ' ' || byte >= 0x7F || strchr("\"\\=", byte) != NULL)
			return true;
	}
	return count == 0;
}

/*
 * Where to cut a value of "count" bytes, more than VALUE_BYTES_MAX, so that no
 * character is halved.
 */
static size_t
cut_bytes(const char *bytes, size_t count)
{
	size_t		start = VALUE_BYTES_MAX;

	while (start > VALUE_BYTES_MAX - 3 && ((unsigned char) bytes[start] & 0xC0) == 0x80)
		start--;
	if (utf8_sequence_bytes((const unsigned char *) bytes + start, count - start) >
		VALUE_BYTES_MAX - start)
		return start;
	return VALUE_BYTES_MAX;
}

static void
append_value(LogLine *line, const char *bytes, size_t count)
{
	char		cut[VALUE_BYTES_MAX + 3];

	if (count > VALUE_BYTES_MAX)
	{
		count = cut_bytes(bytes, count);
		memcpy(cut, bytes, count);
		memcpy(cut + count, "...", 3);
		bytes = cut;
		count += 3;
	}
	if (line->format == LOG_FORMAT_JSON || needs_quotes(bytes, count))
		append_quoted(line, bytes, count);
	else
		append(line, bytes, count);
}

static void
append_name(LogLine *line, const char *name)
{
	bool		is_first = line->used_bytes == 0;

	if (line->format == LOG_FORMAT_JSON)
	{
		append_text(line, is_first ? "{\"" : ",\"");
		append_text(line, name);
		append_text(line, "\":");
		return;
	}
	if (!is_first)
		append_text(line, " ");
	append_text(line, name);
	append_text(line, "=");
}

/* All of the field or nothing of it. */
static void
append_field(LogLine *line, const LogField *field)
{
	size_t		before_bytes = line->used_bytes;
	char		digits[24];

	append_name(line, field->name);
	if (field->bytes != NULL)
		append_value(line, field->bytes, field->byte_count);
	else
	{
		(void) snprintf(digits, sizeof(digits), "%" PRId64, field->number);
		append_text(line, digits);
	}
	if (line->full)
		line->used_bytes = before_bytes;
}

static void
append_member(LogLine *line, const char *name, const char *text)
{
	LogField	field = LOG_TEXT(name, text);

	append_field(line, &field);
}

static void
append_time(LogLine *line)
{
	struct timespec now;
	struct tm	parts;
	char		seconds[32] = "";
	char		text[48];

	(void) clock_gettime(CLOCK_REALTIME, &now);
	if (gmtime_r(&now.tv_sec, &parts) != NULL)
		(void) strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &parts);
	(void) snprintf(text, sizeof(text), "%s.%03ldZ", seconds, now.tv_nsec / 1000000);
	append_member(line, "time", text);
}

static const char *
level_name(LogLevel level)
{
	switch (level)
	{
		case LOG_LEVEL_ERROR:
			return "error";
		case LOG_LEVEL_WARNING:
			return "warning";
		case LOG_LEVEL_INFO:
			return "info";
		case LOG_LEVEL_DEBUG:
			return "debug";
	}
	return "error";
}

/* Uses the reserve: always fits. */
static void
finish_line(LogLine *line)
{
	bool		is_json = line->format == LOG_FORMAT_JSON;
	int			tail_bytes;

	tail_bytes = snprintf(line->bytes + line->used_bytes, LINE_RESERVE_BYTES, "%s%s\n",
						  !line->full ? "" : is_json ? FIELDS_CUT_JSON : FIELDS_CUT_LOGFMT,
						  is_json ? "}" : "");
	line->used_bytes += (size_t) tail_bytes;
}

static void
build_line(LogLine *line, const Log *log, LogLevel level, const char *message,
		   const LogField *fields)
{
	line->format = log->format;
	line->used_bytes = 0;
	line->full = false;
	append_time(line);
	append_member(line, "level", level_name(level));
	append_member(line, "msg", message);
	for (const LogField *field = fields; field != NULL && field->name != NULL; field++)
		append_field(line, field);
	finish_line(line);
}

LogField
log_field_text(const char *name, const char *text)
{
	if (text == NULL)
		text = "";
	return log_field_bytes(name, text, strlen(text));
}

LogField
log_field_bytes(const char *name, const char *bytes, size_t count)
{
	LogField	field = {.name = name,.bytes = bytes,.byte_count = count};

	if (bytes == NULL)
	{
		field.bytes = "";
		field.byte_count = 0;
	}
	return field;
}

LogField
log_field_number(const char *name, int64_t number)
{
	LogField	field = {.name = name,.number = number};

	return field;
}

void
log_write(const Log *log, LogLevel level, const char *message, const LogField *fields)
{
	int			saved_errno = errno;
	LogLine		line;

	if (level > log->level || log->output == NULL)
		return;
	build_line(&line, log, level, message, fields);
	log_output_write(log->output, line.bytes, line.used_bytes);
	errno = saved_errno;
}

size_t
log_write_notice(void *context, int64_t dropped_count, char *line, size_t line_bytes)
{
	const Log  *log = context;
	const LogField fields[] = {
		LOG_NUMBER("lines", dropped_count),
		LOG_TEXT("advice", "the reader of the log is too slow, or its disk is full"),
		{0}
	};
	LogLine		built;

	build_line(&built, log, LOG_LEVEL_WARNING, "log lines were dropped", fields);
	if (built.used_bytes > line_bytes)
		return 0;
	memcpy(line, built.bytes, built.used_bytes);
	return built.used_bytes;
}

bool
log_level_parse(const char *name, LogLevel *level)
{
	for (int i = LOG_LEVEL_ERROR; i <= LOG_LEVEL_DEBUG; i++)
	{
		if (strcmp(name, level_name((LogLevel) i)) == 0)
		{
			*level = (LogLevel) i;
			return true;
		}
	}
	return false;
}

bool
log_format_parse(const char *name, LogFormat *format)
{
	if (strcmp(name, "logfmt") == 0)
		*format = LOG_FORMAT_LOGFMT;
	else if (strcmp(name, "json") == 0)
		*format = LOG_FORMAT_JSON;
	else
		return false;
	return true;
}
