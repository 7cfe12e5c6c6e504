/*-------------------------------------------------------------------------
 *
 * metrics.c
 *	  The metrics: each one's name, what it says, and from where in a snapshot it comes.
 *
 * A row of a table is a family; its function writes the samples of one target.
 *
 *-------------------------------------------------------------------------
 */
#include "status/metrics.h"

typedef struct Writer
{
	MetricText	text;
	const MetricFamily *family; /* that is being written */
	const Snapshot *snapshot;
	const TargetStatus *target;
} Writer;

typedef void (*WriteSamples) (const Writer *writer);

typedef struct Metric
{
	MetricFamily family;
	WriteSamples write;
} Metric;

#define COUNTER(name, help) {name, METRIC_COUNTER, help}
#define GAUGE(name, help) {name, METRIC_GAUGE, help}

/* --- samples --- */

/* Of the daemon as a whole. */
static void
put(const Writer *writer, uint64_t number)
{
	const MetricLabel none = {0};

	metric_text_number(&writer->text, writer->family, &none, number);
}

static void
put_micro(const Writer *writer, int64_t millionths)
{
	const MetricLabel none = {0};

	metric_text_micro(&writer->text, writer->family, &none, millionths);
}

static void
put_of_target(const Writer *writer, uint64_t number)
{
	const MetricLabel labels[] = {{"target", writer->target->alias}, {0}};

	metric_text_number(&writer->text, writer->family, labels, number);
}

static void
put_micro_of_target(const Writer *writer, int64_t millionths)
{
	const MetricLabel labels[] = {{"target", writer->target->alias}, {0}};

	metric_text_micro(&writer->text, writer->family, labels, millionths);
}

/* One of several of a target, told apart by another label. */
static void
put_by(const Writer *writer, const char *label, const char *value, uint64_t number)
{
	const MetricLabel labels[] = {{"target", writer->target->alias}, {label, value}, {0}};

	metric_text_number(&writer->text, writer->family, labels, number);
}

/* --- the daemon --- */

static void
write_build(const Writer *writer)
{
	static const MetricLabel labels[] = {{"version", UNCACHED_VERSION}, {0}};

	metric_text_number(&writer->text, writer->family, labels, 1);
}

static void
write_start(const Writer *writer)
{
	put_micro(writer, writer->snapshot->started_at_us);
}

static void
write_cpu(const Writer *writer)
{
	put_micro(writer, (int64_t) writer->snapshot->process.cpu_us);
}

static void
write_memory(const Writer *writer)
{
	put(writer, writer->snapshot->process.resident_bytes);
}

static void
write_fds(const Writer *writer)
{
	put(writer, writer->snapshot->process.open_fds);
}

static void
write_turns(const Writer *writer)
{
	put(writer, writer->snapshot->loop.turn_count);
}

static void
write_busy(const Writer *writer)
{
	put_micro(writer, (int64_t) writer->snapshot->loop.busy_us);
}

static void
write_loop_lag(const Writer *writer)
{
	put_micro(writer, writer->snapshot->loop.longest_us);
}

static const Metric of_daemon[] = {
	{GAUGE("uncached_build_info", "Always 1; the label has the version."), write_build},
	{GAUGE("process_start_time_seconds", "When the daemon was started, in seconds since 1970."), write_start},
	{COUNTER("process_cpu_seconds", "Processor time of the daemon."), write_cpu},
	{GAUGE("process_resident_memory_bytes", "Memory of the daemon."), write_memory},
	{GAUGE("process_open_fds", "Open file descriptors of the daemon."), write_fds},
	{COUNTER("uncached_loop_turns", "Turns of the event loop."), write_turns},
	{COUNTER("uncached_loop_busy_seconds", "Time that the event loop has spent working, not waiting."), write_busy},
	{GAUGE("uncached_loop_lag_seconds", "The longest turn of the event loop in the last half to whole minute."), write_loop_lag},
};

/* --- connections --- */

static void
write_state(const Writer *writer)
{
	for (TargetState state = 0; state < TARGET_STATE_COUNT; state++)
		put_by(writer, "state", target_state_names[state], writer->target->state == state);
}

static void
write_has_session(const Writer *writer)
{
	put_of_target(writer, writer->target->has_session);
}

static void
write_has_redis(const Writer *writer)
{
	put_of_target(writer, writer->target->has_redis);
}

static void
write_sessions(const Writer *writer)
{
	put_of_target(writer, writer->target->counters->journal.sessions);
}

static void
write_connections(const Writer *writer)
{
	put_of_target(writer, writer->target->counters->redis.connections);
}

static void
write_postgres_errors(const Writer *writer)
{
	static const char *const kinds[JOURNAL_FAILURE_COUNT] = {
		[JOURNAL_FAILURE_CONNECTION] = "connection",
		[JOURNAL_FAILURE_SERVER] = "statement",
		[JOURNAL_FAILURE_ANSWER] = "answer",
	};

	for (size_t i = 0; i < JOURNAL_FAILURE_COUNT; i++)
		put_by(writer, "kind", kinds[i], writer->target->counters->journal.errors[i]);
}

static void
write_redis_errors(const Writer *writer)
{
	for (size_t i = 0; i < REDIS_CLASS_COUNT; i++)
		put_by(writer, "kind", redis_class_names[i], writer->target->counters->redis.errors[i]);
}

static void
write_retries(const Writer *writer)
{
	put_of_target(writer, writer->target->counters->redis.retries);
}

/* --- work --- */

static void
write_invalidations(const Writer *writer)
{
	for (JournalAction action = 0; action < JOURNAL_ACTION_COUNT; action++)
		put_by(writer, "action", journal_row_action_name(action),
			   writer->target->counters->delivery.invalidations[action]);
}

static void
write_rows(const Writer *writer)
{
	put_of_target(writer, writer->target->counters->delivery.rows);
}

static void
write_batches(const Writer *writer)
{
	put_of_target(writer, writer->target->counters->delivery.batches);
}

static void
write_latency(const Writer *writer)
{
	const MetricLabel labels[] = {{"target", writer->target->alias}, {0}};

	metric_text_histogram(&writer->text, writer->family, labels,
						  &writer->target->counters->delivery.latency);
}

static void
write_commands(const Writer *writer)
{
	for (size_t i = 0; i < REDIS_COUNTED_COUNT; i++)
		put_by(writer, "command", redis_counted_names[i], writer->target->counters->redis.commands[i]);
}

static void
write_deleted(const Writer *writer)
{
	put_of_target(writer, writer->target->counters->redis.keys_deleted);
}

static void
write_missing(const Writer *writer)
{
	put_of_target(writer, writer->target->counters->redis.keys_missing);
}

static void
write_acks(const Writer *writer)
{
	put_of_target(writer, writer->target->counters->delivery.acks);
}

static void
write_trims(const Writer *writer)
{
	put_of_target(writer, writer->target->counters->delivery.trims);
}

/* Who is not attached does not know. */
static void
write_lag_rows(const Writer *writer)
{
	if (writer->target->delivery.is_attached)
		put_of_target(writer, writer->target->delivery.lag_rows);
}

static void
write_lag_seconds(const Writer *writer)
{
	if (writer->target->delivery.is_attached)
		put_micro_of_target(writer, snapshot_lag_us(writer->snapshot, writer->target));
}

static void
write_waiting(const Writer *writer)
{
	static const char *const lanes[LANE_COUNT] = {
		[LANE_STEPS] = "sets",
		[LANE_STAGGERED] = "staggered",
		[LANE_PASS] = "patterns",
	};

	for (size_t i = 0; i < LANE_COUNT; i++)
		put_by(writer, "lane", lanes[i], writer->target->delivery.waiting[i]);
}

static void
write_late_standbys(const Writer *writer)
{
	put_of_target(writer, writer->target->delivery.late_standbys);
}

/* --- resyncs and scans --- */

static void
write_resyncs(const Writer *writer)
{
	for (size_t i = 0; i < RESYNC_REASON_COUNT; i++)
		put_by(writer, "reason", resync_reason_names[i],
			   writer->target->counters->delivery.resyncs[i]);
}

static void
write_resyncs_complete(const Writer *writer)
{
	put_of_target(writer, writer->target->counters->delivery.resyncs_complete);
}

static void
write_passes(const Writer *writer)
{
	put_of_target(writer, writer->target->counters->delivery.passes);
}

static void
write_passes_complete(const Writer *writer)
{
	put_of_target(writer, writer->target->counters->delivery.passes_complete);
}

static void
write_scanned(const Writer *writer)
{
	put_of_target(writer, writer->target->counters->redis.scanned_keys);
}

static uint64_t
count_keys(const RedisInfo *info)
{
	uint64_t	count = 0;

	for (; info != NULL; info = info->next)
		count += info->values[REDIS_INFO_KEYS];
	return count;
}

/* An estimate: SCAN may look at more than it was to, and keys come and go. */
static void
write_pass_progress(const Writer *writer)
{
	const RedisCounters *redis = &writer->target->counters->redis;
	uint64_t	key_count = count_keys(redis->infos);
	uint64_t	seen_count = redis->scanned_keys - writer->target->delivery.pass_begin_keys;
	double		part = 0;

	if (writer->target->delivery.is_scanning && key_count > 0)
		part = (double) seen_count / (double) key_count;
	put_micro_of_target(writer, (int64_t) ((part < 1 ? part : 1) * 1000000));
}

/* --- the cache --- */

/* Of each server that tells. */
static void
write_info(const Writer *writer, RedisInfoField field)
{
	for (const RedisInfo *info = writer->target->counters->redis.infos; info != NULL; info = info->next)
		put_by(writer, "server", info->server, info->values[field]);
}

static void
write_hits(const Writer *writer)
{
	write_info(writer, REDIS_INFO_HITS);
}

static void
write_misses(const Writer *writer)
{
	write_info(writer, REDIS_INFO_MISSES);
}

static void
write_evicted(const Writer *writer)
{
	write_info(writer, REDIS_INFO_EVICTED);
}

static void
write_expired(const Writer *writer)
{
	write_info(writer, REDIS_INFO_EXPIRED);
}

static void
write_cache_memory(const Writer *writer)
{
	write_info(writer, REDIS_INFO_MEMORY);
}

static void
write_cache_memory_max(const Writer *writer)
{
	write_info(writer, REDIS_INFO_MEMORY_MAX);
}

static void
write_clients(const Writer *writer)
{
	write_info(writer, REDIS_INFO_CLIENTS);
}

static void
write_keys(const Writer *writer)
{
	write_info(writer, REDIS_INFO_KEYS);
}

static const Metric of_targets[] = {
	{GAUGE("uncached_target_state", "1 for the state that the target is in, 0 for the others."), write_state},
	{GAUGE("uncached_postgres_connected", "1 while the target has its session with PostgreSQL."), write_has_session},
	{GAUGE("uncached_redis_connected", "1 while the target's Redis is there."), write_has_redis},
	{COUNTER("uncached_postgres_sessions", "Sessions with PostgreSQL that were set up; all but the first are reconnects."), write_sessions},
	{COUNTER("uncached_redis_connections", "Connections to Redis that were set up; all but the first are reconnects."), write_connections},
	{COUNTER("uncached_postgres_errors", "Failures of sessions with PostgreSQL, or to set one up."), write_postgres_errors},
	{COUNTER("uncached_redis_errors", "Failures of connections to Redis, or to set one up; every error reply is one."), write_redis_errors},
	{COUNTER("uncached_redis_retries", "Connections to Redis that were lost with unfinished work, which was sent again."), write_retries},

	{COUNTER("uncached_invalidations", "Keys, patterns, tags and so on of the journal that were applied."), write_invalidations},
	{COUNTER("uncached_journal_rows", "Rows of the journal that were applied."), write_rows},
	{COUNTER("uncached_batches", "Fetches of the journal with rows that were applied."), write_batches},
	{{"uncached_commit_to_delete_seconds", METRIC_HISTOGRAM, "From the commit of a row with keys or versions to Redis' answer; staggered keys are not in it."}, write_latency},
	{COUNTER("uncached_redis_commands", "Commands that Redis has answered."), write_commands},
	{COUNTER("uncached_keys_deleted", "Keys that UNLINK has deleted."), write_deleted},
	{COUNTER("uncached_keys_not_found", "Keys given to UNLINK that Redis did not have."), write_missing},
	{COUNTER("uncached_acknowledgements", "Acknowledgements of what was applied."), write_acks},
	{COUNTER("uncached_trims", "Trims of the journal."), write_trims},
	{GAUGE("uncached_lag_rows", "Rows that are known to wait: fetched and not acknowledged, or, while Redis is not there, seen in the journal."), write_lag_rows},
	{GAUGE("uncached_lag_seconds", "How long ago the oldest of them was committed; 0 if there is none."), write_lag_seconds},
	{GAUGE("uncached_waiting_names", "Names in memory that wait for what takes long: sets of tags and cacheops rows, staggered keys, patterns."), write_waiting},
	{GAUGE("uncached_late_standbys", "Standbys of PostgreSQL that are no longer waited for."), write_late_standbys},

	{COUNTER("uncached_resyncs", "Resyncs that have begun."), write_resyncs},
	{COUNTER("uncached_resyncs_completed", "Resyncs of a whole target that are complete; those for a row of the journal are part of its batch."), write_resyncs_complete},
	{COUNTER("uncached_scan_passes", "Scan passes for patterns that have begun."), write_passes},
	{COUNTER("uncached_scan_passes_completed", "Scan passes that are complete."), write_passes_complete},
	{COUNTER("uncached_scan_keys", "Keys that scan passes have asked Redis to look at."), write_scanned},
	{GAUGE("uncached_scan_progress_ratio", "How much of the scan pass is done, about; 0 if there is none."), write_pass_progress},

	{COUNTER("uncached_cache_hits", "Redis: look-ups that found their key, since it was started."), write_hits},
	{COUNTER("uncached_cache_misses", "Redis: look-ups that found no key, since it was started."), write_misses},
	{COUNTER("uncached_cache_evicted_keys", "Redis: keys evicted for lack of memory, since it was started."), write_evicted},
	{COUNTER("uncached_cache_expired_keys", "Redis: keys that have expired, since it was started."), write_expired},
	{GAUGE("uncached_cache_memory_bytes", "Redis: memory used."), write_cache_memory},
	{GAUGE("uncached_cache_memory_max_bytes", "Redis: maxmemory; 0 is without bound."), write_cache_memory_max},
	{GAUGE("uncached_cache_clients", "Redis: connected clients."), write_clients},
	{GAUGE("uncached_cache_keys", "Redis: keys in the target's database."), write_keys},
};

static void
write_of_targets(Writer *writer)
{
	for (size_t i = 0; i < sizeof(of_targets) / sizeof(of_targets[0]); i++)
	{
		writer->family = &of_targets[i].family;
		metric_text_begin(&writer->text, writer->family);
		for (size_t target = 0; target < writer->snapshot->target_count; target++)
		{
			writer->target = &writer->snapshot->targets[target];
			of_targets[i].write(writer);
		}
	}
}

void
metrics_write(const Snapshot *snapshot, MetricFormat format, FILE *stream)
{
	Writer		writer = {.text = {stream, format},.snapshot = snapshot};

	for (size_t i = 0; i < sizeof(of_daemon) / sizeof(of_daemon[0]); i++)
	{
		writer.family = &of_daemon[i].family;
		metric_text_begin(&writer.text, writer.family);
		of_daemon[i].write(&writer);
	}
	write_of_targets(&writer);
	metric_text_end(&writer.text);
}
