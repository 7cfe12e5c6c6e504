/*-------------------------------------------------------------------------
 *
 * redis_output.h
 *	  Commands that wait to be sent, as RESP.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_OUTPUT_H
#define UNCACHED_REDIS_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "redis/redis_io.h"

typedef struct RedisOutput
{
	char	   *bytes;			/* owned */
	size_t		capacity;
	size_t		start;			/* sent up to here */
	size_t		end;
} RedisOutput;

/* One argument of a command; the bytes are borrowed. */
typedef struct RedisArgument
{
	const char *bytes;
	size_t		byte_count;
} RedisArgument;

/* Prepares caller's storage; allocates nothing. */
extern void redis_output_init(RedisOutput *output);

/* Overwrites what it held, which may have been a password, and frees it. */
extern void redis_output_free(RedisOutput *output);

/* Forgets everything unsent. */
extern void redis_output_clear(RedisOutput *output);

extern size_t redis_output_unsent_bytes(const RedisOutput *output);

/*
 * Appends bytes that are RESP already, or a whole command.  False if memory
 * is exhausted: then a part may have been appended.
 */
extern bool redis_output_append(RedisOutput *output, const char *bytes, size_t byte_count)
			__attribute__((warn_unused_result));
extern bool redis_output_append_command(RedisOutput *output,
										const RedisArgument *arguments, size_t count)
			__attribute__((warn_unused_result));

/*
 * Sends as much as the io takes, and says how much that was.  NULL, or what is wrong, valid until
 * the io is closed.
 */
extern const char *redis_output_send(RedisOutput *output, RedisIo *io, size_t *byte_count)
			__attribute__((warn_unused_result));

/* So many bytes were sent.  Frees memory beyond a typical batch. */
extern void redis_output_consume(RedisOutput *output, size_t byte_count);

extern RedisArgument redis_argument_text(const char *text);

#endif
