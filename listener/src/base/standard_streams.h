/*-------------------------------------------------------------------------
 *
 * standard_streams.h
 *	  Standard input, output and error of the daemon.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_STANDARD_STREAMS_H
#define UNCACHED_STANDARD_STREAMS_H

#include <stdbool.h>

#include "base/log_output.h"

/* Longer problems are cut. */
#define STANDARD_STREAMS_PROBLEM_BYTES 1024

/*
 * Opens /dev/null for those that are closed: else a socket could become
 * standard error, and get the log.  False with errno.
 */
extern bool standard_streams_open(void) __attribute__((warn_unused_result));

/*
 * A reader who is gone, and a file that may not grow, become errors of write(2)
 * and no longer end the process.
 */
extern bool standard_streams_ignore_signals(void) __attribute__((warn_unused_result));

/*
 * "uncached: problem" for whoever started the daemon; waits for a moment at
 * most that somebody reads it.
 */
extern void standard_streams_say(LogOutput *error_output, const char *problem);

/*
 * Has all that was printed to standard output arrived?  If not, false, and it
 * was said.
 */
extern bool standard_streams_finish(LogOutput *error_output)
			__attribute__((warn_unused_result));

#endif
