/*-------------------------------------------------------------------------
 *
 * redis_input.h
 *	  What Redis sends: bytes in, whole replies out.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_INPUT_H
#define UNCACHED_REDIS_INPUT_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>

#include "redis/redis_error.h"
#include "redis/redis_io.h"

#define REDIS_INPUT_READ_BYTES ((size_t) 64 * 1024)

typedef struct RedisInput
{
	redisReader *reader;		/* owned; NULL while there is no connection */
	size_t		unparsed_bytes; /* fed since the last whole reply */
	char		bytes[REDIS_INPUT_READ_BYTES];
} RedisInput;

/* For a new connection.  False if memory is exhausted. */
extern bool redis_input_begin(RedisInput *input)
			__attribute__((warn_unused_result));

/* The connection is closed; may be called again. */
extern void redis_input_end(RedisInput *input);

/*
 * Receives what the io has, which may be nothing.  NULL, or what is wrong, valid until
 * redis_input_end and until the io is closed; then *failure is set.
 */
extern const char *redis_input_receive(RedisInput *input, RedisIo *io, size_t *byte_count,
									   RedisFailure *failure)
			__attribute__((warn_unused_result));

/*
 * The next whole reply, to be freed by the caller; NULL if there is none yet.  Returns NULL, or
 * why what came is no reply, valid until redis_input_end.
 */
extern const char *redis_input_next(RedisInput *input, redisReply **reply)
			__attribute__((warn_unused_result));

#endif
