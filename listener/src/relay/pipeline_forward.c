/*-------------------------------------------------------------------------
 *
 * pipeline_forward.c
 *	  The events that a pipeline hands on to its delivery as they are.
 *
 *-------------------------------------------------------------------------
 */
#include "relay/pipeline_forward.h"

/* A session that has lasted so long works, whatever failed before. */
#define LONG_MS 60000

/* --- of use --- */

static void
settle(Pipeline *pipeline)
{
	backoff_reset(&pipeline->backoff);
	pipeline->attach_count = 0;
	journal_source_end_failures(pipeline->source);
}

void
pipeline_settle_if_acked(Pipeline *pipeline)
{
	if (journal_source_owes_nothing(pipeline->source))
		settle(pipeline);
}

void
pipeline_settle_if_lasting(Pipeline *pipeline)
{
	int64_t		lasted_ms = loop_now_ms(pipeline->loop) - pipeline->connected_ms;

	if (lasted_ms <= PIPELINE_RETRY_CAP_MS)
		return;
	backoff_reset(&pipeline->backoff);
	if (lasted_ms > LONG_MS || journal_source_owes_nothing(pipeline->source))
		settle(pipeline);
}

/* --- from PostgreSQL --- */

bool
pipeline_forward_invalidation(void *context, JournalAction action, size_t sibling_count,
							  const char *key, size_t key_bytes)
{
	const Pipeline *pipeline = context;

	return delivery_take_invalidation(pipeline->delivery, action, sibling_count, key,
									  key_bytes);
}

void
pipeline_forward_fetched(void *context, const JournalFetch *fetch)
{
	Pipeline   *pipeline = context;

	pipeline_settle_if_lasting(pipeline);
	delivery_take_fetch(pipeline->delivery, fetch);
}

void
pipeline_forward_acked(void *context)
{
	Pipeline   *pipeline = context;

	pipeline_settle_if_acked(pipeline);
	delivery_take_ack(pipeline->delivery);
}

void
pipeline_forward_resync_listed(void *context)
{
	const Pipeline *pipeline = context;

	delivery_take_resync_list(pipeline->delivery);
}

void
pipeline_forward_resynced(void *context)
{
	const Pipeline *pipeline = context;

	delivery_take_resynced(pipeline->delivery);
}

void
pipeline_forward_trimmed(void *context, int64_t row_count)
{
	const Pipeline *pipeline = context;

	delivery_take_trim(pipeline->delivery, row_count);
}

bool
pipeline_forward_standby(void *context, const char *name, uint64_t replayed)
{
	const Pipeline *pipeline = context;

	return delivery_take_standby(pipeline->delivery, name, replayed);
}

void
pipeline_forward_standbys_told(void *context, uint64_t position)
{
	const Pipeline *pipeline = context;

	delivery_take_standbys(pipeline->delivery, position);
}

void
pipeline_forward_late_reported(void *context)
{
	const Pipeline *pipeline = context;

	delivery_take_late_reported(pipeline->delivery);
}

void
pipeline_forward_rung(void *context)
{
	const Pipeline *pipeline = context;

	delivery_take_bell(pipeline->delivery);
}

/* --- from Redis --- */

void
pipeline_forward_apply_done(void *context, RedisLane lane)
{
	const Pipeline *pipeline = context;

	delivery_take_apply_done(pipeline->delivery, lane);
}

void
pipeline_forward_needs_scan(void *context, RedisLane lane, const char *pattern,
							size_t pattern_bytes)
{
	const Pipeline *pipeline = context;

	(void) lane;				/* rows are all in one */
	delivery_take_needed_scan(pipeline->delivery, pattern, pattern_bytes);
}

void
pipeline_forward_scan_done(void *context)
{
	const Pipeline *pipeline = context;

	delivery_take_scan_done(pipeline->delivery);
}
