/*-------------------------------------------------------------------------
 *
 * redis_sweeper.c
 *	  When a node sweeps tags, and what is said of it.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_sweeper.h"

#include "redis/redis_send.h"
#include "redis/redis_node_internal.h"

void
redis_sweeper_await(RedisNode *node)
{
	redis_sweep_end(&node->sweep);
	if (node->settings.sweep_ms > 0 &&
		!loop_timer_set(node->loop, &node->sweep_timer, node->settings.sweep_ms))
		log_event(node->log, LOG_LEVEL_WARNING, "cannot set a timer, tags are no longer swept",
				  LOG_TEXT("target", node->settings.alias));
}

void
redis_sweeper_is_due(void *context)
{
	RedisNode  *node = context;

	if (!redis_sweep_is_active(&node->sweep))
	{
		redis_pace_begin(&node->sweep_pace, loop_now_ms(node->loop));
		if (!redis_sweep_begin(&node->sweep, node->settings.prefix,
							   node->settings.prefix_bytes))
		{
			redis_sweeper_await(node);
			return;
		}
	}
	redis_send_work(node);
}

void
redis_sweeper_take(RedisNode *node, const redisReply *reply)
{
	RedisSweep *sweep = &node->sweep;
	const char *problem = reply->type == REDIS_REPLY_ERROR ? reply->str :
	redis_sweep_take(sweep, reply);

	if (problem != NULL)
		log_event(node->log, LOG_LEVEL_WARNING, "cannot sweep tags, trying again later",
				  LOG_TEXT("target", node->settings.alias),
				  LOG_TEXT("server", node->server),
				  LOG_TEXT("error", problem),
				  LOG_TEXT("advice", redis_sweep_advise(reply)),
				  LOG_NUMBER("retry_ms", node->settings.sweep_ms));
	else if (redis_sweep_is_through(sweep))
		log_event(node->log, sweep->removed_count > 0 ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG,
				  "swept tags",
				  LOG_TEXT("target", node->settings.alias),
				  LOG_NUMBER("tags", (int64_t) sweep->set_count),
				  LOG_NUMBER("removed", (int64_t) sweep->removed_count));
	if (problem == NULL && sweep->surplus_names > 0)
		redis_pace_take(&node->sweep_pace, sweep->surplus_names, loop_now_ms(node->loop));
	if (problem != NULL || redis_sweep_is_through(sweep))
		redis_sweeper_await(node);
}
