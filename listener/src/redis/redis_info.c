/*-------------------------------------------------------------------------
 *
 * redis_info.c
 *	  What a Redis tells of the cache that it is: hits, memory, evictions.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_info.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_BYTES 48

const char *const redis_info_sections[REDIS_INFO_SECTION_COUNT] = {
	"stats", "memory", "clients", "keyspace"
};

/* What stands before each number, at the begin of a line. */
static const char *const names[REDIS_INFO_FIELD_COUNT] = {
	[REDIS_INFO_HITS] = "keyspace_hits:",
	[REDIS_INFO_MISSES] = "keyspace_misses:",
	[REDIS_INFO_EVICTED] = "evicted_keys:",
	[REDIS_INFO_EXPIRED] = "expired_keys:",
	[REDIS_INFO_MEMORY] = "used_memory:",
	[REDIS_INFO_MEMORY_MAX] = "maxmemory:",
	[REDIS_INFO_CLIENTS] = "connected_clients:",
};

/* What follows it in the text, at the begin of a line; or NULL. */
static const char *
find(const char *text, const char *name)
{
	size_t		name_bytes = strlen(name);

	while (*text != '\0')
	{
		if (strncmp(text, name, name_bytes) == 0)
			return text + name_bytes;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return NULL;
}

static void
read_number(const char *text, uint64_t *number)
{
	if (text != NULL && *text >= '0' && *text <= '9')
		*number = strtoull(text, NULL, 10);
}

/* A database without keys has no line. */
static void
read_keys(const char *text, int database, uint64_t *number)
{
	char		name[NAME_BYTES];

	if (strncmp(text, "# Keyspace", strlen("# Keyspace")) != 0)
		return;
	*number = 0;
	(void) snprintf(name, sizeof(name), "db%d:keys=", database);
	read_number(find(text, name), number);
}

void
redis_info_read(uint64_t values[REDIS_INFO_FIELD_COUNT], const char *text, int database)
{
	for (RedisInfoField field = 0; field < REDIS_INFO_FIELD_COUNT; field++)
		if (names[field] != NULL)
			read_number(find(text, names[field]), &values[field]);
	read_keys(text, database, &values[REDIS_INFO_KEYS]);
}
