/*-------------------------------------------------------------------------
 *
 * redis_info.h
 *	  What a Redis tells of the cache that it is: hits, memory, evictions.
 *
 * Pure.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_INFO_H
#define UNCACHED_REDIS_INFO_H

#include <stdint.h>

typedef enum RedisInfoField
{
	REDIS_INFO_HITS,
	REDIS_INFO_MISSES,
	REDIS_INFO_EVICTED,
	REDIS_INFO_EXPIRED,
	REDIS_INFO_MEMORY,			/* in bytes */
	REDIS_INFO_MEMORY_MAX,		/* likewise; 0 is without bound */
	REDIS_INFO_CLIENTS,
	REDIS_INFO_KEYS,			/* of the target's database */
	REDIS_INFO_FIELD_COUNT
} RedisInfoField;

typedef struct RedisInfo RedisInfo;

struct RedisInfo
{
	RedisInfo  *next;			/* borrowed; in a list (redis_counters.h) */
	const char *server;			/* borrowed; for people */
	uint64_t	values[REDIS_INFO_FIELD_COUNT];
};

/* The sections of INFO that have them. */
#define REDIS_INFO_SECTION_COUNT 4
extern const char *const redis_info_sections[REDIS_INFO_SECTION_COUNT];

/* Takes what one section says; what it does not say stays as it was. */
extern void redis_info_read(uint64_t values[REDIS_INFO_FIELD_COUNT], const char *text,
							int database);

#endif
