/*-------------------------------------------------------------------------
 *
 * redis_report.c
 *	  Says what becomes of a target's connections.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_report.h"

#include <string.h>

#include "redis/redis_target_internal.h"

/* A connection that answers for so long works, whatever failed before. */
#define LONG_MS 60000

/* Of a server's host and port. */
#define NAMED_BYTES 300

/* Between two lines on how many keys there were. */
#define KEYS_INTERVAL_MS ((int64_t) 60 * 60 * 1000)

static void
log_failure(const RedisTarget *target, RedisFailure failure, const Failure *said,
			int64_t retry_ms, int64_t repeated_count)
{
	const RedisErrorKind *kind = redis_error_kind(failure, said->error);
	char		advice[REDIS_ERROR_ADVICE_BYTES];

	redis_error_advise(failure, said->error, target->settings.url->password_file, advice,
					   sizeof(advice));
	log_event(target->log,
			  kind->reaction == REDIS_REACTION_RETRY ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR,
			  said->message,
			  LOG_TEXT("target", target->settings.alias),
			  LOG_TEXT("server", said->server),
			  LOG_TEXT("error", said->error),
			  LOG_TEXT("advice", advice),
			  LOG_NUMBER("retry_ms", retry_ms),
			  LOG_NUMBER("repeated", repeated_count));
}

void
redis_report_failure(RedisTarget *target, bool was_ready, RedisFailure failure,
					 const char *reason, int64_t retry_ms)
{
	const Failure said = {
		.message = was_ready ?
		"connection to Redis lost, unfinished work will be repeated" :
		"cannot use Redis, trying again",
		.server = target->server,
		.sqlstate = "",
		.error = reason
	};
	int64_t		repeated_count;

	/* what a demoted server says is no surprise, and asks for nobody's action */
	if (target->sentinel != NULL && failure == REDIS_FAILURE_REPLY &&
		strncmp(reason, "READONLY ", strlen("READONLY ")) == 0)
		failure = REDIS_FAILURE_SENTINEL;
	if (failure_log_take(&target->failures, &said, loop_now_ms(target->loop), &repeated_count))
		log_failure(target, failure, &said, retry_ms, repeated_count);
}

void
redis_report_use(RedisTarget *target)
{
	backoff_reset(&target->backoff);
	target->ready_count = 0;
	if (failure_log_is_open(&target->failures))
		log_event(target->log, LOG_LEVEL_INFO, "Redis serves the target again",
				  LOG_TEXT("target", target->settings.alias),
				  LOG_TEXT("server", target->server),
				  LOG_NUMBER("failures", target->failures.failure_count),
				  LOG_NUMBER("duration_ms", loop_now_ms(target->loop) -
							 target->failures.begin_ms));
	failure_log_end(&target->failures);
}

static bool
has_work(const RedisTarget *target)
{
	for (RedisLane lane = 0; lane < REDIS_LANE_COUNT; lane++)
		if (redis_work_is_active(&target->lanes[lane]))
			return true;
	return redis_scan_is_active(&target->scan);
}

void
redis_report_done(RedisTarget *target)
{
	if (!has_work(target))
		redis_report_use(target);
}

static int64_t
lasted_ms(const RedisTarget *target)
{
	return target->state == TARGET_READY ?
		loop_now_ms(target->loop) - target->ready_since_ms : 0;
}

bool
redis_report_has_lasted(const RedisTarget *target)
{
	return lasted_ms(target) > target->settings.backoff_cap_ms;
}

void
redis_report_answer(RedisTarget *target)
{
	if (has_work(target) ? lasted_ms(target) > LONG_MS : redis_report_has_lasted(target))
		redis_report_use(target);
}

/* Sentinels that were of no use, though another one was. */
static void
report_passed(const RedisTarget *target, bool is_repeated)
{
	char		text[REDIS_SENTINEL_TEXT_BYTES];
	RedisFailure failure;

	if (redis_sentinel_tell(target->sentinel, &failure, text, sizeof(text)))
		log_event(target->log, is_repeated ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARNING,
				  "sentinels were passed over",
				  LOG_TEXT("target", target->settings.alias),
				  LOG_TEXT("server", target->server),
				  LOG_TEXT("error", text),
				  LOG_TEXT("advice", redis_error_kind(failure, text)->advice));
}

void
redis_report_watched(const RedisTarget *target, bool is_answered)
{
	char		text[REDIS_SENTINEL_TEXT_BYTES];
	RedisFailure failure;

	if (is_answered)
	{
		log_event(target->log, LOG_LEVEL_INFO, "a sentinel answers again",
				  LOG_TEXT("target", target->settings.alias),
				  LOG_TEXT("server", target->server));
		return;
	}
	(void) redis_sentinel_tell(target->sentinel, &failure, text, sizeof(text));
	log_event(target->log, LOG_LEVEL_WARNING, "no sentinel answers, failovers are not noticed",
			  LOG_TEXT("target", target->settings.alias),
			  LOG_TEXT("server", target->server),
			  LOG_TEXT("error", text),
			  LOG_TEXT("advice", redis_error_kind(failure, text)->advice));
}

void
redis_report_connected(RedisTarget *target)
{
	bool		is_repeated = target->ready_count > 0;
	char		named[NAMED_BYTES];

	if (target->sentinel != NULL)
		url_describe_host(redis_sentinel_server(target->sentinel)->host,
						  redis_sentinel_server(target->sentinel)->port, named, sizeof(named));
	log_event(target->log, is_repeated ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, "connected to Redis",
			  LOG_TEXT("target", target->settings.alias),
			  LOG_TEXT("server", target->server),
			  LOG_TEXT("address", target->sentinel != NULL ? named : redis_conn_address(target->conn)));
	if (target->sentinel != NULL)
		report_passed(target, is_repeated);
	if (!redis_history_is_told(&target->history.known))
		log_event(target->log, is_repeated ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARNING,
				  "cannot determine whether Redis was restarted and may have lost deletes",
				  LOG_TEXT("target", target->settings.alias),
				  LOG_TEXT("server", target->server),
				  LOG_TEXT("advice", "allow the user to run INFO: ACL SETUSER name +info; do not rename it with rename-command"));
	target->ready_count++;
}

void
redis_report_keys(RedisTarget *target)
{
	const KeyTally *keys = &target->keys;

	target->reported_ms = loop_now_ms(target->loop);
	if (keys->named_count == target->reported_keys)
		return;
	target->reported_keys = keys->named_count;
	log_event(target->log, LOG_LEVEL_INFO, "keys deleted since start",
			  LOG_TEXT("target", target->settings.alias),
			  LOG_NUMBER("keys_named", (int64_t) keys->named_count),
			  LOG_NUMBER("keys_deleted", (int64_t) keys->deleted_count));
}

void
redis_report_deleted(RedisTarget *target, size_t named_count, uint64_t deleted_count)
{
	if (key_tally_take(&target->keys, named_count, deleted_count))
		log_event(target->log, LOG_LEVEL_WARNING, "Redis had none of the keys that were to be deleted",
				  LOG_TEXT("target", target->settings.alias),
				  LOG_TEXT("server", target->server),
				  LOG_NUMBER("database", target->settings.url->database),
				  LOG_BYTES("prefix", target->settings.prefix, target->settings.prefix_bytes),
				  LOG_NUMBER("keys_named", (int64_t) target->keys.missed_count),
				  LOG_TEXT("advice", "compare the keys that the application stores with prefix and database"
						   " of the target (uncached --check-config) and with uncache.rules"));
	if (loop_now_ms(target->loop) - target->reported_ms >= KEYS_INTERVAL_MS)
		redis_report_keys(target);
}
