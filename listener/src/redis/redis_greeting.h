/*-------------------------------------------------------------------------
 *
 * redis_greeting.h
 *	  The commands that open a connection: AUTH, SELECT, PING, HELLO, INFO,
 *	  CLIENT SETNAME.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_GREETING_H
#define UNCACHED_REDIS_GREETING_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/url.h"
#include "redis/redis_error.h"
#include "redis/redis_history.h"
#include "redis/redis_output.h"

/*
 * In their order; AUTH and SELECT are left out if the URL does not need them, and all behind
 * PING where a sentinel listens.
 */
typedef enum RedisGreetingStep
{
	REDIS_GREETING_AUTH,
	REDIS_GREETING_SELECT,
	REDIS_GREETING_PING,
	REDIS_GREETING_HELLO,
	REDIS_GREETING_INFO_SERVER,
	REDIS_GREETING_INFO_REPLICATION,
	REDIS_GREETING_SETNAME,
	REDIS_GREETING_DONE
} RedisGreetingStep;

extern RedisGreetingStep redis_greeting_first(const RedisUrl *url);
extern RedisGreetingStep redis_greeting_next(const RedisUrl *url, RedisGreetingStep step);

/*
 * Appends all the commands and says how many they are.  "password" is that of the
 * URL or of its password file, NULL if it has neither.  False if memory is
 * exhausted.
 */
extern bool redis_greeting_append(const RedisUrl *url, const char *password,
								  RedisOutput *output, size_t *count)
			__attribute__((warn_unused_result));

/*
 * The same for the commands that only ask again for Redis' history, each of
 * which is answered by a text for redis_history_read().
 */
#define REDIS_GREETING_HISTORY_COMMANDS 2

extern bool redis_greeting_append_history(RedisOutput *output)
			__attribute__((warn_unused_result));

/* May the greeting go on after this reply to the step? */
extern bool redis_greeting_accepts(RedisGreetingStep step, const redisReply *reply);

/* Is the command denied to the user by its ACL, or to all by rename-command? */
extern bool redis_greeting_is_denial(const redisReply *reply);

/* What the reply tells of the server; it was accepted, and may be an error. */
extern void redis_greeting_read(const redisReply *reply, RedisHistory *history);

/*
 * Why a server of which all this is told cannot be used, as an error of redis_error.h;
 * else NULL.
 */
extern const char *redis_greeting_refuses(const RedisUrl *url, const RedisHistory *history);

/*
 * All three: takes the reply to a step.  NULL if the greeting may go on, else why not, valid
 * as long as the reply; then *failure is set.
 */
extern const char *redis_greeting_take(const RedisUrl *url, RedisGreetingStep step, const redisReply *reply,
									   RedisHistory *history, RedisFailure *failure)
			__attribute__((warn_unused_result));

#endif
