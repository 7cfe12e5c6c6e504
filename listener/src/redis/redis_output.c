/*-------------------------------------------------------------------------
 *
 * redis_output.c
 *	  Commands that wait to be sent, as RESP.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES ((size_t) 4096)
#define KEEP_BYTES ((size_t) 2 * 1024 * 1024)

void
redis_output_init(RedisOutput *output)
{
	memset(output, 0, sizeof(*output));
}

void
redis_output_free(RedisOutput *output)
{
	if (output->bytes != NULL)
		explicit_bzero(output->bytes, output->capacity);
	free(output->bytes);
	redis_output_init(output);
}

void
redis_output_clear(RedisOutput *output)
{
	redis_output_consume(output, redis_output_unsent_bytes(output));
}

size_t
redis_output_unsent_bytes(const RedisOutput *output)
{
	return output->end - output->start;
}

/* Room for so many bytes more behind the end. */
static bool
reserve(RedisOutput *output, size_t more)
{
	size_t		used = redis_output_unsent_bytes(output);
	size_t		capacity = output->capacity > 0 ? output->capacity : FIRST_BYTES;
	char	   *bytes;

	if (output->capacity - output->end >= more)
		return true;
	if (output->start > 0)
	{
		memmove(output->bytes, output->bytes + output->start, used);
		output->start = 0;
		output->end = used;
	}
	while (capacity - used < more)
		capacity *= 2;
	if (capacity == output->capacity)
		return true;
	bytes = realloc(output->bytes, capacity);
	if (bytes == NULL)
		return false;
	output->bytes = bytes;
	output->capacity = capacity;
	return true;
}

bool
redis_output_append(RedisOutput *output, const char *bytes, size_t byte_count)
{
	if (byte_count == 0)
		return true;
	if (!reserve(output, byte_count))
		return false;
	memcpy(output->bytes + output->end, bytes, byte_count);
	output->end += byte_count;
	return true;
}

static bool
append_head(RedisOutput *output, char type, size_t number)
{
	char		head[32];
	int			head_bytes = snprintf(head, sizeof(head), "%c%zu\r\n", type, number);

	return redis_output_append(output, head, (size_t) head_bytes);
}

bool
redis_output_append_command(RedisOutput *output,
							const RedisArgument *arguments, size_t count)
{
	if (!append_head(output, '*', count))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!append_head(output, '$', arguments[i].byte_count) ||
			!redis_output_append(output, arguments[i].bytes, arguments[i].byte_count) ||
			!redis_output_append(output, "\r\n", 2))
			return false;
	return true;
}

void
redis_output_consume(RedisOutput *output, size_t byte_count)
{
	output->start += byte_count;
	if (output->start < output->end)
		return;
	output->start = 0;
	output->end = 0;
	if (output->capacity > KEEP_BYTES)
	{
		free(output->bytes);
		redis_output_init(output);
	}
}

const char *
redis_output_send(RedisOutput *output, RedisIo *io, size_t *byte_count)
{
	RedisIoResult result = REDIS_IO_DONE;

	*byte_count = 0;
	while (result == REDIS_IO_DONE && redis_output_unsent_bytes(output) > 0)
	{
		size_t		sent_count = 0;

		result = redis_io_write(io, output->bytes + output->start,
								redis_output_unsent_bytes(output), &sent_count);
		redis_output_consume(output, sent_count);
		*byte_count += sent_count;
	}
	return result == REDIS_IO_FAILED ? redis_io_problem(io) : NULL;
}

RedisArgument
redis_argument_text(const char *text)
{
	RedisArgument argument = {text, strlen(text)};

	return argument;
}
