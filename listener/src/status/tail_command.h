/*-------------------------------------------------------------------------
 *
 * tail_command.h
 *	  --tail: prints what is invalidated, until a signal or the reader ends it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_TAIL_COMMAND_H
#define UNCACHED_TAIL_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#include "config/config.h"

#define TAIL_PROBLEM_BYTES 1024

/*
 * True when SIGINT or SIGTERM has come, or nobody reads any more.  False, and "problem" has one line, if
 * there was no session to begin with, or writing fails otherwise.  Later troubles of the session go to
 * "problems", and it is tried again.
 */
extern bool tail_command_run(const Config *config, FILE *stream, FILE *problems,
							 char problem[TAIL_PROBLEM_BYTES])
			__attribute__((warn_unused_result));

#endif
