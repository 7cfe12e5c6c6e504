/*-------------------------------------------------------------------------
 *
 * redis_counters.c
 *	  What was counted of a target's Redis since the process was started.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_counters.h"

#include <string.h>

const char *const redis_counted_names[REDIS_COUNTED_COUNT] = {
	[REDIS_COUNTED_UNLINK] = "unlink",
	[REDIS_COUNTED_SCRIPT] = "script",
	[REDIS_COUNTED_SCAN] = "scan",
	[REDIS_COUNTED_SWEEP] = "sweep",
	[REDIS_COUNTED_INFO] = "info",
	[REDIS_COUNTED_CLUSTER] = "cluster",
};

const char *const redis_class_names[REDIS_CLASS_COUNT] = {
	[REDIS_CLASS_CONNECTION] = "connection",
	[REDIS_CLASS_SENTINEL] = "sentinel",
	[REDIS_CLASS_PASSWORD] = "password",
	[REDIS_CLASS_PERMISSION] = "permission",
	[REDIS_CLASS_READONLY] = "readonly",
	[REDIS_CLASS_MEMORY] = "memory",
	[REDIS_CLASS_LOADING] = "loading",
	[REDIS_CLASS_CLUSTER] = "cluster",
	[REDIS_CLASS_PROTOCOL] = "protocol",
	[REDIS_CLASS_OTHER] = "other",
};

/* By how an error reply begins. */
static const struct
{
	const char *prefix;
	RedisErrorClass class;
}			replies[] = {
	{"OOM ", REDIS_CLASS_MEMORY},
	{"READONLY ", REDIS_CLASS_READONLY},
	{"LOADING ", REDIS_CLASS_LOADING},
	{"NOAUTH ", REDIS_CLASS_PASSWORD},
	{"WRONGPASS ", REDIS_CLASS_PASSWORD},
	{"ERR invalid password", REDIS_CLASS_PASSWORD},
	{"ERR Client sent AUTH", REDIS_CLASS_PASSWORD},
	{"ERR AUTH ", REDIS_CLASS_PASSWORD},
	{"CLUSTERDOWN ", REDIS_CLASS_CLUSTER},
	{"MOVED ", REDIS_CLASS_CLUSTER},
	{"ASK ", REDIS_CLASS_CLUSTER},
	{"TRYAGAIN ", REDIS_CLASS_CLUSTER},
	{"CROSSSLOT ", REDIS_CLASS_CLUSTER},
	{"ERR SELECT is not allowed in cluster mode", REDIS_CLASS_CLUSTER},
	{REDIS_ERROR_CLUSTER, REDIS_CLASS_CLUSTER},
};

static RedisErrorClass
class_of_reply(const char *text)
{
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++)
		if (strncmp(text, replies[i].prefix, strlen(replies[i].prefix)) == 0)
			return replies[i].class;
	return redis_error_is_denial(text) ? REDIS_CLASS_PERMISSION : REDIS_CLASS_OTHER;
}

RedisErrorClass
redis_counters_class(RedisFailure failure, const char *text)
{
	switch (failure)
	{
		case REDIS_FAILURE_CONNECTION:
			break;
		case REDIS_FAILURE_PASSWORD:
			return REDIS_CLASS_PASSWORD;
		case REDIS_FAILURE_PROTOCOL:
			return REDIS_CLASS_PROTOCOL;
		case REDIS_FAILURE_REPLY:
			return class_of_reply(text);
		case REDIS_FAILURE_SENTINEL:
			return REDIS_CLASS_SENTINEL;
	}
	return REDIS_CLASS_CONNECTION;
}

static RedisCounted
counted_as(const RedisCommand *command)
{
	switch (command->type)
	{
		case REDIS_COMMAND_SCAN:
			return REDIS_COUNTED_SCAN;
		case REDIS_COMMAND_SWEEP:
			return REDIS_COUNTED_SWEEP;
		case REDIS_COMMAND_HISTORY:
		case REDIS_COMMAND_INFO:
			return REDIS_COUNTED_INFO;
		case REDIS_COMMAND_ASKING:
		case REDIS_COMMAND_CALL:
			return REDIS_COUNTED_CLUSTER;
		default:
			break;
	}
	return command->kind == NAME_KEY || command->kind == NAME_STAGGERED ?
		REDIS_COUNTED_UNLINK : REDIS_COUNTED_SCRIPT;
}

/* Of one that was abandoned nobody knows any more what it was. */
void
redis_counters_take_reply(RedisCounters *counters, const RedisCommand *command)
{
	if (counters != NULL && command->type != REDIS_COMMAND_ABANDONED)
		counters->commands[counted_as(command)]++;
}

void
redis_counters_take_keys(RedisCounters *counters, uint64_t named_count, uint64_t deleted_count)
{
	if (counters == NULL)
		return;
	if (deleted_count > named_count)
		deleted_count = named_count;
	counters->keys_deleted += deleted_count;
	counters->keys_missing += named_count - deleted_count;
}

void
redis_counters_take_connection(RedisCounters *counters)
{
	if (counters != NULL)
		counters->connections++;
}

void
redis_counters_take_slice(RedisCounters *counters, size_t key_count)
{
	if (counters != NULL)
		counters->scanned_keys += key_count;
}

void
redis_counters_take_failure(RedisCounters *counters, RedisFailure failure, const char *text,
							bool had_work)
{
	if (counters == NULL)
		return;
	counters->errors[redis_counters_class(failure, text)]++;
	if (had_work)
		counters->retries++;
}

void
redis_counters_add_info(RedisCounters *counters, RedisInfo *info)
{
	if (counters == NULL)
		return;
	info->next = counters->infos;
	counters->infos = info;
}

void
redis_counters_remove_info(RedisCounters *counters, RedisInfo *info)
{
	RedisInfo **place;

	if (counters == NULL)
		return;
	for (place = &counters->infos; *place != NULL; place = &(*place)->next)
		if (*place == info)
		{
			*place = info->next;
			info->next = NULL;
			return;
		}
}
