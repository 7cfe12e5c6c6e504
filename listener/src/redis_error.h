/*-------------------------------------------------------------------------
 *
 * redis_error.h
 *	  What kinds of error Redis answers, and what to do about them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_ERROR_H
#define UNCACHED_REDIS_ERROR_H

#include <stdbool.h>
#include <stddef.h>

typedef struct RedisErrorKind
{
	const char *prefix;			/* of the error's text, without the "-" */
	bool		is_alarm;		/* trying again will not help: tell the
								 * operator */
	const char *advice;			/* a sentence for the log; "" if there is none */
} RedisErrorKind;

/* What a replica would answer to a write, if it refused it. */
#define REDIS_ERROR_REPLICA "READONLY the server says that it is a replica"

/* Static data; an error nobody knows is an alarm. */
extern const RedisErrorKind *redis_error_kind(const char *text);

#endif
