/*-------------------------------------------------------------------------
 *
 * redis_slot_map.c
 *	  Which primary of a Redis Cluster serves which slot.
 *
 * Each element of the answer is [first slot, last slot, primary, replica…], a node [host, port, id] with
 * more behind it from Redis 7 on: pairs that tell its other names.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_slot_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char no_memory[] = "out of memory";
static const char unexpected[] = "unexpected reply to CLUSTER SLOTS";

void
redis_slot_map_init(RedisSlotMap *map)
{
	map->nodes = NULL;
	map->node_count = 0;
	for (size_t slot = 0; slot < REDIS_SLOT_COUNT; slot++)
		map->owners[slot] = REDIS_SLOT_NO_NODE;
}

void
redis_slot_map_free(RedisSlotMap *map)
{
	free(map->nodes);
	redis_slot_map_init(map);
}

/* --- a node --- */

/* A text without zero bytes that has room; an announced host may be "", null, or "?" where it is unknown. */
static bool
copy_text(const redisReply *reply, char *text, size_t text_bytes)
{
	if (reply->type == REDIS_REPLY_NIL)
	{
		text[0] = '\0';
		return true;
	}
	if (reply->type != REDIS_REPLY_STRING || (size_t) reply->len >= text_bytes ||
		memchr(reply->str, '\0', (size_t) reply->len) != NULL)
		return false;
	memcpy(text, reply->str, (size_t) reply->len);
	text[reply->len] = '\0';
	return true;
}

static bool
is_known(const char *host)
{
	return host[0] != '\0' && strcmp(host, "?") != 0;
}

/* The address that stands among a node's other names, if there is one. */
static const redisReply *
find_address(const redisReply *node)
{
	const redisReply *names = node->elements > 3 ? node->element[3] : NULL;

	if (names == NULL || names->type != REDIS_REPLY_ARRAY)
		return NULL;
	for (size_t i = 0; i + 1 < names->elements; i += 2)
		if (names->element[i]->type == REDIS_REPLY_STRING && strcmp(names->element[i]->str, "ip") == 0)
			return names->element[i + 1];
	return NULL;
}

static bool
read_host(const redisReply *reply, const char *asked_host, char host[REDIS_SLOT_HOST_BYTES])
{
	const redisReply *address = find_address(reply);

	if (!copy_text(reply->element[0], host, REDIS_SLOT_HOST_BYTES))
		return false;
	if (!is_known(host) && address != NULL && !copy_text(address, host, REDIS_SLOT_HOST_BYTES))
		return false;
	if (!is_known(host))
		(void) snprintf(host, REDIS_SLOT_HOST_BYTES, "%s", asked_host);
	return true;
}

static bool
read_node(const redisReply *reply, const char *asked_host, RedisSlotNode *node)
{
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 3 ||
		reply->element[1]->type != REDIS_REPLY_INTEGER ||
		reply->element[1]->integer < 1 || reply->element[1]->integer > 65535)
		return false;
	node->port = (int) reply->element[1]->integer;
	return read_host(reply, asked_host, node->host) &&
		copy_text(reply->element[2], node->id, sizeof(node->id)) && node->id[0] != '\0';
}

/* --- the map --- */

/* The node's index, which is added if it is new; REDIS_SLOT_NO_NODE if there is no room. */
static uint16_t
add_node(RedisSlotMap *map, const RedisSlotNode *node)
{
	for (size_t i = 0; i < map->node_count; i++)
		if (strcmp(map->nodes[i].id, node->id) == 0)
			return (uint16_t) i;
	if (map->node_count == REDIS_SLOT_MAP_NODES)
		return REDIS_SLOT_NO_NODE;
	map->nodes[map->node_count] = *node;
	return (uint16_t) map->node_count++;
}

static bool
read_range(RedisSlotMap *map, const redisReply *reply, const char *asked_host)
{
	RedisSlotNode node;
	uint16_t	index;

	if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 3 ||
		reply->element[0]->type != REDIS_REPLY_INTEGER || reply->element[1]->type != REDIS_REPLY_INTEGER ||
		reply->element[0]->integer < 0 || reply->element[1]->integer >= REDIS_SLOT_COUNT ||
		!read_node(reply->element[2], asked_host, &node))
		return false;
	index = add_node(map, &node);
	for (long long slot = reply->element[0]->integer; slot <= reply->element[1]->integer; slot++)
		map->owners[slot] = index;
	return index != REDIS_SLOT_NO_NODE;
}

static int
compare_nodes(const void *a, const void *b)
{
	return strcmp(((const RedisSlotNode *) a)->id, ((const RedisSlotNode *) b)->id);
}

/* By their ids: where a node stands does not depend on what it serves. */
static bool
sort_nodes(RedisSlotMap *map)
{
	RedisSlotNode *before = malloc((map->node_count + 1) * sizeof(*before));
	uint16_t	places[REDIS_SLOT_MAP_NODES];

	if (before == NULL)
		return false;
	memcpy(before, map->nodes, map->node_count * sizeof(*before));
	qsort(map->nodes, map->node_count, sizeof(*map->nodes), compare_nodes);
	for (size_t i = 0; i < map->node_count; i++)
	{
		const RedisSlotNode *place = bsearch(&before[i], map->nodes, map->node_count, sizeof(*before), compare_nodes);

		places[i] = (uint16_t) (place - map->nodes);
	}
	for (size_t slot = 0; slot < REDIS_SLOT_COUNT; slot++)
		if (map->owners[slot] != REDIS_SLOT_NO_NODE)
			map->owners[slot] = places[map->owners[slot]];
	free(before);
	return true;
}

static const char *
read_ranges(RedisSlotMap *map, const redisReply *reply, const char *asked_host)
{
	map->nodes = calloc(REDIS_SLOT_MAP_NODES, sizeof(*map->nodes));
	if (map->nodes == NULL)
		return no_memory;
	for (size_t i = 0; i < reply->elements; i++)
		if (!read_range(map, reply->element[i], asked_host))
			return unexpected;
	return sort_nodes(map) ? NULL : no_memory;
}

/* What was reserved for nodes and is not needed goes; where that fails it stays. */
static void
trim_nodes(RedisSlotMap *map)
{
	RedisSlotNode *nodes = realloc(map->nodes, (map->node_count + 1) * sizeof(*nodes));

	if (nodes != NULL)
		map->nodes = nodes;
}

const char *
redis_slot_map_read(RedisSlotMap *map, const redisReply *reply, const char *asked_host)
{
	RedisSlotMap read;
	const char *problem;

	if (reply->type != REDIS_REPLY_ARRAY)
		return unexpected;
	redis_slot_map_init(&read);
	problem = read_ranges(&read, reply, asked_host);
	if (problem != NULL)
	{
		redis_slot_map_free(&read);
		return problem;
	}
	trim_nodes(&read);
	redis_slot_map_free(map);
	*map = read;
	return NULL;
}

bool
redis_slot_map_copy(RedisSlotMap *map, const RedisSlotMap *from)
{
	RedisSlotNode *nodes = malloc((from->node_count + 1) * sizeof(*nodes));

	if (nodes == NULL)
		return false;
	memcpy(nodes, from->nodes, from->node_count * sizeof(*nodes));
	*map = *from;
	map->nodes = nodes;
	return true;
}

bool
redis_slot_map_is_complete(const RedisSlotMap *map)
{
	for (size_t slot = 0; slot < REDIS_SLOT_COUNT; slot++)
		if (map->owners[slot] == REDIS_SLOT_NO_NODE)
			return false;
	return true;
}

static bool
is_same_node(const RedisSlotNode *a, const RedisSlotNode *b)
{
	return strcmp(a->id, b->id) == 0 && strcmp(a->host, b->host) == 0 && a->port == b->port;
}

bool
redis_slot_map_equals(const RedisSlotMap *map, const RedisSlotMap *other)
{
	if (map->node_count != other->node_count)
		return false;
	for (size_t i = 0; i < map->node_count; i++)
		if (!is_same_node(&map->nodes[i], &other->nodes[i]))
			return false;
	return memcmp(map->owners, other->owners, sizeof(map->owners)) == 0;
}
