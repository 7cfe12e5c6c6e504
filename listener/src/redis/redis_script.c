/*-------------------------------------------------------------------------
 *
 * redis_script.c
 *	  The commands that delete: UNLINK for keys, scripts for sets, for
 *	  counters and for images of rows.
 *
 * In the scripts every command goes through pcall, and its error is
 * returned: what call() makes of an error is worded differently by each
 * version of Redis.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_script.h"

#include <stdio.h>
#include <string.h>

#include "redis/cacheops_script.h"

/*
 * Members leave the set only after they were deleted: if the user may not
 * delete one of them, all stay in it.  What was registered
 * meanwhile can only come before or after the script.  A set that has fewer
 * members than were asked for has given all.
 */
static const char delete_sets_script[] =
"local room = tonumber(ARGV[1])\n"
"for i, set in ipairs(KEYS) do\n"
"  local members = redis.pcall('SRANDMEMBER', set, room)\n"
"  local reply = 0\n"
"  if members.err then\n"
"    if string.sub(members.err, 1, 9) ~= 'WRONGTYPE' then return members end\n"
"    reply = redis.pcall('UNLINK', set)\n"
"  elseif #members > 0 then\n"
"    reply = redis.pcall('UNLINK', unpack(members))\n"
"    if type(reply) == 'number' then\n"
"      reply = redis.pcall('SREM', set, unpack(members))\n"
"    end\n"
"  end\n"
"  if type(reply) ~= 'number' then return reply end\n"
"  if #members == room then return {i - 1} end\n"
"  room = room - #members\n"
"end\n"
"return {#KEYS}";

/*
 * Counters follow the clock, so that one that was lost, or set back by a Redis
 * that lost its history, does not count up to what it had before.  Adding
 * keeps an expiry, which SET would not.  What is no counter is deleted: a wide
 * pattern must not make one of somebody else's value.  So is a counter where
 * memory is short; whoever finds none begins at the clock, too.  A script's
 * numbers are exact to 2^53, which the clock reaches in the year 2255.
 */
static const char renew_script[] =
"local curable = {'WRONGTYPE', 'not an integer', 'would overflow', 'OOM '}\n"
"local time = redis.pcall('TIME')\n"
"if time.err then return time end\n"
"local now = time[1] * 1000000 + time[2]\n"
"for _, counter in ipairs(KEYS) do\n"
"  local value = redis.pcall('INCRBY', counter, 1)\n"
"  if type(value) == 'table' then\n"
"    local problem = value\n"
"    for _, text in ipairs(curable) do\n"
"      if string.find(problem.err, text, 1, true) then value = redis.pcall('UNLINK', counter) end\n"
"    end\n"
"    if type(value) == 'table' then return value end\n"
"  elseif value <= 0 then\n"
"    value = redis.pcall('SET', counter, string.format('%.0f', now))\n"
"    if value.err then return value end\n"
"  elseif value < now then\n"
"    value = redis.pcall('INCRBY', counter, string.format('%.0f', now - value))\n"
"    if type(value) == 'table' then return value end\n"
"  end\n"
"end\n"
"return #KEYS";

/* How Redis deletes the names of a kind. */
typedef struct KindScript
{
	const char *script;			/* NULL for UNLINK */
	bool		has_keys;		/* the names are keys, not arguments */
	bool		does_all;		/* answers the number of names, no less */
	bool		asks_for_scans; /* may answer with patterns */
	const char *problem;		/* of another answer */
} KindScript;

static const KindScript scripts[NAME_KIND_COUNT] = {
	[NAME_KEY] = {
		.has_keys = true,
		.problem = "unexpected reply to UNLINK"
	},
	[NAME_TAG] = {
		.script = delete_sets_script,
		.has_keys = true,
		.problem = "unexpected reply from the script that deletes tags"
	},
	[NAME_VERSION] = {
		.script = renew_script,
		.has_keys = true,
		.does_all = true,
		.problem = "unexpected reply from the script that renews versions"
	},
	[NAME_STAGGERED] = {
		.has_keys = true,
		.problem = "unexpected reply to UNLINK"
	},
	[NAME_SET] = {
		.script = delete_sets_script,
		.has_keys = true,
		.problem = "unexpected reply from the script that deletes sets"
	},
	[NAME_CACHEOPS] = {
		.script = cacheops_script,
		.asks_for_scans = true,
		.problem = "unexpected reply from the script that deletes cacheops sets"
	},
};

size_t
redis_script_eval(const char *script, size_t key_count, size_t argument_count,
				  char *head, size_t head_bytes)
{
	char		count[24];

	(void) snprintf(count, sizeof(count), "%zu", key_count);
	return (size_t) snprintf(head, head_bytes,
							 "*%zu\r\n$4\r\nEVAL\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n",
							 key_count + argument_count + 3, strlen(script), script,
							 strlen(count), count);
}

size_t
redis_script_head(NameKind kind, size_t name_count, char head[REDIS_SCRIPT_HEAD_BYTES])
{
	const KindScript *script = &scripts[kind];
	size_t		key_count = script->has_keys ? name_count : 0;
	size_t		tail_count = redis_script_is_stepwise(kind) ? 1 : 0;

	if (script->script == NULL)
		return (size_t) snprintf(head, REDIS_SCRIPT_HEAD_BYTES,
								 "*%zu\r\n$6\r\nUNLINK\r\n", name_count + 1);
	return redis_script_eval(script->script, key_count, name_count - key_count + tail_count,
							 head, REDIS_SCRIPT_HEAD_BYTES);
}

size_t
redis_script_tail(NameKind kind, char tail[REDIS_SCRIPT_TAIL_BYTES])
{
	if (!redis_script_is_stepwise(kind))
		return 0;
	return (size_t) snprintf(tail, REDIS_SCRIPT_TAIL_BYTES, "$%zu\r\n%s\r\n",
							 strlen(REDIS_SCRIPT_MAX_MEMBERS), REDIS_SCRIPT_MAX_MEMBERS);
}

bool
redis_script_is_stepwise(NameKind kind)
{
	return name_traits[kind].timing == NAME_TIMING_STEPS;
}

bool
redis_script_is_of_sets(NameKind kind)
{
	return scripts[kind].script == delete_sets_script;
}

bool
redis_script_counts_existing(NameKind kind)
{
	return scripts[kind].script == NULL;
}

/* An array of a number and perhaps some strings? */
static bool
is_step(const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 1)
		return false;
	for (size_t i = 1; i < reply->elements; i++)
		if (reply->element[i]->type != REDIS_REPLY_STRING)
			return false;
	return true;
}

const redisReply *
redis_script_pattern(const redisReply *reply, size_t index)
{
	if (reply->type != REDIS_REPLY_ARRAY || index + 1 >= reply->elements)
		return NULL;
	return reply->element[index + 1];
}

const char *
redis_script_read(NameKind kind, size_t name_count, const redisReply *reply,
				  size_t *done_count)
{
	const KindScript *script = &scripts[kind];
	bool		is_stepwise = redis_script_is_stepwise(kind);

	if (is_stepwise)
	{
		if (!is_step(reply) || (!script->asks_for_scans && reply->elements > 1))
			return script->problem;
		reply = reply->element[0];
	}
	if (reply->type != REDIS_REPLY_INTEGER || reply->integer < 0 ||
		(unsigned long long) reply->integer > name_count)
		return script->problem;
	if (script->does_all && (size_t) reply->integer != name_count)
		return script->problem;
	*done_count = is_stepwise ? (size_t) reply->integer : name_count;
	return NULL;
}
