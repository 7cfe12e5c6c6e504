/*-------------------------------------------------------------------------
 *
 * redis_slot_map.h
 *	  Which primary of a Redis Cluster serves which slot.
 *
 * Read from the answer to CLUSTER SLOTS, which every version since Redis 3 gives.
 * Knows nothing of connections.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_SLOT_MAP_H
#define UNCACHED_REDIS_SLOT_MAP_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "redis/redis_slot.h"

/* More primaries than the specification recommends. */
#define REDIS_SLOT_MAP_NODES 1000

#define REDIS_SLOT_NO_NODE UINT16_MAX

/* Room for a node's id, of 40 characters, or a host, and a zero byte. */
#define REDIS_SLOT_ID_BYTES 64
#define REDIS_SLOT_HOST_BYTES 256

typedef struct RedisSlotNode
{
	char		id[REDIS_SLOT_ID_BYTES];
	char		host[REDIS_SLOT_HOST_BYTES];	/* a name or an address */
	int			port;
} RedisSlotNode;

typedef struct RedisSlotMap
{
	RedisSlotNode *nodes;		/* owned; primaries that serve a slot, in the
								 * order of their ids */
	size_t		node_count;
	uint16_t	owners[REDIS_SLOT_COUNT];	/* an index of nodes, or
											 * REDIS_SLOT_NO_NODE */
} RedisSlotMap;

/* Prepares caller's storage: nobody serves anything. */
extern void redis_slot_map_init(RedisSlotMap *map);
extern void redis_slot_map_free(RedisSlotMap *map);

/*
 * Replaces what the map has by what the reply says.  Where a node is announced without a host, it is at
 * "asked_host", where the question was sent.  On failure returns a static text that says why, and the map is
 * as it was; else NULL.
 */
extern const char *redis_slot_map_read(RedisSlotMap *map, const redisReply *reply, const char *asked_host)
			__attribute__((warn_unused_result));

/* Makes a freed map the same as another one; false if memory is exhausted. */
extern bool redis_slot_map_copy(RedisSlotMap *map, const RedisSlotMap *from)
			__attribute__((warn_unused_result));

/* Has every slot a node? */
extern bool redis_slot_map_is_complete(const RedisSlotMap *map);

/* Does each slot have the same node, at the same place? */
extern bool redis_slot_map_equals(const RedisSlotMap *map, const RedisSlotMap *other);

#endif
