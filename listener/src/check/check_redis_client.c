/*-------------------------------------------------------------------------
 *
 * check_redis_client.c
 *	  A connection to Redis that waits: one command, one reply.
 *
 *-------------------------------------------------------------------------
 */
#include "check/check_redis_client.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "check/check_names.h"
#include "redis/redis_socket.h"
#include "redis/redis_transport.h"

#define TIMEOUT_MS (CHECK_REDIS_TIMEOUT_S * 1000)
#define NO_REPLY "no reply within 5 s"
#define NO_MEMORY "out of memory"

/* Returns false. */
static bool
fail(CheckRedisClient *client, const char *problem)
{
	(void) snprintf(client->problem, sizeof(client->problem), "%s", problem);
	return false;
}

static int64_t
now_ms(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What poll(2) answers, 0 if the time is over. */
static short
await(const CheckRedisClient *client, short events, int64_t end_ms)
{
	struct pollfd watched = {.fd = client->io.fd,.events = events};
	int64_t		left_ms;
	int			ready_count = 0;

	while (ready_count == 0 && (left_ms = end_ms - now_ms()) > 0)
	{
		ready_count = poll(&watched, 1, (int) left_ms);
		if (ready_count < 0 && errno == EINTR)
			ready_count = 0;
	}
	return ready_count > 0 ? watched.revents : 0;
}

static bool
await_connected(CheckRedisClient *client)
{
	int64_t		end_ms = now_ms() + TIMEOUT_MS;

	while (await(client, redis_io_events(&client->io, false), end_ms) != 0)
	{
		RedisIoResult result = redis_io_connect(&client->io);

		if (result == REDIS_IO_FAILED)
			return fail(client, redis_io_problem(&client->io));
		if (result == REDIS_IO_DONE)
			return true;
	}
	return fail(client, redis_io_stalled(&client->io));
}

bool
check_redis_client_open(CheckRedisClient *client, const RedisUrl *url,
						const struct addrinfo *address)
{
	int			fd;

	check_redis_client_close(client);
	redis_io_init(&client->io, redis_transport(url));
	redis_output_init(&client->output);
	fd = address != NULL ? redis_socket_open(address) : redis_socket_open_unix(url->socket_path);
	if (fd < 0)
		return fail(client, strerror(errno));
	if (!redis_io_open(&client->io, url, fd) || !redis_input_begin(&client->input))
		return fail(client, NO_MEMORY);
	return await_connected(client);
}

bool
check_redis_client_connect(CheckRedisClient *client, const RedisUrl *url)
{
	struct addrinfo *addresses;
	bool		is_open = false;

	if (url->socket_path != NULL)
		return check_redis_client_open(client, url, NULL);
	addresses = check_names_resolve(url->host, url->port, CHECK_NAMES_TIMEOUT_MS, client->problem);
	if (addresses == NULL)
		return false;
	for (const struct addrinfo *next = addresses; next != NULL && !is_open; next = next->ai_next)
		is_open = check_redis_client_open(client, url, next);
	freeaddrinfo(addresses);
	return is_open;
}

static bool
receive(CheckRedisClient *client)
{
	size_t		byte_count;
	RedisFailure failure;
	const char *problem = redis_input_receive(&client->input, &client->io, &byte_count, &failure);

	return problem == NULL || fail(client, problem);
}

/* Sends what is to be sent, and takes what has come. */
static bool
move_bytes(CheckRedisClient *client, int64_t end_ms)
{
	size_t		sent_bytes;
	bool		has_output;
	short		revents = 0;
	const char *problem = redis_output_send(&client->output, &client->io, &sent_bytes);

	if (problem != NULL)
		return fail(client, problem);
	has_output = redis_output_unsent_bytes(&client->output) > 0;
	if (!redis_io_has_buffered(&client->io))
	{
		revents = await(client, redis_io_events(&client->io, has_output), end_ms);
		if (revents == 0)
			return fail(client, NO_REPLY);
	}
	return !redis_io_may_read(&client->io, revents) || receive(client);
}

redisReply *
check_redis_client_ask(CheckRedisClient *client, const RedisArgument *arguments, size_t count)
{
	int64_t		end_ms = now_ms() + TIMEOUT_MS;
	redisReply *reply = NULL;
	const char *problem = NULL;

	if (client->problem[0] != '\0')
		return NULL;
	if (!redis_output_append_command(&client->output, arguments, count))
		problem = NO_MEMORY;
	while (problem == NULL && reply == NULL && move_bytes(client, end_ms))
		problem = redis_input_next(&client->input, &reply);
	if (problem != NULL)
		(void) fail(client, problem);
	return reply;
}

void
check_redis_client_close(CheckRedisClient *client)
{
	if (client->io.type != NULL)
		redis_io_close(&client->io);
	redis_input_end(&client->input);
	redis_output_free(&client->output);
	client->problem[0] = '\0';
}
