/*-------------------------------------------------------------------------
 *
 * check_redis_client.h
 *	  A connection to Redis that waits: one command, one reply.
 *
 * It carries its bytes as the daemon's connections do, in TLS if the URL says so.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CHECK_REDIS_CLIENT_H
#define UNCACHED_CHECK_REDIS_CLIENT_H

#include <hiredis/hiredis.h>
#include <netdb.h>
#include <stdbool.h>

#include "redis/redis_input.h"
#include "redis/redis_io.h"
#include "redis/redis_output.h"
#include "redis/redis_refusals.h"

/* How long each step is waited for. */
#define CHECK_REDIS_TIMEOUT_S 5

typedef struct CheckRedisClient
{
	RedisIo		io;
	RedisOutput output;
	RedisInput	input;
	char		problem[REDIS_REFUSALS_REASON_BYTES];	/* "" while there is
														 * none */
} CheckRedisClient;

/*
 * Connects to one address of the URL's host; NULL to its socket.  False with a "problem";
 * another address may be tried then.  Caller's storage, all zero at first, to be freed by
 * check_redis_client_close.  The URL is borrowed.
 */
extern bool check_redis_client_open(CheckRedisClient *client, const RedisUrl *url,
									const struct addrinfo *address)
			__attribute__((warn_unused_result));

/*
 * The same for the URL's socket, or the first address of its host that is possible; looks the
 * host up, within some seconds.
 */
extern bool check_redis_client_connect(CheckRedisClient *client, const RedisUrl *url)
			__attribute__((warn_unused_result));

/*
 * To be freed with freeReplyObject; NULL with a "problem" if there is no reply, now and from
 * then on.
 */
extern redisReply *check_redis_client_ask(CheckRedisClient *client,
										  const RedisArgument *arguments, size_t count)
			__attribute__((warn_unused_result));

/* May be called again, and for one that was never opened. */
extern void check_redis_client_close(CheckRedisClient *client);

#endif
