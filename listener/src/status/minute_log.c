/*-------------------------------------------------------------------------
 *
 * minute_log.c
 *	  A line in the log for each target that did something in the last minute.
 *
 *-------------------------------------------------------------------------
 */
#include "status/minute_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_MS 60000

/* What was counted of a target. */
typedef struct Count
{
	char		alias[CONFIG_ALIAS_MAX + 1];
	uint64_t	rows;
	uint64_t	keys;			/* of all actions: what the rows name */
	uint64_t	deleted;
	uint64_t	timed_rows;		/* whose latency is known */
	uint64_t	latency_us;		/* of these, added up */
} Count;

struct MinuteLog
{
	Loop	   *loop;			/* borrowed */
	const Log  *log;			/* borrowed */
	const Relay *relay;			/* borrowed */
	LoopTimer	timer;
	Count	   *last;			/* owned; one for each target of the last call */
	size_t		last_count;
};

static Count
count_of(const TargetStatus *target)
{
	const DeliveryCounters *delivery = &target->counters->delivery;
	Count		count = {
		.rows = delivery->rows,.deleted = target->counters->redis.keys_deleted,
		.timed_rows = delivery->latency.count,.latency_us = delivery->latency.sum_us
	};

	(void) snprintf(count.alias, sizeof(count.alias), "%s", target->alias);
	for (size_t i = 0; i < JOURNAL_ACTION_COUNT; i++)
		count.keys += delivery->invalidations[i];
	return count;
}

/* Of a target that a reload has removed, and another one added again, counting begins anew. */
static Count
find_last(const MinuteLog *minute_log, const Count *now)
{
	const Count nothing = {.rows = 0};

	for (size_t i = 0; i < minute_log->last_count; i++)
	{
		const Count *last = &minute_log->last[i];

		if (strcmp(last->alias, now->alias) == 0)
			return last->rows <= now->rows && last->deleted <= now->deleted &&
				last->timed_rows <= now->timed_rows ? *last : nothing;
	}
	return nothing;
}

static void
say(const MinuteLog *minute_log, const Snapshot *snapshot, const TargetStatus *target, const Count *now)
{
	const Count last = find_last(minute_log, now);
	uint64_t	timed_rows = now->timed_rows - last.timed_rows;

	if (now->rows == last.rows && now->deleted == last.deleted)
		return;
	log_event(minute_log->log, LOG_LEVEL_INFO, "work of the last minute",
			  LOG_TEXT("target", now->alias),
			  LOG_NUMBER("row_count", (int64_t) (now->rows - last.rows)),
			  LOG_NUMBER("key_count", (int64_t) (now->keys - last.keys)),
			  LOG_NUMBER("keys_deleted", (int64_t) (now->deleted - last.deleted)),
			  LOG_NUMBER("mean_latency_ms", timed_rows == 0 ? 0 :
						 (int64_t) ((now->latency_us - last.latency_us) / timed_rows / 1000)),
			  LOG_NUMBER("lag_rows", (int64_t) target->delivery.lag_rows),
			  LOG_NUMBER("lag_ms", snapshot_lag_us(snapshot, target) / 1000));
}

void
minute_log_say(MinuteLog *minute_log, const Snapshot *snapshot)
{
	Count	   *counts = calloc(snapshot->target_count + 1, sizeof(*counts));

	if (counts == NULL)
		return;
	for (size_t i = 0; i < snapshot->target_count; i++)
	{
		counts[i] = count_of(&snapshot->targets[i]);
		say(minute_log, snapshot, &snapshot->targets[i], &counts[i]);
	}
	free(minute_log->last);
	minute_log->last = counts;
	minute_log->last_count = snapshot->target_count;
}

/* Without memory a minute is left out, and is part of the next one. */
static void
take_time(void *context)
{
	MinuteLog  *minute_log = context;
	Snapshot	snapshot;

	if (snapshot_take(&snapshot, minute_log->relay, minute_log->loop, 0))
	{
		minute_log_say(minute_log, &snapshot);
		snapshot_free(&snapshot);
	}
	if (!loop_timer_set(minute_log->loop, &minute_log->timer, MINUTE_MS))
		log_event(minute_log->log, LOG_LEVEL_INFO, "cannot set a timer: no more lines on the last minute");
}

MinuteLog *
minute_log_create(Loop *loop, const Log *log, const Relay *relay)
{
	MinuteLog  *minute_log = calloc(1, sizeof(*minute_log));

	if (minute_log == NULL)
		return NULL;
	minute_log->loop = loop;
	minute_log->log = log;
	minute_log->relay = relay;
	loop_timer_init(&minute_log->timer, take_time, minute_log);
	if (loop_timer_set(loop, &minute_log->timer, MINUTE_MS))
		return minute_log;
	free(minute_log);
	return NULL;
}

void
minute_log_destroy(MinuteLog *minute_log)
{
	if (minute_log == NULL)
		return;
	loop_timer_remove(minute_log->loop, &minute_log->timer);
	free(minute_log->last);
	free(minute_log);
}
