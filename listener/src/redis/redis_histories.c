/*-------------------------------------------------------------------------
 *
 * redis_histories.c
 *	  What the primaries of a Redis tell of their histories.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_histories.h"

#include <stdlib.h>
#include <string.h>

void
redis_histories_free(RedisHistories *histories)
{
	free(histories->items);
	memset(histories, 0, sizeof(*histories));
}

bool
redis_histories_reset(RedisHistories *histories, size_t count)
{
	redis_histories_free(histories);
	if (count == 0)
		return true;
	histories->items = calloc(count, sizeof(*histories->items));
	if (histories->items == NULL)
		return false;
	histories->count = count;
	return true;
}

bool
redis_histories_copy(RedisHistories *histories, const RedisHistories *from)
{
	if (!redis_histories_reset(histories, from->count))
		return false;
	for (size_t i = 0; i < from->count; i++)
		histories->items[i] = from->items[i];
	return true;
}

bool
redis_histories_are_told(const RedisHistories *histories)
{
	for (size_t i = 0; i < histories->count; i++)
		if (!redis_history_is_told(&histories->items[i]) || histories->items[i].replid[0] == '\0')
			return false;
	return histories->count > 0;
}

bool
redis_histories_go_on(const RedisHistories *histories, const RedisHistories *later)
{
	if (histories->count != later->count)
		return false;
	for (size_t i = 0; i < histories->count; i++)
		if (!redis_history_goes_on(&histories->items[i], &later->items[i]))
			return false;
	return true;
}

int64_t
redis_histories_offset(const RedisHistories *histories)
{
	int64_t		sum = 0;

	for (size_t i = 0; i < histories->count; i++)
		sum += histories->items[i].offset;
	return sum;
}
