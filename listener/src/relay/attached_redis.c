/*-------------------------------------------------------------------------
 *
 * attached_redis.c
 *	  For which Redis a target's session is attached.
 *
 *-------------------------------------------------------------------------
 */
#include "relay/attached_redis.h"

#include <stdlib.h>
#include <string.h>

#include "relay/place.h"

bool
attached_redis_init(AttachedRedis *attached, const TargetConfig *target_config)
{
	memset(attached, 0, sizeof(*attached));
	attached->place = place_describe(target_config->url.database, target_config->prefix,
									 target_config->prefix_bytes);
	attached->address = place_describe_address(&target_config->url);
	return attached->place != NULL && attached->address != NULL;
}

void
attached_redis_free(AttachedRedis *attached)
{
	free(attached->place);
	free(attached->address);
}

void
attached_redis_attach(AttachedRedis *attached, const RedisTarget *redis, JournalSource *source)
{
	attached->is_known = redis_target_is_ready(redis);
	attached->history = *redis_target_history(redis);
	journal_source_attach(source, attached->is_known ? &attached->history : NULL,
						  attached->place, attached->address);
}

bool
attached_redis_holds(const AttachedRedis *attached, const RedisTarget *redis)
{
	return !redis_target_is_ready(redis) ||
		(attached->is_known &&
		 redis_history_goes_on(&attached->history, redis_target_history(redis)));
}

int64_t
attached_redis_go_on(AttachedRedis *attached, const RedisTarget *redis)
{
	attached->history.offset = redis_target_history(redis)->offset;
	return attached->history.offset;
}
