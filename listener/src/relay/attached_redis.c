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
	redis_histories_free(&attached->histories);
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

/* A cluster of which some node tells nothing is as one server that does not. */
static const RedisHistory *
single_history(const AttachedRedis *attached)
{
	static const RedisHistory untold;

	return attached->is_cluster ? &untold : &attached->histories.items[0];
}

void
attached_redis_attach(AttachedRedis *attached, const RedisTarget *redis, JournalSource *source)
{
	attached->is_cluster = redis_target_is_cluster(redis);
	attached->is_known = redis_target_is_ready(redis) &&
		redis_target_get_histories(redis, &attached->histories) && attached->histories.count > 0;
	if (attached->is_known)
		take_address(attached, redis);
	if (attached->is_known && attached->is_cluster && redis_histories_are_told(&attached->histories))
		journal_source_attach_cluster(source, &attached->histories, attached->place);
	else
		journal_source_attach(source, attached->is_known ? single_history(attached) : NULL,
							  attached->place, attached->address);
}

/* Where Redis does not tell which process it is, its address does. */
static bool
is_at_address(const AttachedRedis *attached, const RedisTarget *redis)
{
	char	   *address;
	bool		is_same;

	if (attached->is_cluster || redis_history_is_told(&attached->histories.items[0]))
		return true;
	address = place_describe_address(redis_target_server(redis));
	is_same = address != NULL && strcmp(address, attached->address) == 0;
	free(address);
	return is_same;
}

/* Without memory it is not known, and attaching again tells. */
static bool
goes_on(const AttachedRedis *attached, const RedisTarget *redis)
{
	RedisHistories now = {0};
	bool		does = redis_target_get_histories(redis, &now) &&
	redis_histories_go_on(&attached->histories, &now);

	redis_histories_free(&now);
	return does;
}

bool
attached_redis_holds(const AttachedRedis *attached, const RedisTarget *redis)
{
	return !redis_target_is_ready(redis) ||
		(attached->is_known && is_at_address(attached, redis) && goes_on(attached, redis));
}

/* Of another Redis nothing is taken: the session is not attached for that. */
int64_t
attached_redis_go_on(AttachedRedis *attached, const RedisTarget *redis, JournalSource *source)
{
	RedisHistories now = {0};

	if (!attached->is_known || !redis_target_get_histories(redis, &now) ||
		!redis_histories_go_on(&attached->histories, &now))
	{
		redis_histories_free(&now);
		return 0;
	}
	redis_histories_free(&attached->histories);
	attached->histories = now;
	if (attached->is_cluster && redis_histories_are_told(&now))
		journal_source_place(source, &now);
	return redis_histories_offset(&now);
}
