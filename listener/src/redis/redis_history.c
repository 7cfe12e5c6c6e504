/*-------------------------------------------------------------------------
 *
 * redis_history.c
 *	  What a Redis tells of itself and of the history of its data.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELD_BYTES 32

/* The value of a field, which ends with its line; NULL if there is none. */
static const char *
find_field(const char *info, const char *name)
{
	char		head[FIELD_BYTES];
	const char *line;

	(void) snprintf(head, sizeof(head), "\n%s:", name);
	line = strstr(info, head);
	return line != NULL ? line + strlen(head) : NULL;
}

/* An id of zeros only stands for none. */
static void
read_id(const char *info, const char *name, char id[REDIS_ID_BYTES])
{
	const char *value = find_field(info, name);
	size_t		length;

	if (value == NULL)
		return;
	length = strspn(value, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-");
	if (length >= REDIS_ID_BYTES || strspn(value, "0") >= length)
		length = 0;
	memcpy(id, value, length);
	id[length] = '\0';
}

static void
read_offset(const char *info, const char *name, int64_t *offset)
{
	const char *value = find_field(info, name);

	if (value == NULL)
		return;
	*offset = strtoll(value, NULL, 10);
	if (*offset < 0)
		*offset = 0;
}

/* A mode that nobody knows changes nothing.  The value may go on behind its line. */
static void
read_mode(RedisHistory *history, const char *value)
{
	static const char *const names[] = {
		[REDIS_MODE_STANDALONE] = "standalone",
		[REDIS_MODE_CLUSTER] = "cluster",
		[REDIS_MODE_SENTINEL] = "sentinel",
	};
	size_t		length = strcspn(value, "\r\n");

	for (RedisMode mode = REDIS_MODE_STANDALONE; mode <= REDIS_MODE_SENTINEL; mode++)
		if (length == strlen(names[mode]) && strncmp(value, names[mode], length) == 0)
			history->mode = mode;
}

static void
read_role(RedisHistory *history, const char *value)
{
	history->is_replica = strncmp(value, "master", strlen("master")) != 0;
}

void
redis_history_read_pair(RedisHistory *history, const char *name, const char *value)
{
	if (strcmp(name, "mode") == 0)
		read_mode(history, value);
	else if (strcmp(name, "role") == 0 && strcmp(value, "sentinel") != 0)
		read_role(history, value);
}

void
redis_history_read(RedisHistory *history, const char *info)
{
	const char *role = find_field(info, "role");
	const char *mode = find_field(info, "redis_mode");
	const char *valkey_mode = find_field(info, "server_mode");

	read_id(info, "run_id", history->run_id);
	read_id(info, "master_replid", history->replid);
	read_offset(info, "master_repl_offset", &history->offset);
	read_id(info, "master_replid2", history->replid2);
	read_offset(info, "second_repl_offset", &history->second_offset);
	if (role != NULL)
		read_role(history, role);
	if (mode != NULL)
		read_mode(history, mode);
	else if (valkey_mode != NULL)
		read_mode(history, valkey_mode);
}

bool
redis_history_is_told(const RedisHistory *history)
{
	return history->run_id[0] != '\0';
}

bool
redis_history_goes_on(const RedisHistory *history, const RedisHistory *later)
{
	return strcmp(history->run_id, later->run_id) == 0 &&
		strcmp(history->replid, later->replid) == 0 &&
		history->offset <= later->offset;
}

void
redis_history_ask(RedisHistoryWatch *watch, int text_count)
{
	memset(&watch->told, 0, sizeof(watch->told));
	watch->awaited_count = text_count;
	watch->is_disregarded = false;
}

void
redis_history_disregard(RedisHistoryWatch *watch)
{
	watch->is_disregarded = watch->awaited_count > 0;
}

RedisHistoryNews
redis_history_take(RedisHistoryWatch *watch, const char *info)
{
	redis_history_read(&watch->told, info);
	if (--watch->awaited_count > 0)
		return REDIS_HISTORY_AWAITED;
	if (watch->told.is_replica)
		return REDIS_HISTORY_IS_REPLICA;
	if (!redis_history_goes_on(&watch->known, &watch->told))
		return REDIS_HISTORY_IS_ANOTHER;
	watch->known = watch->told;
	return watch->is_disregarded ? REDIS_HISTORY_DISREGARDED : REDIS_HISTORY_GOES_ON;
}
