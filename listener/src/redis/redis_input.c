/*-------------------------------------------------------------------------
 *
 * redis_input.c
 *	  What Redis sends: bytes in, whole replies out.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_input.h"

/* A reply that is still incomplete after so many bytes is not one of ours. */
#define REPLY_MAX_BYTES ((size_t) 64 * 1024 * 1024)

bool
redis_input_begin(RedisInput *input)
{
	input->reader = redisReaderCreate();
	input->unparsed_bytes = 0;
	return input->reader != NULL;
}

void
redis_input_end(RedisInput *input)
{
	if (input->reader != NULL)
		redisReaderFree(input->reader);
	input->reader = NULL;
}

static const char *
feed(RedisInput *input, size_t byte_count)
{
	input->unparsed_bytes += byte_count;
	if (input->unparsed_bytes > REPLY_MAX_BYTES)
		return "Redis sent a reply that is too large for these commands";
	if (redisReaderFeed(input->reader, input->bytes, byte_count) != REDIS_OK)
		return input->reader->errstr;
	return NULL;
}

const char *
redis_input_receive(RedisInput *input, RedisIo *io, size_t *byte_count, RedisFailure *failure)
{
	RedisIoResult result;

	*byte_count = 0;
	*failure = REDIS_FAILURE_CONNECTION;
	result = redis_io_read(io, input->bytes, sizeof(input->bytes), byte_count);
	if (result == REDIS_IO_FAILED)
		return redis_io_problem(io);
	if (result != REDIS_IO_DONE)
		return NULL;
	*failure = REDIS_FAILURE_PROTOCOL;
	return feed(input, *byte_count);
}

const char *
redis_input_next(RedisInput *input, redisReply **reply)
{
	void	   *next = NULL;

	*reply = NULL;
	if (redisReaderGetReply(input->reader, &next) != REDIS_OK)
		return input->reader->errstr;
	*reply = next;
	if (next != NULL)
		input->unparsed_bytes = 0;
	return NULL;
}
