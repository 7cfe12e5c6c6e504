/*-------------------------------------------------------------------------
 *
 * log_output.h
 *	  Where the log goes: writes lines, and never waits for whoever reads
 *	  them.
 *
 * What cannot be written at once waits in a bounded buffer, and then is
 * dropped and counted (log_buffer.h); the loop says when there is room again.
 * A descriptor that was inherited stays as it is for those who share it.  Where
 * nobody reads any more, lines are dropped and nothing else is done.  While a disk is
 * full, lines wait, and are tried once a second and with each further line.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_LOG_OUTPUT_H
#define UNCACHED_LOG_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log_buffer.h"
#include "base/loop.h"

/*
 * Writes a line that tells how many were dropped, newline included, into
 * "line"; returns its bytes.
 */
typedef size_t (*LogNotice) (void *context, int64_t dropped_count, char *line,
							 size_t line_bytes);

/* How to write without waiting. */
typedef enum LogWay
{
	LOG_WAY_WRITE,				/* a file, or opened as non-blocking */
	LOG_WAY_SEND,				/* a socket */
	LOG_WAY_ASK					/* may block: ask first, write little, and not
								 * for long */
} LogWay;

typedef struct LogOutput
{
	int			fd;				/* -1 is nowhere */
	bool		owns_fd;
	LogWay		way;
	LogBuffer	buffer;
	LogNotice	notice;
	void	   *notice_context; /* borrowed */
	Loop	   *loop;			/* borrowed; NULL while there is none */
	LoopWatch	watch;			/* set while there is no room */
	LoopTimer	timer;			/* armed while writing fails */
} LogOutput;

/*
 * Prepares caller's storage, which must not move; "fd" is borrowed, may have been
 * inherited, and may be -1.
 */
extern void log_output_init(LogOutput *output, int fd, LogNotice notice, void *context);

/* NULL takes it from the loop; before the loop is destroyed. */
extern void log_output_set_loop(LogOutput *output, Loop *loop);

/*
 * From now on writes to the file, which is appended to, and made with mode
 * 0640 if it is not there.  False with errno if it cannot be opened: then
 * nothing changes.  What waits goes to the new file, in whole lines.
 */
extern bool log_output_open_file(LogOutput *output, const char *path)
			__attribute__((warn_unused_result));

/* Likewise to a descriptor as in log_output_init. */
extern void log_output_use(LogOutput *output, int fd);

/* One line, with its newline. */
extern void log_output_write(LogOutput *output, const char *line, size_t line_bytes);

/* Waits for room, so long at most. */
extern void log_output_flush(LogOutput *output, int64_t max_wait_ms);

/* Leaves the loop and closes what is owned. */
extern void log_output_close(LogOutput *output);

#endif
