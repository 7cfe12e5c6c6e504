/*-------------------------------------------------------------------------
 *
 * check_sentinel.c
 *	  Do a target's sentinels name its server?
 *
 *-------------------------------------------------------------------------
 */
#include "check/check_sentinel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/password_file.h"
#include "check/check_redis_client.h"
#include "redis/redis_error.h"
#include "redis/redis_sentinel_answer.h"

#define ADDRESS_BYTES 300

/* Asks, and frees the reply; false with a problem. */
static bool
log_in(CheckRedisClient *client, const RedisUrl *asked, char problem[REDIS_SENTINEL_PROBLEM_BYTES])
{
	char		password[PASSWORD_FILE_BYTES];
	char		reason[REDIS_SENTINEL_PROBLEM_BYTES / 2];
	bool		is_public;
	RedisArgument arguments[3] = {redis_argument_text("AUTH")};
	size_t		count = 1;
	redisReply *reply;
	bool		is_in;

	if (asked->password_file == NULL)
		return true;
	if (!password_file_read(asked->password_file, password, &is_public, reason, sizeof(reason)))
	{
		redis_sentinel_problem(REDIS_FAILURE_PASSWORD, reason, problem);
		return false;
	}
	if (asked->username != NULL)
		arguments[count++] = redis_argument_text(asked->username);
	arguments[count++] = redis_argument_text(password);
	reply = check_redis_client_ask(client, arguments, count);
	explicit_bzero(password, sizeof(password));
	is_in = reply != NULL && reply->type == REDIS_REPLY_STATUS;
	if (reply == NULL)
		redis_sentinel_problem(REDIS_FAILURE_CONNECTION, client->problem, problem);
	else if (!is_in)
		redis_sentinel_problem(REDIS_FAILURE_REPLY, reply->str != NULL ? reply->str : "", problem);
	freeReplyObject(reply);
	return is_in;
}

static bool
ask(CheckRedisClient *client, const RedisUrl *asked, const char *master, RedisUrl *server,
	char problem[REDIS_SENTINEL_PROBLEM_BYTES])
{
	RedisArgument arguments[REDIS_SENTINEL_ARGUMENTS];
	redisReply *reply = NULL;
	bool		is_named;

	if (check_redis_client_connect(client, asked) && !log_in(client, asked, problem))
		return false;
	redis_sentinel_question(master, arguments);
	if (client->problem[0] == '\0')
		reply = check_redis_client_ask(client, arguments, REDIS_SENTINEL_ARGUMENTS);
	if (reply == NULL)
	{
		redis_sentinel_problem(REDIS_FAILURE_CONNECTION, client->problem, problem);
		return false;
	}
	is_named = redis_sentinel_answer_read(reply, server, problem);
	freeReplyObject(reply);
	return is_named;
}

/* Of what it says, and of whom the server is then. */
static bool
check_one(const UrlHost *sentinel, const RedisUrl *url, CheckReport *report, RedisUrl *server)
{
	CheckRedisClient client = {0};
	RedisUrl	asked = {
		.host = sentinel->host,.port = sentinel->port,.tls = url->tls,
		.username = url->sentinels.username,.password_file = url->sentinels.password_file
	};
	char		problem[REDIS_SENTINEL_PROBLEM_BYTES];
	char		address[ADDRESS_BYTES];
	char		named[ADDRESS_BYTES];
	bool		is_named = ask(&client, &asked, url->sentinels.master, server, problem);

	check_redis_client_close(&client);
	url_describe_host(sentinel->host, sentinel->port, address, sizeof(address));
	if (is_named)
	{
		url_describe_host(server->host, server->port, named, sizeof(named));
		check_report_say(report, CHECK_OK, "", "the sentinel %s says that %s is %s", address,
						 url->sentinels.master, named);
	}
	else
		check_report_say(report, CHECK_MISSING, redis_error_kind(REDIS_FAILURE_SENTINEL, problem)->advice,
						 "the sentinel %s is of no use: %s", address, problem);
	return is_named;
}

/* The server of the first one that names any; the others are asked all the same. */
bool
check_sentinel(const TargetConfig *target, CheckReport *report, RedisUrl *server)
{
	const RedisUrl *url = &target->url;
	RedisUrl	other = {0};
	bool		is_found = false;

	*server = *url;
	memset(&server->sentinels, 0, sizeof(server->sentinels));
	for (size_t i = 0; i < url->sentinels.count; i++)
		if (check_one(&url->sentinels.hosts[i], url, report, is_found ? &other : server))
			is_found = true;
	free(other.host);
	return is_found;
}
