/*-------------------------------------------------------------------------
 *
 * redis_sentinel_answer.c
 *	  Pure: what is asked of a sentinel, and what its answer says.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_sentinel_answer.h"

#include <stdio.h>
#include <string.h>

/* Of "[host]:port". */
#define ADDRESS_BYTES 300

void
redis_sentinel_question(const char *master, RedisArgument arguments[REDIS_SENTINEL_ARGUMENTS])
{
	arguments[0] = redis_argument_text("SENTINEL");
	arguments[1] = redis_argument_text("get-master-addr-by-name");
	arguments[2] = redis_argument_text(master);
}

/* A text without a zero byte inside. */
static bool
is_text(const redisReply *reply)
{
	return reply->type == REDIS_REPLY_STRING && strlen(reply->str) == (size_t) reply->len;
}

/* Two texts of which a URL could be made; the error is not wanted, and says nothing of the texts. */
static bool
take_address(const redisReply *reply, RedisUrl *server)
{
	char		error[REDIS_SENTINEL_PROBLEM_BYTES];

	return reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
		is_text(reply->element[0]) && is_text(reply->element[1]) &&
		url_set_host(server, reply->element[0]->str, error, sizeof(error)) &&
		url_set_port(server, reply->element[1]->str, error, sizeof(error));
}

bool
redis_sentinel_answer_read(const redisReply *reply, RedisUrl *server,
						   char problem[REDIS_SENTINEL_PROBLEM_BYTES])
{
	if (reply->type == REDIS_REPLY_ERROR)
		redis_sentinel_problem(REDIS_FAILURE_REPLY, reply->str, problem);
	else if (reply->type == REDIS_REPLY_NIL)
		(void) snprintf(problem, REDIS_SENTINEL_PROBLEM_BYTES, REDIS_ERROR_SENTINEL_NAME);
	else if (!take_address(reply, server))
		(void) snprintf(problem, REDIS_SENTINEL_PROBLEM_BYTES,
						REDIS_ERROR_SENTINEL_NONSENSE "what it names is no address");
	else
		return true;
	return false;
}

void
redis_sentinel_problem(RedisFailure failure, const char *reason,
					   char problem[REDIS_SENTINEL_PROBLEM_BYTES])
{
	static const char *const beginnings[] = {
		[REDIS_FAILURE_CONNECTION] = "",
		[REDIS_FAILURE_PASSWORD] = REDIS_ERROR_SENTINEL_PASSWORD,
		[REDIS_FAILURE_PROTOCOL] = REDIS_ERROR_SENTINEL_NONSENSE,
		[REDIS_FAILURE_REPLY] = REDIS_ERROR_SENTINEL_REPLY,
		[REDIS_FAILURE_SENTINEL] = "",
	};

	(void) snprintf(problem, REDIS_SENTINEL_PROBLEM_BYTES, "%s%s", beginnings[failure], reason);
}

RedisFailure
redis_sentinel_server_problem(const RedisUrl *server, RedisFailure failure, const char *reason,
							  char problem[REDIS_SENTINEL_PROBLEM_BYTES])
{
	char		address[ADDRESS_BYTES];
	bool		is_replica = failure == REDIS_FAILURE_REPLY && strcmp(reason, REDIS_ERROR_REPLICA) == 0;

	url_describe_host(server->host, server->port, address, sizeof(address));
	if (is_replica)
		(void) snprintf(problem, REDIS_SENTINEL_PROBLEM_BYTES, REDIS_ERROR_SENTINEL_REPLICA "%.128s", address);
	else if (failure == REDIS_FAILURE_CONNECTION)
		(void) snprintf(problem, REDIS_SENTINEL_PROBLEM_BYTES, REDIS_ERROR_SENTINEL_SERVER "%.80s: %s",
						address, reason);
	else
		(void) snprintf(problem, REDIS_SENTINEL_PROBLEM_BYTES, "%.140s, says the server %.80s", reason, address);
	return is_replica || failure == REDIS_FAILURE_CONNECTION ? REDIS_FAILURE_SENTINEL : failure;
}
