/*-------------------------------------------------------------------------
 *
 * fuzz_redis_reply.c
 *	  Redis' replies, through hiredis' reader, to whoever reads them.
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"
#include "fuzz_reply.h"

#include "redis/redis_error.h"
#include "redis/redis_greeting.h"
#include "redis/redis_history.h"
#include "redis/redis_scan.h"
#include "redis/redis_script.h"

#define NAME_COUNT 3

/* An integer that says that all is done, or for some kinds less. */
static void
check_script(NameKind kind, const redisReply *reply)
{
	size_t		done_count = 0;
	const char *problem = redis_script_read(kind, NAME_COUNT, reply, &done_count);

	if (problem != NULL)
	{
		FUZZ_CHECK(problem[0] != '\0' && fuzz_is_message(problem));
		return;
	}
	FUZZ_CHECK(reply->type == (redis_script_is_stepwise(kind) ? REDIS_REPLY_ARRAY : REDIS_REPLY_INTEGER));
	FUZZ_CHECK(done_count <= NAME_COUNT);
	FUZZ_CHECK(redis_script_is_stepwise(kind) || done_count == NAME_COUNT);
	for (size_t i = 0; redis_script_pattern(reply, i) != NULL; i++)
		FUZZ_CHECK(redis_script_pattern(reply, i)->type == REDIS_REPLY_STRING);
}

/* What a slice has found are names that it was told and that match. */
static void
check_scan(const redisReply *reply)
{
	RedisScan	scan;
	RedisArgument arguments[REDIS_SCAN_MAX_ARGUMENTS];
	char		count_text[REDIS_SCAN_CURSOR_BYTES];
	NameSets	patterns;
	size_t		position = 0;
	const char *name;
	size_t		name_bytes;

	name_sets_init(&patterns, 1);
	FUZZ_CHECK(keyset_add(&patterns.of[NAME_KEY], NULL, 0, "a*", 2));
	redis_scan_init(&scan, 1);
	FUZZ_CHECK(redis_scan_begin(&scan, &patterns));
	(void) redis_scan_ask(&scan, 10, arguments, count_text);
	if (redis_scan_take(&scan, reply) == NULL)
	{
		FUZZ_CHECK(!scan.is_awaited);
		FUZZ_CHECK(scan.is_through == (strcmp(scan.cursor, "0") == 0));
		FUZZ_CHECK(scan.found.of[NAME_KEY].key_count <= reply->element[1]->elements);
		while (keyset_next(&scan.found.of[NAME_KEY], &position, &name, &name_bytes))
			FUZZ_CHECK(name_bytes > 0 && name[0] == 'a');
	}
	redis_scan_end(&scan);
	name_sets_free(&patterns);
}

static void
check_greeting(const redisReply *reply)
{
	RedisHistory history = {0};
	RedisUrl	single = {0};
	RedisUrl	cluster = {.is_of_cluster = true};

	redis_greeting_read(reply, &history);
	FUZZ_CHECK(redis_greeting_refuses(&single, &history) != NULL || redis_greeting_refuses(&cluster, &history) != NULL ||
			   history.mode == REDIS_MODE_UNKNOWN);
	FUZZ_CHECK(memchr(history.run_id, '\0', sizeof(history.run_id)) != NULL);
	FUZZ_CHECK(memchr(history.replid, '\0', sizeof(history.replid)) != NULL);
	FUZZ_CHECK(memchr(history.replid2, '\0', sizeof(history.replid2)) != NULL);
	for (RedisGreetingStep step = REDIS_GREETING_AUTH; step < REDIS_GREETING_DONE; step++)
		if (redis_greeting_accepts(step, reply) && reply->type == REDIS_REPLY_ERROR)
			FUZZ_CHECK(step == REDIS_GREETING_SETNAME || strncmp(reply->str, "NOPERM", 6) == 0 ||
					   strncmp(reply->str, "ERR unknown command", 19) == 0);
}

static void
check_reply(const redisReply *reply)
{
	if (reply->type == REDIS_REPLY_ERROR)
		FUZZ_CHECK(fuzz_is_message(redis_error_kind(REDIS_FAILURE_REPLY, reply->str)->advice));
	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
		check_script(kind, reply);
	check_scan(reply);
	check_greeting(reply);
}

/* The first byte says in pieces of what size the rest comes. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	redisReader *reader = redisReaderCreate();
	size_t		piece = size > 0 ? data[0] % 64 + 1u : 1;
	void	   *reply = NULL;

	FUZZ_CHECK(reader != NULL);
	if (size == 0 || !fuzz_reply_is_modest(data, size))
		size = 1;
	for (size_t at = 1; at < size; at += piece)
	{
		if (redisReaderFeed(reader, (const char *) data + at,
							piece < size - at ? piece : size - at) != REDIS_OK)
			break;
		while (redisReaderGetReply(reader, &reply) == REDIS_OK && reply != NULL)
		{
			check_reply(reply);
			freeReplyObject(reply);
		}
	}
	redisReaderFree(reader);
	return 0;
}
