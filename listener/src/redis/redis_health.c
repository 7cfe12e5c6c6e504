/*-------------------------------------------------------------------------
 *
 * redis_health.c
 *	  When a Redis is asked how the cache is, and what becomes of the answers.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_health.h"

#include <string.h>

#include "redis/redis_counters.h"
#include "redis/redis_node_internal.h"

/* Between two questions. */
#define INTERVAL_MS 5000

static RedisArgument
argument(const char *text)
{
	RedisArgument made = {text, strlen(text)};

	return made;
}

void
redis_health_ask(RedisNode *node)
{
	static const RedisCommand command = {.type = REDIS_COMMAND_INFO};
	RedisHealth *health = &node->health;

	if (node->settings.counters == NULL || health->awaited_count > 0 ||
		(health->is_asked && loop_now_ms(node->loop) - health->asked_ms < INTERVAL_MS) ||
		!redis_conn_has_room(node->conn) || !redis_queue_has_room(&node->queue, &command))
		return;
	for (int i = 0; i < REDIS_INFO_SECTION_COUNT; i++)
	{
		const RedisArgument arguments[] = {argument("INFO"), argument(redis_info_sections[i])};

		redis_conn_write_command(node->conn, arguments, 2);
		redis_queue_push(&node->queue, &command);
	}
	health->is_asked = true;
	health->asked_ms = loop_now_ms(node->loop);
	health->awaited_count = REDIS_INFO_SECTION_COUNT;
}

static void
publish(RedisNode *node)
{
	if (node->health.is_published)
		return;
	node->health.is_published = true;
	node->health.info.server = node->server;
	redis_counters_add_info(node->settings.counters, &node->health.info);
}

bool
redis_health_take(RedisNode *node, const RedisCommand *command, const redisReply *reply)
{
	RedisHealth *health = &node->health;

	redis_counters_take_reply(node->settings.counters, command);
	if (command->type != REDIS_COMMAND_INFO)
		return false;
	if (reply->type != REDIS_REPLY_STRING)
		health->is_refused = true;
	else
		redis_info_read(health->info.values, reply->str, node->settings.url->database);
	if (--health->awaited_count == 0 && !health->is_refused)
		publish(node);
	return true;
}

void
redis_health_end(RedisNode *node)
{
	redis_counters_remove_info(node->settings.counters, &node->health.info);
	memset(&node->health, 0, sizeof(node->health));
}
