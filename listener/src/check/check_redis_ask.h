/*-------------------------------------------------------------------------
 *
 * check_redis_ask.h
 *	  Asking a target's Redis, and telling what was wrong with an answer.
 *
 * Part of check_redis.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CHECK_REDIS_ASK_H
#define UNCACHED_CHECK_REDIS_ASK_H

#include <hiredis/hiredis.h>
#include <stdbool.h>

#include "check/check_acl.h"
#include "check/check_redis_client.h"
#include "check/check_report.h"
#include "config/config.h"
#include "redis/redis_error.h"

#define CHECK_REDIS_ARGUMENTS_MAX (CHECK_ACL_WORDS_MAX + 3)

typedef struct RedisCheck
{
	const TargetConfig *target; /* borrowed */
	unsigned int needs;
	unsigned int certain_needs;
	CheckReport *report;		/* borrowed */
	CheckRedisClient *redis;	/* borrowed */
	char	   *key;			/* owned; an example */
	long		major_version;	/* 0 if it is not known */
} RedisCheck;

/*
 * words ends with NULL.  To be freed with freeReplyObject; NULL if there is no
 * answer, now and from then on.
 */
extern redisReply *check_redis_ask(const RedisCheck *check, const char *const words[])
			__attribute__((warn_unused_result));

/* Was there no answer, or an error? */
extern bool check_redis_is_error(const redisReply *reply);

/* "" if it is no text. */
extern const char *check_redis_text(const redisReply *reply);

/* What was wrong; valid as long as the reply. */
extern const char *check_redis_error(const RedisCheck *check, const redisReply *reply);

/* Report something missing. */
extern void check_redis_report_failure(const RedisCheck *check, RedisFailure failure,
									   const char *error, const char *doing);
extern void check_redis_report_error(const RedisCheck *check, const redisReply *reply,
									 const char *doing);

#endif
