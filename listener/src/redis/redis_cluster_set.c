/*-------------------------------------------------------------------------
 *
 * redis_cluster_set.c
 *	  How a set and its members are deleted in a cluster: one set, step by step.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_cluster_set.h"

#include <string.h>

#include "redis/redis_slot.h"

static const char unexpected[] = "unexpected reply from the script that deletes a set in a cluster";

/*
 * KEYS: the set, and where it is taken away to.  ARGV: how many members to read, whether the set is still to be
 * taken away, members that have been deleted.  Answers whether it has been taken away, and members.  What is
 * no set is deleted.
 */
static const char script[] =
"local set, taken, room, is_taken = KEYS[1], KEYS[2], tonumber(ARGV[1]), tonumber(ARGV[2])\n"
"if #ARGV > 2 then\n"
"  local reply = redis.pcall('SREM', taken, unpack(ARGV, 3))\n"
"  if type(reply) ~= 'number' then return reply end\n"
"end\n"
"local function read()\n"
"  local members = redis.pcall('SRANDMEMBER', taken, room)\n"
"  if members.err and string.find(members.err, 'WRONGTYPE', 1, true) then\n"
"    members = redis.pcall('UNLINK', taken)\n"
"    if type(members) == 'number' then members = {} end\n"
"  end\n"
"  return members\n"
"end\n"
"local members = read()\n"
"if not members.err and #members == 0 and is_taken == 0 then\n"
"  local reply = redis.pcall('RENAME', set, taken)\n"
"  is_taken = 1\n"
"  if reply.err then\n"
"    if string.find(reply.err, 'no such key', 1, true) then return {1} end\n"
"    return reply\n"
"  end\n"
"  members = read()\n"
"end\n"
"if members.err then return members end\n"
"table.insert(members, 1, is_taken)\n"
"return members";

void
redis_cluster_set_init(RedisClusterSet *set, uint64_t seed)
{
	keyset_init(&set->names, seed);
	keyset_init(&set->members, seed);
	set->is_taken = false;
}

void
redis_cluster_set_free(RedisClusterSet *set)
{
	keyset_free(&set->names);
	keyset_free(&set->members);
}

bool
redis_cluster_set_begin(RedisClusterSet *set, const char *name, size_t name_bytes)
{
	char		suffix[REDIS_SLOT_SUFFIX_BYTES];

	redis_slot_suffix(name, name_bytes, suffix);
	keyset_reset(&set->names);
	keyset_reset(&set->members);
	set->is_taken = false;
	if (keyset_add(&set->names, NULL, 0, name, name_bytes) &&
		keyset_add(&set->names, name, name_bytes, suffix, sizeof(suffix)))
		return true;
	keyset_reset(&set->names);
	return false;
}

void
redis_cluster_set_end(RedisClusterSet *set)
{
	keyset_reset(&set->names);
	keyset_reset(&set->members);
}

bool
redis_cluster_set_is_active(const RedisClusterSet *set)
{
	return set->names.key_count > 0;
}

static size_t
add_all(const KeySet *names, RedisArgument *arguments)
{
	size_t		position = 0;
	size_t		count = 0;

	while (keyset_next(names, &position, &arguments[count].bytes, &arguments[count].byte_count))
		count++;
	return count;
}

size_t
redis_cluster_set_ask(const RedisClusterSet *set, RedisArgument *arguments)
{
	size_t		count = 0;

	arguments[count++] = redis_argument_text("EVAL");
	arguments[count++] = redis_argument_text(script);
	arguments[count++] = redis_argument_text("2");
	count += add_all(&set->names, arguments + count);
	arguments[count++] = redis_argument_text("250");
	arguments[count++] = redis_argument_text(set->is_taken ? "1" : "0");
	return count + add_all(&set->members, arguments + count);
}

static bool
is_answer(const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 1 || reply->elements > REDIS_CLUSTER_SET_MEMBERS + 1 ||
		reply->element[0]->type != REDIS_REPLY_INTEGER)
		return false;
	for (size_t i = 1; i < reply->elements; i++)
		if (reply->element[i]->type != REDIS_REPLY_STRING)
			return false;
	return true;
}

const char *
redis_cluster_set_take(RedisClusterSet *set, const redisReply *reply)
{
	if (!is_answer(reply))
		return unexpected;
	keyset_reset(&set->members);
	for (size_t i = 1; i < reply->elements; i++)
		if (!keyset_add(&set->members, NULL, 0, reply->element[i]->str, (size_t) reply->element[i]->len))
			return "out of memory";
	set->is_taken = reply->element[0]->integer != 0;
	if (reply->elements == 1)
		keyset_reset(&set->names);
	return NULL;
}
