/*-------------------------------------------------------------------------
 *
 * status_command.h
 *	  --status: asks PostgreSQL and the daemon that runs here, and prints the answer.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_STATUS_COMMAND_H
#define UNCACHED_STATUS_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#include "config/config.h"

/* The exit status where nothing can be told. */
#define STATUS_COMMAND_UNKNOWN 3

/* Blocks, for some seconds at most for each server that does not answer.  The exit status. */
extern int	status_command_run(const Config *config, FILE *stream);

/* For a configuration that was refused; the exit status. */
extern int	status_command_refuse(bool is_json, const char *problem, FILE *stream);

#endif
