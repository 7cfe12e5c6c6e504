/*-------------------------------------------------------------------------
 *
 * redis_work.c
 *	  Names to delete: which of them were sent, and which are proven.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_work.h"

#include <string.h>

#include "redis/redis_script.h"

void
redis_work_begin(RedisWork *work, const NameSets *names)
{
	work->names = names;
	redis_work_restart(work);
}

void
redis_work_restart(RedisWork *work)
{
	memset(work->position, 0, sizeof(work->position));
	memset(work->awaited, 0, sizeof(work->awaited));
	memset(work->answered, 0, sizeof(work->answered));
}

bool
redis_work_is_active(const RedisWork *work)
{
	return work->names != NULL;
}

bool
redis_work_next(const RedisWork *work, NameKind kind, KeySlice *slice)
{
	size_t		position = work->position[kind];

	if (work->names == NULL ||
		(redis_script_is_stepwise(kind) && work->awaited[kind] > 0))
		return false;
	return keyset_next_slice(&work->names->of[kind], &position,
							 work->is_single ? 1 : REDIS_SCRIPT_MAX_NAMES, slice);
}

void
redis_work_send(RedisWork *work, NameKind kind, const KeySlice *slice)
{
	work->awaited[kind]++;
	if (!redis_script_is_stepwise(kind))
		work->position[kind] += slice->byte_count;
}

const char *
redis_work_take(RedisWork *work, NameKind kind, size_t name_count,
				const redisReply *reply)
{
	size_t		done_count;
	KeySlice	done;
	const char *problem = redis_script_read(kind, name_count, reply, &done_count);

	if (problem != NULL)
		return problem;
	work->awaited[kind]--;
	if (work->is_single)
		(void) keyset_next_slice(&work->names->of[kind], &work->answered[kind], 1, &done);
	if (redis_script_is_stepwise(kind))
		(void) keyset_next_slice(&work->names->of[kind], &work->position[kind],
								 done_count, &done);
	return NULL;
}

void
redis_work_pass_on(RedisWork *work, NameKind kind, KeySlice *name)
{
	work->awaited[kind]--;
	(void) keyset_next_slice(&work->names->of[kind], &work->answered[kind], 1, name);
}

bool
redis_work_is_sent(const RedisWork *work, NameKind kind)
{
	return work->names == NULL ||
		work->position[kind] >= work->names->of[kind].byte_count;
}

bool
redis_work_is_stepping(const RedisWork *work)
{
	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
		if (redis_script_is_stepwise(kind) && work->awaited[kind] > 0)
			return true;
	return false;
}

bool
redis_work_has_steps(const RedisWork *work)
{
	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
		if (redis_script_is_stepwise(kind) && !redis_work_is_sent(work, kind))
			return true;
	return false;
}

bool
redis_work_is_proven(const RedisWork *work)
{
	for (NameKind kind = 0; kind < NAME_KIND_COUNT; kind++)
		if (!redis_work_is_sent(work, kind) || work->awaited[kind] > 0)
			return false;
	return true;
}
