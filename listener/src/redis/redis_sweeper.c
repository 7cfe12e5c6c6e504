/*-------------------------------------------------------------------------
 *
 * redis_sweeper.c
 *	  When a target sweeps tags, and what is said of it.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_sweeper.h"

#include "redis/redis_send.h"
#include "redis/redis_target_internal.h"

void
redis_sweeper_await(RedisTarget *target)
{
	redis_sweep_end(&target->sweep);
	if (target->settings.sweep_ms > 0 &&
		!loop_timer_set(target->loop, &target->sweep_timer, target->settings.sweep_ms))
		log_event(target->log, LOG_LEVEL_WARNING, "cannot set a timer, tags are no longer swept",
				  LOG_TEXT("target", target->settings.alias));
}

void
redis_sweeper_is_due(void *context)
{
	RedisTarget *target = context;

	if (!redis_sweep_is_active(&target->sweep))
	{
		redis_pace_begin(&target->sweep_pace, loop_now_ms(target->loop));
		if (!redis_sweep_begin(&target->sweep, target->settings.prefix,
							   target->settings.prefix_bytes))
		{
			redis_sweeper_await(target);
			return;
		}
	}
	redis_send_work(target);
}

void
redis_sweeper_take(RedisTarget *target, const redisReply *reply)
{
	RedisSweep *sweep = &target->sweep;
	const char *problem = reply->type == REDIS_REPLY_ERROR ? reply->str :
	redis_sweep_take(sweep, reply);

	if (problem != NULL)
		log_event(target->log, LOG_LEVEL_WARNING, "cannot sweep tags, trying again later",
				  LOG_TEXT("target", target->settings.alias),
				  LOG_TEXT("server", target->server),
				  LOG_TEXT("error", problem),
				  LOG_TEXT("advice", redis_sweep_advise(reply)),
				  LOG_NUMBER("retry_ms", target->settings.sweep_ms));
	else if (redis_sweep_is_through(sweep))
		log_event(target->log, sweep->removed_count > 0 ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG,
				  "swept tags",
				  LOG_TEXT("target", target->settings.alias),
				  LOG_NUMBER("tags", (int64_t) sweep->set_count),
				  LOG_NUMBER("removed", (int64_t) sweep->removed_count));
	if (problem == NULL && sweep->surplus_names > 0)
		redis_pace_take(&target->sweep_pace, sweep->surplus_names, loop_now_ms(target->loop));
	if (problem != NULL || redis_sweep_is_through(sweep))
		redis_sweeper_await(target);
}
