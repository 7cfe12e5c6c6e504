/*-------------------------------------------------------------------------
 *
 * answer.h
 *	  What the program prints and ends with, where it is not to run as the daemon.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_ANSWER_H
#define UNCACHED_ANSWER_H

#include <stdbool.h>

#include "base/log_output.h"
#include "config/config.h"

/* Does the command line ask for such a thing? */
extern bool answer_is_asked(const Config *config);

/* Blocks.  Prints to standard output, and to error_output what went wrong.  The exit status. */
extern int	answer_give(const Config *config, LogOutput *error_output);

#endif
