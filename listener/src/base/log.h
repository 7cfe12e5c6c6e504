/*-------------------------------------------------------------------------
 *
 * log.h
 *	  One line for each event, as logfmt or JSON.
 *
 * A line has a time, a level, a message and any number of fields.  Values
 * are escaped: whatever bytes a key, a server or a user sends, one event
 * stays one line, and in JSON one valid object.  Nothing here knows what is
 * secret: callers never pass passwords, connection strings or URLs.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_LOG_H
#define UNCACHED_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log_output.h"

typedef enum LogLevel
{
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
} LogLevel;

typedef enum LogFormat
{
	LOG_FORMAT_LOGFMT,
	LOG_FORMAT_JSON
} LogFormat;

/* One field of a line; build them with the macros below. */
typedef struct LogField
{
	const char *name;			/* borrowed; [a-z_]+; NULL ends a list */
	const char *bytes;			/* borrowed; NULL means that number counts */
	size_t		byte_count;
	int64_t		number;
} LogField;

/* Created by main, passed to whoever logs. */
typedef struct Log
{
	LogLevel	level;			/* lines above this level are left out */
	LogFormat	format;
	LogOutput  *output;			/* borrowed; NULL is nowhere */
} Log;

/* A string that ends with a zero byte (NULL is printed as empty). */
#define LOG_TEXT(name, text) log_field_text((name), (text))
/* Any bytes, for instance a Redis key. */
#define LOG_BYTES(name, bytes, count) log_field_bytes((name), (bytes), (count))
/* An integer; the name carries the unit (lag_ms, key_count). */
#define LOG_NUMBER(name, number) log_field_number((name), (number))

extern LogField log_field_text(const char *name, const char *text);
extern LogField log_field_bytes(const char *name, const char *bytes, size_t count);
extern LogField log_field_number(const char *name, int64_t number);

/*
 * Writes one line, never waiting for whoever reads it (log_output.h).  A line of
 * up to 4 kB does not mix with those of other processes.  "fields" ends with a
 * field whose name is NULL; it may be NULL.
 * Values over 1 kB are cut, marked by "..."; fields beyond 32 kB are left out,
 * marked by fields_cut=true.  Bytes that are not UTF-8 are shown as \xff,
 * control characters as \n, \r, \t or \u001b.  Never allocates; keeps errno.
 */
extern void log_write(const Log *log, LogLevel level, const char *message,
					  const LogField *fields);

/*
 * The notice of an output whose lines are this Log's ("context"): how many were
 * dropped.  It is written whatever the level.
 */
extern size_t log_write_notice(void *context, int64_t dropped_count, char *line,
							   size_t line_bytes);

/* What one line of log_event() may have. */
#define LOG_FIELDS_MAX 16

/* Also without any: not every compiler knows __VA_OPT__. */
typedef struct LogFields
{
	LogField	fields[LOG_FIELDS_MAX];
	LogField	end;			/* without a name */
} LogFields;

#define log_event(log, level, message, ...) \
	log_write((log), (level), (message), (const LogFields){.fields = {__VA_ARGS__}}.fields)

/* Names as in --log-level and --log-format; false if there is no such name. */
extern bool log_level_parse(const char *name, LogLevel *level)
			__attribute__((warn_unused_result));
extern bool log_format_parse(const char *name, LogFormat *format)
			__attribute__((warn_unused_result));

#endif
