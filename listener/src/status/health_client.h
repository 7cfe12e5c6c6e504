/*-------------------------------------------------------------------------
 *
 * health_client.h
 *	  Asks a running daemon at its health socket.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_HEALTH_CLIENT_H
#define UNCACHED_HEALTH_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Prints the answer.  False if there was none within the time; then "error" says
 * why.  Blocks for no longer than that.
 */
extern bool health_client_ask(const char *path, int64_t timeout_ms, FILE *stream,
							  char *error, size_t error_bytes)
			__attribute__((warn_unused_result));

#endif
