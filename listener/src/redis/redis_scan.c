/*-------------------------------------------------------------------------
 *
 * redis_scan.c
 *	  One pass over a Redis database that finds the names which match any of
 *	  many patterns, by their kinds.
 *
 * SCAN's guarantee is what makes a pass a proof: a key that exists from the
 * begin to the end of a pass is returned at least once.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_scan.h"

#include <stdio.h>
#include <string.h>

/* Keys looked at by one SCAN: some tenths of a millisecond of Redis' time. */
#define SLICE_KEYS ((size_t) 1000)
#define SLICE_MIN_KEYS ((size_t) 10)

/* Comparisons for a key from which on slices become smaller. */
#define CHEAP_DEPTH ((size_t) 100)

void
redis_scan_init(RedisScan *scan, uint64_t seed)
{
	memset(scan, 0, sizeof(*scan));
	name_sets_init(&scan->found, seed);
}

bool
redis_scan_begin(RedisScan *scan, const NameSets *patterns)
{
	scan->patterns = pattern_set_create(patterns);
	if (scan->patterns == NULL)
		return false;
	redis_scan_restart(scan);
	return true;
}

void
redis_scan_restart(RedisScan *scan)
{
	memcpy(scan->cursor, "0", sizeof("0"));
	scan->is_awaited = false;
	scan->is_through = false;
	name_sets_reset(&scan->found);
}

void
redis_scan_end(RedisScan *scan)
{
	pattern_set_destroy(scan->patterns);
	scan->patterns = NULL;
	scan->is_awaited = false;
	name_sets_free(&scan->found);
}

bool
redis_scan_is_active(const RedisScan *scan)
{
	return scan->patterns != NULL;
}

/* Slices become smaller where each key costs many comparisons. */
size_t
redis_scan_slice_keys(const RedisScan *scan)
{
	size_t		depth = pattern_set_depth(scan->patterns);
	size_t		count = SLICE_KEYS;

	if (depth > CHEAP_DEPTH)
		count = SLICE_KEYS * CHEAP_DEPTH / depth;
	return count > SLICE_MIN_KEYS ? count : SLICE_MIN_KEYS;
}

size_t
redis_scan_ask(RedisScan *scan, size_t slice_keys,
			   RedisArgument arguments[REDIS_SCAN_MAX_ARGUMENTS],
			   char count_text[REDIS_SCAN_CURSOR_BYTES])
{
	RedisArgument cover;
	size_t		count = 0;

	cover.bytes = pattern_set_cover(scan->patterns, &cover.byte_count);
	(void) snprintf(count_text, REDIS_SCAN_CURSOR_BYTES, "%zu", slice_keys);

	arguments[count++] = redis_argument_text("SCAN");
	arguments[count++] = redis_argument_text(scan->cursor);
	if (cover.bytes != NULL)
	{
		arguments[count++] = redis_argument_text("MATCH");
		arguments[count++] = cover;
	}
	scan->is_awaited = true;
	arguments[count++] = redis_argument_text("COUNT");
	arguments[count++] = redis_argument_text(count_text);
	return count;
}

static bool
is_cursor(const redisReply *reply)
{
	size_t		length;

	if (reply->type != REDIS_REPLY_STRING)
		return false;
	length = (size_t) reply->len;
	return length > 0 && length < REDIS_SCAN_CURSOR_BYTES &&
		strspn(reply->str, "0123456789") == length;
}

static const char *
take_key(RedisScan *scan, const redisReply *element)
{
	size_t		length;
	unsigned int kinds;

	if (element->type != REDIS_REPLY_STRING)
		return "SCAN returned a key that is not a string";
	length = (size_t) element->len;
	kinds = pattern_set_match(scan->patterns, element->str, length);
	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
		if ((kinds & NAME_KIND_BIT(kind)) != 0 &&
			!keyset_add(&scan->found.of[kind], NULL, 0, element->str, length))
			return "out of memory";
	return NULL;
}

const char *
redis_scan_take(RedisScan *scan, const redisReply *reply)
{
	const redisReply *keys;

	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
		!is_cursor(reply->element[0]) ||
		reply->element[1]->type != REDIS_REPLY_ARRAY)
		return "unexpected reply to SCAN";

	scan->is_awaited = false;
	name_sets_reset(&scan->found);
	keys = reply->element[1];
	for (size_t i = 0; i < keys->elements; i++)
	{
		const char *problem = take_key(scan, keys->element[i]);

		if (problem != NULL)
			return problem;
	}
	memcpy(scan->cursor, reply->element[0]->str, (size_t) reply->element[0]->len + 1);
	scan->is_through = strcmp(scan->cursor, "0") == 0;
	return NULL;
}
