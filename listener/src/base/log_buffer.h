/*-------------------------------------------------------------------------
 *
 * log_buffer.h
 *	  Lines of the log that wait to be written.
 *
 * Pure: knows lines and counts, and no descriptor.  Lines go in whole or not
 * at all, and come out in order.  When one does not fit, it is dropped and
 * counted, and so are all that follow until the buffer is empty: so that each
 * gap in the log is told once, by one notice in its place.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_LOG_BUFFER_H
#define UNCACHED_LOG_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Four of the longest lines. */
#define LOG_BUFFER_BYTES ((size_t) 128 * 1024)

/* PIPE_BUF: what a pipe takes as a whole, or not yet. */
#define LOG_CHUNK_BYTES 4096

/* All zero is an empty one. */
typedef struct LogBuffer
{
	size_t		start;			/* of what is not written yet */
	size_t		end;
	bool		is_torn;		/* the first line is written in part */
	int64_t		dropped_count;	/* lines that no notice tells of yet */
	size_t		notice_bytes;	/* what is left of a notice at the start */
	int64_t		told_count;		/* what that notice tells */
	char		bytes[LOG_BUFFER_BYTES];
} LogBuffer;

extern bool log_buffer_is_empty(const LogBuffer *buffer);

/* "line" ends with its newline.  Takes it, or counts it as dropped. */
extern void log_buffer_append(LogBuffer *buffer, const char *line, size_t line_bytes);

/*
 * How many dropped lines are to be told of now: 0 while the buffer is not
 * empty.
 */
extern int64_t log_buffer_untold_count(const LogBuffer *buffer);

/*
 * Takes a line that tells of them; only where there are any.  They count as
 * dropped again if this line is.
 */
extern void log_buffer_append_notice(LogBuffer *buffer, const char *line, size_t line_bytes);

/*
 * What to write next, 0 bytes if there is nothing: as many whole lines as
 * LOG_CHUNK_BYTES hold, or one longer line.
 */
extern size_t log_buffer_next(const LogBuffer *buffer, const char **bytes);

/* So many of those bytes are written. */
extern void log_buffer_consume(LogBuffer *buffer, size_t byte_count);

/* Drops all that is left. */
extern void log_buffer_discard(LogBuffer *buffer);

/* Drops the rest of a line that is written in part, if there is one. */
extern void log_buffer_discard_torn(LogBuffer *buffer);

#endif
