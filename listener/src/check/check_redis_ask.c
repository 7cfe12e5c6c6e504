/*-------------------------------------------------------------------------
 *
 * check_redis_ask.c
 *	  Asking a target's Redis, and telling what was wrong with an answer.
 *
 *-------------------------------------------------------------------------
 */
#include "check/check_redis_ask.h"

#include <errno.h>
#include <string.h>

#define NO_ANSWER "no reply within 5 s"

redisReply *
check_redis_ask(const RedisCheck *check, const char *const words[])
{
	size_t		lengths[CHECK_REDIS_ARGUMENTS_MAX];
	const char *arguments[CHECK_REDIS_ARGUMENTS_MAX];
	int			count = 0;

	for (; words[count] != NULL; count++)
	{
		arguments[count] = words[count];
		lengths[count] = strlen(words[count]);
	}
	return redisCommandArgv(check->redis, count, arguments, lengths);
}

bool
check_redis_is_error(const redisReply *reply)
{
	return reply == NULL || reply->type == REDIS_REPLY_ERROR;
}

const char *
check_redis_text(const redisReply *reply)
{
	return reply != NULL && reply->str != NULL ? reply->str : "";
}

const char *
check_redis_error(const RedisCheck *check, const redisReply *reply)
{
	if (reply != NULL)
		return check_redis_text(reply);
	/* hiredis has no word of its own for a deadline that passed */
	if (strcmp(check->redis->errstr, strerror(EAGAIN)) == 0)
		return NO_ANSWER;
	return check->redis->errstr[0] != '\0' ? check->redis->errstr : "no reply";
}

void
check_redis_report_failure(const RedisCheck *check, RedisFailure failure, const char *error, const char *doing)
{
	char		advice[REDIS_ERROR_ADVICE_BYTES];

	redis_error_advise(failure, error, check->target->url.password_file, advice, sizeof(advice));
	check_report_say(check->report, CHECK_MISSING, advice, "%s: %s", doing, error);
}

void
check_redis_report_error(const RedisCheck *check, const redisReply *reply, const char *doing)
{
	check_redis_report_failure(check, reply != NULL ? REDIS_FAILURE_REPLY : REDIS_FAILURE_CONNECTION,
							   check_redis_error(check, reply), doing);
}
