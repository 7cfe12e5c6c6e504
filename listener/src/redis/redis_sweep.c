/*-------------------------------------------------------------------------
 *
 * redis_sweep.c
 *	  Sweeping tags: removes the names of keys that are gone from their sets.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch/glob.h"
#include "redis/redis_error.h"
#include "redis/redis_script.h"

/* So that the pace can be reckoned; no set that comes whole has as many members. */
#define SURPLUS_MAX INT64_C(1000000000)

/* Behind the sets: room and cursor. */
#define TAIL_ARGUMENT_COUNT 2

/*
 * Answers how many of the sets are finished, where in the next one to go on, how many
 * members were removed, and at how many more than it was to it has looked: SSCAN gives
 * a set that is small, or has only numbers, as a whole, whatever COUNT says.  EXISTS makes
 * no member look used, so that eviction chooses as before among keys; SSCAN does make
 * the set.  Errors are returned as they are: see redis_script.c.
 */
static const char sweep_script[] =
"local room, cursor = tonumber(ARGV[1]), ARGV[2]\n"
"local removed = 0\n"
"for i, set in ipairs(KEYS) do\n"
"  repeat\n"
"    if room <= 0 then return {i - 1, cursor, removed, -room} end\n"
"    local page = redis.pcall('SSCAN', set, cursor, 'COUNT', math.min(room, 50))\n"
"    if page.err then\n"
"      if string.sub(page.err, 1, 9) ~= 'WRONGTYPE' then return page end\n"
"      page = {'0', {}}\n"
"    end\n"
"    local dead = {}\n"
"    for _, member in ipairs(page[2]) do\n"
"      local count = redis.pcall('EXISTS', member)\n"
"      if type(count) ~= 'number' then return count end\n"
"      if count == 0 then dead[#dead + 1] = member end\n"
"    end\n"
"    for first = 1, #dead, 1000 do\n"
"      local count = redis.pcall('SREM', set, unpack(dead, first, math.min(first + 999, #dead)))\n"
"      if type(count) ~= 'number' then return count end\n"
"      removed = removed + count\n"
"    end\n"
"    cursor = page[1]\n"
"    room = room - #page[2] - 1\n"
"  until cursor == '0'\n"
"end\n"
"return {#KEYS, '0', removed, math.max(-room, 0)}";

static const KeySet *
found_sets(const RedisSweep *sweep)
{
	return &sweep->scan.found.of[NAME_TAG];
}

void
redis_sweep_init(RedisSweep *sweep, uint64_t seed)
{
	memset(sweep, 0, sizeof(*sweep));
	redis_scan_init(&sweep->scan, seed);
}

static bool
add_pattern(KeySet *patterns, const char *prefix, size_t prefix_bytes)
{
	/* escaping at most doubles */
	char	   *pattern = malloc(2 * prefix_bytes + sizeof(NAME_TAG_HEAD "*"));
	size_t		length;
	bool		result;

	if (pattern == NULL)
		return false;
	length = glob_escape(prefix, prefix_bytes, pattern);
	memcpy(pattern + length, NAME_TAG_HEAD "*", sizeof(NAME_TAG_HEAD "*") - 1);
	length += sizeof(NAME_TAG_HEAD "*") - 1;
	result = keyset_add(patterns, NULL, 0, pattern, length);
	free(pattern);
	return result;
}

static void
begin_sets(RedisSweep *sweep)
{
	sweep->position = 0;
	memcpy(sweep->cursor, "0", sizeof("0"));
}

bool
redis_sweep_begin(RedisSweep *sweep, const char *prefix, size_t prefix_bytes)
{
	NameSets	patterns;
	bool		result;

	name_sets_init(&patterns, 0);
	result = add_pattern(&patterns.of[NAME_TAG], prefix, prefix_bytes) &&
		redis_scan_begin(&sweep->scan, &patterns);
	name_sets_free(&patterns);
	begin_sets(sweep);
	sweep->is_awaited = false;
	sweep->set_count = 0;
	sweep->removed_count = 0;
	return result;
}

bool
redis_sweep_is_active(const RedisSweep *sweep)
{
	return redis_scan_is_active(&sweep->scan);
}

bool
redis_sweep_is_through(const RedisSweep *sweep)
{
	return sweep->scan.is_through && !sweep->is_awaited &&
		sweep->position >= found_sets(sweep)->byte_count;
}

void
redis_sweep_repeat(RedisSweep *sweep)
{
	sweep->is_awaited = false;
	sweep->scan.is_awaited = false;
}

void
redis_sweep_end(RedisSweep *sweep)
{
	redis_scan_end(&sweep->scan);
	begin_sets(sweep);
	sweep->is_awaited = false;
}

bool
redis_sweep_next_sets(const RedisSweep *sweep, KeySlice *sets)
{
	size_t		position = sweep->position;

	return keyset_next_slice(found_sets(sweep), &position, REDIS_SCRIPT_MAX_NAMES, sets);
}

size_t
redis_sweep_head(const KeySlice *sets, char head[REDIS_SWEEP_HEAD_BYTES])
{
	return redis_script_eval(sweep_script, sets->key_count, TAIL_ARGUMENT_COUNT,
							 head, REDIS_SWEEP_HEAD_BYTES);
}

size_t
redis_sweep_tail(const RedisSweep *sweep, size_t step_names, char tail[REDIS_SWEEP_TAIL_BYTES])
{
	char		room[24];

	(void) snprintf(room, sizeof(room), "%zu", step_names);
	return (size_t) snprintf(tail, REDIS_SWEEP_TAIL_BYTES, "$%zu\r\n%s\r\n$%zu\r\n%s\r\n",
							 strlen(room), room, strlen(sweep->cursor), sweep->cursor);
}

void
redis_sweep_send(RedisSweep *sweep, const KeySlice *sets)
{
	sweep->awaited_sets = sets->key_count;
	sweep->is_awaited = true;
}

size_t
redis_sweep_ask(RedisSweep *sweep, size_t step_names,
				RedisArgument arguments[REDIS_SCAN_MAX_ARGUMENTS],
				char count_text[REDIS_SCAN_CURSOR_BYTES])
{
	sweep->awaited_sets = 0;
	sweep->is_awaited = true;
	return redis_scan_ask(&sweep->scan, step_names, arguments, count_text);
}

static bool
is_answer(const RedisSweep *sweep, const redisReply *reply)
{
	const redisReply *cursor;

	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 4 ||
		reply->element[0]->type != REDIS_REPLY_INTEGER ||
		reply->element[1]->type != REDIS_REPLY_STRING ||
		reply->element[2]->type != REDIS_REPLY_INTEGER ||
		reply->element[3]->type != REDIS_REPLY_INTEGER)
		return false;
	cursor = reply->element[1];
	return reply->element[0]->integer >= 0 &&
		(unsigned long long) reply->element[0]->integer <= sweep->awaited_sets &&
		reply->element[3]->integer >= 0 && reply->element[3]->integer <= SURPLUS_MAX &&
		cursor->len > 0 && (size_t) cursor->len < sizeof(sweep->cursor) &&
		strspn(cursor->str, "0123456789") == (size_t) cursor->len;
}

static const char *
take_sets(RedisSweep *sweep, const redisReply *reply)
{
	size_t		done_count;
	KeySlice	done;

	if (!is_answer(sweep, reply))
		return "unexpected reply from the script that sweeps tags";
	done_count = (size_t) reply->element[0]->integer;
	if (done_count > 0)
		(void) keyset_next_slice(found_sets(sweep), &sweep->position, done_count, &done);
	memcpy(sweep->cursor, reply->element[1]->str, (size_t) reply->element[1]->len + 1);
	sweep->set_count += done_count;
	sweep->removed_count += (uint64_t) reply->element[2]->integer;
	sweep->surplus_names = (size_t) reply->element[3]->integer;
	return NULL;
}

const char *
redis_sweep_take(RedisSweep *sweep, const redisReply *reply)
{
	sweep->is_awaited = false;
	sweep->surplus_names = 0;
	if (sweep->awaited_sets > 0)
		return take_sets(sweep, reply);
	begin_sets(sweep);
	return redis_scan_take(&sweep->scan, reply);
}

const char *
redis_sweep_advise(const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_ERROR)
		return "";
	/* it needs other commands than the rest */
	if (redis_error_is_denial(reply->str))
		return "allow the user the commands: ACL SETUSER name +eval +scan +sscan +exists +srem";
	return redis_error_kind(REDIS_FAILURE_REPLY, reply->str)->advice;
}
