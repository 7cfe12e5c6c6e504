/*-------------------------------------------------------------------------
 *
 * redis_sentinel_answer.h
 *	  Pure: what is asked of a sentinel, and what its answer says.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_SENTINEL_ANSWER_H
#define UNCACHED_REDIS_SENTINEL_ANSWER_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/url.h"
#include "redis/redis_error.h"
#include "redis/redis_output.h"

#define REDIS_SENTINEL_ARGUMENTS 3
#define REDIS_SENTINEL_PROBLEM_BYTES 256

/* The command that asks for the address of the master; the name is borrowed. */
extern void redis_sentinel_question(const char *master,
									RedisArgument arguments[REDIS_SENTINEL_ARGUMENTS]);

/*
 * Makes "server", which has no sentinels, the URL of the server that the reply names.  False
 * with a problem, as redis_sentinel_problem has it; then the server is not to be used.
 */
extern bool redis_sentinel_answer_read(const redisReply *reply, RedisUrl *server,
									   char problem[REDIS_SENTINEL_PROBLEM_BYTES])
			__attribute__((warn_unused_result));

/* Why a sentinel could not be asked, of which the connection says this: a problem of
 * REDIS_FAILURE_SENTINEL. */
extern void redis_sentinel_problem(RedisFailure failure, const char *reason,
								   char problem[REDIS_SENTINEL_PROBLEM_BYTES]);

/*
 * What a connection has against the server that a sentinel names.  Returns the failure
 * of which the problem is: what Redis answers keeps its own.
 */
extern RedisFailure redis_sentinel_server_problem(const RedisUrl *server, RedisFailure failure,
												  const char *reason,
												  char problem[REDIS_SENTINEL_PROBLEM_BYTES]);

#endif
