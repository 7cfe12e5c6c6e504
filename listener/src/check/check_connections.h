/*-------------------------------------------------------------------------
 *
 * check_connections.h
 *	  Have PostgreSQL and every target what is needed?
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CHECK_CONNECTIONS_H
#define UNCACHED_CHECK_CONNECTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "config/config.h"

/*
 * Prints a line for each thing that is right, missing, or cannot be told.  True if
 * nothing is missing.  Blocks, for some seconds at most for each server that does not
 * answer, and changes nothing anywhere.
 */
extern bool check_connections(const Config *config, FILE *stream);

#endif
