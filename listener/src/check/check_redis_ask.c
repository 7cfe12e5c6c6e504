/*-------------------------------------------------------------------------
 *
 * check_redis_ask.c
 *	  Asking a target's Redis, and telling what was wrong with an answer.
 *
 *-------------------------------------------------------------------------
 */
#include "check/check_redis_ask.h"


redisReply *
check_redis_ask(const RedisCheck *check, const char *const words[])
{
	RedisArgument arguments[CHECK_REDIS_ARGUMENTS_MAX];
	size_t		count = 0;

	for (; words[count] != NULL; count++)
		arguments[count] = redis_argument_text(words[count]);
	return check_redis_client_ask(check->redis, arguments, count);
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
	return check->redis->problem;
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
