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

/* Sentinels may name another server each time; without memory it is not known which. */
static void
take_address(AttachedRedis *attached, const RedisTarget *redis)
{
	char	   *address = place_describe_address(redis_target_server(redis));

	if (address == NULL)
	{
		attached->is_known = false;
		return;
	}
	free(attached->address);
	attached->address = address;
}

void
attached_redis_attach(AttachedRedis *attached, const RedisTarget *redis, JournalSource *source)
{
	attached->is_known = redis_target_is_ready(redis);
	if (attached->is_known)
		take_address(attached, redis);
	attached->history = *redis_target_history(redis);
	journal_source_attach(source, attached->is_known ? &attached->history : NULL,
						  attached->place, attached->address);
}

/* Where Redis does not tell which process it is, its address does. */
static bool
is_at_address(const AttachedRedis *attached, const RedisTarget *redis)
{
	char	   *address;
	bool		is_same;

	if (redis_history_is_told(&attached->history))
		return true;
	address = place_describe_address(redis_target_server(redis));
	is_same = address != NULL && strcmp(address, attached->address) == 0;
	free(address);
	return is_same;
}

bool
attached_redis_holds(const AttachedRedis *attached, const RedisTarget *redis)
{
	return !redis_target_is_ready(redis) ||
		(attached->is_known && is_at_address(attached, redis) &&
		 redis_history_goes_on(&attached->history, redis_target_history(redis)));
}

int64_t
attached_redis_go_on(AttachedRedis *attached, const RedisTarget *redis)
{
	attached->history.offset = redis_target_history(redis)->offset;
	return attached->history.offset;
}
