/*-------------------------------------------------------------------------
 *
 * redis_greeting.c
 *	  The commands that open a connection: AUTH, SELECT, PING, HELLO, INFO,
 *	  CLIENT SETNAME.
 *
 * Before Redis 7 INFO takes one section only.  HELLO tells of mode and role to
 * users who may not ask for INFO, since ACLs do not apply to it; before Redis 6 it
 * is unknown.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_greeting.h"

#include <stdio.h>
#include <string.h>

#define MAX_ARGUMENTS 3

static RedisGreetingStep
skip_needless(const RedisUrl *url, RedisGreetingStep step)
{
	if (step == REDIS_GREETING_AUTH && url->password == NULL && url->password_file == NULL)
		step++;
	if (step == REDIS_GREETING_SELECT && url->database == 0)
		step++;
	/* a sentinel holds no data of which there would be a history */
	if (step > REDIS_GREETING_PING && url->is_of_sentinel)
		step = REDIS_GREETING_DONE;
	return step;
}

RedisGreetingStep
redis_greeting_first(const RedisUrl *url)
{
	return skip_needless(url, REDIS_GREETING_AUTH);
}

RedisGreetingStep
redis_greeting_next(const RedisUrl *url, RedisGreetingStep step)
{
	return skip_needless(url, step + 1);
}

static bool
append_texts(RedisOutput *output, const char *first, const char *second, const char *third)
{
	const char *texts[MAX_ARGUMENTS] = {first, second, third};
	RedisArgument arguments[MAX_ARGUMENTS];
	size_t		count = 0;

	while (count < MAX_ARGUMENTS && texts[count] != NULL)
	{
		arguments[count] = redis_argument_text(texts[count]);
		count++;
	}
	return redis_output_append_command(output, arguments, count);
}

static bool
append_step(const RedisUrl *url, const char *password, RedisOutput *output,
			RedisGreetingStep step)
{
	char		database[16];

	switch (step)
	{
		case REDIS_GREETING_AUTH:
			if (url->username != NULL && url->username[0] != '\0')
				return append_texts(output, "AUTH", url->username, password);
			return append_texts(output, "AUTH", password, NULL);
		case REDIS_GREETING_SELECT:
			(void) snprintf(database, sizeof(database), "%d", url->database);
			return append_texts(output, "SELECT", database, NULL);
		case REDIS_GREETING_PING:
			return append_texts(output, "PING", NULL, NULL);
		case REDIS_GREETING_HELLO:
			return append_texts(output, "HELLO", "2", NULL);
		case REDIS_GREETING_INFO_SERVER:
			return append_texts(output, "INFO", "server", NULL);
		case REDIS_GREETING_INFO_REPLICATION:
			return append_texts(output, "INFO", "replication", NULL);
		case REDIS_GREETING_SETNAME:
			return append_texts(output, "CLIENT", "SETNAME", "uncached");
		case REDIS_GREETING_DONE:
			break;
	}
	return true;
}

bool
redis_greeting_append(const RedisUrl *url, const char *password, RedisOutput *output,
					  size_t *count)
{
	*count = 0;
	for (RedisGreetingStep step = redis_greeting_first(url);
		 step != REDIS_GREETING_DONE; step = redis_greeting_next(url, step))
	{
		if (!append_step(url, password, output, step))
			return false;
		(*count)++;
	}
	return true;
}

bool
redis_greeting_append_history(RedisOutput *output)
{
	return append_texts(output, "INFO", "server", NULL) &&
		append_texts(output, "INFO", "replication", NULL);
}

bool
redis_greeting_is_denial(const redisReply *reply)
{
	return reply->type == REDIS_REPLY_ERROR &&
		(strncmp(reply->str, "NOPERM ", 7) == 0 ||
		 strncmp(reply->str, "ERR unknown command", 19) == 0);
}

/*
 * PING tells a server that is loading, full or waiting for a password before
 * a batch is sent to it.  A user who may not PING or ask for INFO may be able
 * to UNLINK; and a connection without a name works as well.
 */
bool
redis_greeting_accepts(RedisGreetingStep step, const redisReply *reply)
{
	switch (step)
	{
		case REDIS_GREETING_PING:
			return reply->type == REDIS_REPLY_STATUS || redis_greeting_is_denial(reply);
		case REDIS_GREETING_HELLO:
			return reply->type == REDIS_REPLY_ARRAY || redis_greeting_is_denial(reply);
		case REDIS_GREETING_INFO_SERVER:
		case REDIS_GREETING_INFO_REPLICATION:
			return reply->type == REDIS_REPLY_STRING || redis_greeting_is_denial(reply);
		case REDIS_GREETING_SETNAME:
			return reply->type == REDIS_REPLY_STATUS || reply->type == REDIS_REPLY_ERROR;
		default:
			return reply->type == REDIS_REPLY_STATUS;
	}
}

/* In RESP2 HELLO answers an array of names and values, of various types. */
void
redis_greeting_read(const redisReply *reply, RedisHistory *history)
{
	if (reply->type == REDIS_REPLY_STRING)
		redis_history_read(history, reply->str);
	else if (reply->type == REDIS_REPLY_ARRAY)
		for (size_t i = 0; i + 1 < reply->elements; i += 2)
			if (reply->element[i]->type == REDIS_REPLY_STRING &&
				reply->element[i + 1]->type == REDIS_REPLY_STRING)
				redis_history_read_pair(history, reply->element[i]->str,
										reply->element[i + 1]->str);
}

const char *
redis_greeting_refuses(const RedisUrl *url, const RedisHistory *history)
{
	if (history->mode == REDIS_MODE_CLUSTER && !url->is_of_cluster)
		return REDIS_ERROR_CLUSTER;
	if (history->mode == REDIS_MODE_STANDALONE && url->is_of_cluster)
		return REDIS_ERROR_NO_CLUSTER;
	if (history->mode == REDIS_MODE_SENTINEL)
		return REDIS_ERROR_SENTINEL;
	return history->is_replica ? REDIS_ERROR_REPLICA : NULL;
}

const char *
redis_greeting_take(const RedisUrl *url, RedisGreetingStep step, const redisReply *reply, RedisHistory *history,
					RedisFailure *failure)
{
	*failure = REDIS_FAILURE_REPLY;
	if (redis_greeting_accepts(step, reply))
	{
		redis_greeting_read(reply, history);
		return redis_greeting_refuses(url, history);
	}
	if (reply->type == REDIS_REPLY_ERROR)
		return reply->str;
	*failure = REDIS_FAILURE_PROTOCOL;
	return "unexpected reply to the greeting";
}
