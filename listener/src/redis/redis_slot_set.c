/*-------------------------------------------------------------------------
 *
 * redis_slot_set.c
 *	  A set of slots of a Redis Cluster, and those that are moving.
 *
 * CLUSTER NODES has a line for each node: id, address, flags, five more words, and the slots it serves.  In the
 * line of the node that answers, which has the flag "myself", slots on the move stand as "[77->-id]" where it gives
 * them away and "[93-<-id]" where it takes them over.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_slot_set.h"

#include <stdlib.h>
#include <string.h>

/* Words before the slots. */
#define WORDS_BEFORE_SLOTS 8

static const char unexpected[] = "unexpected reply to CLUSTER NODES";

void
redis_slot_set_add(RedisSlotSet *set, unsigned int slot)
{
	set->bits[slot / 64] |= UINT64_C(1) << (slot % 64);
}

bool
redis_slot_set_next(const RedisSlotSet *set, unsigned int *slot)
{
	for (; *slot < REDIS_SLOT_COUNT; (*slot)++)
		if ((set->bits[*slot / 64] >> (*slot % 64) & 1) != 0)
			return true;
	return false;
}

/* The line's end; the last one may lack its newline. */
static const char *
end_of_line(const char *line)
{
	return line + strcspn(line, "\n");
}

/* The word behind so many others; NULL if the line ends before. */
static const char *
find_word(const char *line, int index)
{
	const char *end = end_of_line(line);

	for (; index > 0; index--)
	{
		line = memchr(line, ' ', (size_t) (end - line));
		if (line == NULL)
			return NULL;
		line++;
	}
	return line;
}

static bool
is_myself(const char *line)
{
	const char *flags = find_word(line, 2);

	return flags != NULL && strncmp(flags, "myself", strlen("myself")) == 0;
}

/* "77->-id]" */
static bool
add_open_slot(RedisSlotSet *set, const char *word)
{
	char	   *end;
	unsigned long slot = strtoul(word, &end, 10);

	if (end == word || slot >= REDIS_SLOT_COUNT ||
		(strncmp(end, "->-", 3) != 0 && strncmp(end, "-<-", 3) != 0))
		return false;
	redis_slot_set_add(set, (unsigned int) slot);
	return true;
}

const char *
redis_slot_set_add_open(RedisSlotSet *set, const redisReply *reply)
{
	const char *line;
	const char *word;

	if (reply->type != REDIS_REPLY_STRING)
		return unexpected;
	line = reply->str;
	while (*line != '\0' && !is_myself(line))
		line = end_of_line(line) + (*end_of_line(line) != '\0');
	if (*line == '\0')
		return unexpected;
	for (word = find_word(line, WORDS_BEFORE_SLOTS); word != NULL; word = find_word(word, 1))
		if (*word == '[' && !add_open_slot(set, word + 1))
			return unexpected;
	return NULL;
}

static const char *
owner_id(const RedisSlotMap *map, unsigned int slot)
{
	return map->owners[slot] == REDIS_SLOT_NO_NODE ? "" : map->nodes[map->owners[slot]].id;
}

void
redis_slot_set_add_changed(RedisSlotSet *set, const RedisSlotMap *map, const RedisSlotMap *other)
{
	for (unsigned int slot = 0; slot < REDIS_SLOT_COUNT; slot++)
		if (strcmp(owner_id(map, slot), owner_id(other, slot)) != 0)
			redis_slot_set_add(set, slot);
}
