/*-------------------------------------------------------------------------
 *
 * log_buffer.c
 *	  Lines of the log that wait to be written.
 *
 *-------------------------------------------------------------------------
 */
#include "base/log_buffer.h"

#include <string.h>

static size_t
waiting_bytes(const LogBuffer *buffer)
{
	return buffer->end - buffer->start;
}

/* Up to and with the newline; every line in the buffer has one. */
static size_t
first_line_bytes(const char *bytes, size_t byte_count)
{
	const char *newline = memchr(bytes, '\n', byte_count);

	return newline == NULL ? byte_count : (size_t) (newline - bytes) + 1;
}

bool
log_buffer_is_empty(const LogBuffer *buffer)
{
	return buffer->start == buffer->end;
}

static void
put(LogBuffer *buffer, const char *line, size_t line_bytes)
{
	if (line_bytes > LOG_BUFFER_BYTES - buffer->end)
	{
		memmove(buffer->bytes, buffer->bytes + buffer->start, waiting_bytes(buffer));
		buffer->end = waiting_bytes(buffer);
		buffer->start = 0;
	}
	memcpy(buffer->bytes + buffer->end, line, line_bytes);
	buffer->end += line_bytes;
}

void
log_buffer_append(LogBuffer *buffer, const char *line, size_t line_bytes)
{
	if (buffer->dropped_count > 0 ||
		line_bytes > LOG_BUFFER_BYTES - waiting_bytes(buffer))
		buffer->dropped_count++;
	else
		put(buffer, line, line_bytes);
}

int64_t
log_buffer_untold_count(const LogBuffer *buffer)
{
	return log_buffer_is_empty(buffer) ? buffer->dropped_count : 0;
}

void
log_buffer_append_notice(LogBuffer *buffer, const char *line, size_t line_bytes)
{
	buffer->told_count = buffer->dropped_count;
	buffer->dropped_count = 0;
	buffer->notice_bytes = line_bytes;
	put(buffer, line, line_bytes);
}

size_t
log_buffer_next(const LogBuffer *buffer, const char **bytes)
{
	size_t		all_bytes = waiting_bytes(buffer);
	size_t		next_bytes = 0;

	*bytes = buffer->bytes + buffer->start;
	while (next_bytes < all_bytes)
	{
		size_t		line_bytes = first_line_bytes(*bytes + next_bytes, all_bytes - next_bytes);

		if (next_bytes > 0 && next_bytes + line_bytes > LOG_CHUNK_BYTES)
			break;
		next_bytes += line_bytes;
	}
	return next_bytes;
}

void
log_buffer_consume(LogBuffer *buffer, size_t byte_count)
{
	if (byte_count == 0)
		return;
	buffer->is_torn = buffer->bytes[buffer->start + byte_count - 1] != '\n';
	buffer->notice_bytes -= byte_count < buffer->notice_bytes ? byte_count : buffer->notice_bytes;
	if (buffer->notice_bytes == 0)
		buffer->told_count = 0;
	buffer->start += byte_count;
	if (buffer->start == buffer->end)
		buffer->start = buffer->end = 0;
}

/* Takes the first line out; what it told of is to be told again. */
static void
drop_first_line(LogBuffer *buffer)
{
	size_t		line_bytes = first_line_bytes(buffer->bytes + buffer->start,
											  waiting_bytes(buffer));
	int64_t		lost_count = buffer->notice_bytes > 0 ? buffer->told_count : 1;

	log_buffer_consume(buffer, line_bytes);
	buffer->dropped_count += lost_count;
}

void
log_buffer_discard(LogBuffer *buffer)
{
	while (!log_buffer_is_empty(buffer))
		drop_first_line(buffer);
}

void
log_buffer_discard_torn(LogBuffer *buffer)
{
	if (buffer->is_torn)
		drop_first_line(buffer);
}
