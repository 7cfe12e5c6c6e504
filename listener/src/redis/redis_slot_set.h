/*-------------------------------------------------------------------------
 *
 * redis_slot_set.h
 *	  A set of slots of a Redis Cluster, and those that are moving.
 *
 * Pure.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_SLOT_SET_H
#define UNCACHED_REDIS_SLOT_SET_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdint.h>

#include "redis/redis_slot_map.h"

/* All zero is an empty one. */
typedef struct RedisSlotSet
{
	uint64_t	bits[REDIS_SLOT_COUNT / 64];
} RedisSlotSet;

extern void redis_slot_set_add(RedisSlotSet *set, unsigned int slot);

/* The first member from *slot on, which is moved there; false if there is none. */
extern bool redis_slot_set_next(const RedisSlotSet *set, unsigned int *slot);

/*
 * Adds the slots that the node which answered so to CLUSTER NODES is giving away or is taking over.
 * On failure returns a static text that says why, else NULL.
 */
extern const char *redis_slot_set_add_open(RedisSlotSet *set, const redisReply *reply)
			__attribute__((warn_unused_result));

/* Adds the slots that have other owners in one map than in the other. */
extern void redis_slot_set_add_changed(RedisSlotSet *set, const RedisSlotMap *map, const RedisSlotMap *other);

#endif
