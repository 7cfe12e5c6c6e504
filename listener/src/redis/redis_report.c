/*-------------------------------------------------------------------------
 *
 * redis_report.c
 *	  Says what becomes of a node's connections.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_report.h"

#include <string.h>

#include "redis/redis_counters.h"
#include "redis/redis_node_internal.h"

/* A connection that answers for so long works, whatever failed before. */
#define LONG_MS 60000

/* Of a server's host and port. */
#define NAMED_BYTES 300

/* Between two lines on how many keys there were. */
#define KEYS_INTERVAL_MS ((int64_t) 60 * 60 * 1000)

static void
log_failure(const RedisNode *node, RedisFailure failure, const Failure *said,
			int64_t retry_ms, int64_t repeated_count)
{
	const RedisErrorKind *kind = redis_error_kind(failure, said->error);
	char		advice[REDIS_ERROR_ADVICE_BYTES];

	redis_error_advise(failure, said->error, node->settings.url->password_file, advice,
					   sizeof(advice));
	log_event(node->log,
			  kind->reaction == REDIS_REACTION_RETRY ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR,
			  said->message,
			  LOG_TEXT("target", node->settings.alias),
			  LOG_TEXT("server", said->server),
			  LOG_TEXT("error", said->error),
			  LOG_TEXT("advice", advice),
			  LOG_NUMBER("retry_ms", retry_ms),
			  LOG_NUMBER("repeated", repeated_count));
}

static bool
has_work(const RedisNode *node)
{
	for (RedisLane lane = 0; lane < REDIS_NODE_LANE_COUNT; lane++)
		if (redis_work_is_active(&node->lanes[lane]))
			return true;
	return redis_scan_is_active(&node->scan);
}

void
redis_report_failure(RedisNode *node, bool was_ready, RedisFailure failure,
					 const char *reason, int64_t retry_ms)
{
	const Failure said = {
		.message = was_ready ?
		"connection to Redis lost, unfinished work will be repeated" :
		"cannot use Redis, trying again",
		.server = node->server,
		.sqlstate = "",
		.error = reason
	};
	int64_t		repeated_count;

	/* what a demoted server says is no surprise, and asks for nobody's action */
	if (node->sentinel != NULL && failure == REDIS_FAILURE_REPLY &&
		strncmp(reason, "READONLY ", strlen("READONLY ")) == 0)
		failure = REDIS_FAILURE_SENTINEL;
	redis_counters_take_failure(node->settings.counters, failure, reason, was_ready && has_work(node));
	if (failure_log_take(&node->failures, &said, loop_now_ms(node->loop), &repeated_count))
		log_failure(node, failure, &said, retry_ms, repeated_count);
}

void
redis_report_use(RedisNode *node)
{
	backoff_reset(&node->backoff);
	node->ready_count = 0;
	if (failure_log_is_open(&node->failures))
		log_event(node->log, LOG_LEVEL_INFO, "Redis serves the target again",
				  LOG_TEXT("target", node->settings.alias),
				  LOG_TEXT("server", node->server),
				  LOG_NUMBER("failures", node->failures.failure_count),
				  LOG_NUMBER("duration_ms", loop_now_ms(node->loop) -
							 node->failures.begin_ms));
	failure_log_end(&node->failures);
}

void
redis_report_done(RedisNode *node)
{
	if (!has_work(node))
		redis_report_use(node);
}

static int64_t
lasted_ms(const RedisNode *node)
{
	return node->state == NODE_READY ?
		loop_now_ms(node->loop) - node->ready_since_ms : 0;
}

bool
redis_report_has_lasted(const RedisNode *node)
{
	return lasted_ms(node) > node->settings.backoff_cap_ms;
}

void
redis_report_answer(RedisNode *node)
{
	if (has_work(node) ? lasted_ms(node) > LONG_MS : redis_report_has_lasted(node))
		redis_report_use(node);
}

/* Sentinels that were of no use, though another one was. */
static void
report_passed(const RedisNode *node, bool is_repeated)
{
	char		text[REDIS_SENTINEL_TEXT_BYTES];
	RedisFailure failure;

	if (redis_sentinel_tell(node->sentinel, &failure, text, sizeof(text)))
		log_event(node->log, is_repeated ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARNING,
				  "sentinels were passed over",
				  LOG_TEXT("target", node->settings.alias),
				  LOG_TEXT("server", node->server),
				  LOG_TEXT("error", text),
				  LOG_TEXT("advice", redis_error_kind(failure, text)->advice));
}

void
redis_report_watched(const RedisNode *node, bool is_answered)
{
	char		text[REDIS_SENTINEL_TEXT_BYTES];
	RedisFailure failure;

	if (is_answered)
	{
		log_event(node->log, LOG_LEVEL_INFO, "a sentinel answers again",
				  LOG_TEXT("target", node->settings.alias),
				  LOG_TEXT("server", node->server));
		return;
	}
	(void) redis_sentinel_tell(node->sentinel, &failure, text, sizeof(text));
	log_event(node->log, LOG_LEVEL_WARNING, "no sentinel answers, failovers are not noticed",
			  LOG_TEXT("target", node->settings.alias),
			  LOG_TEXT("server", node->server),
			  LOG_TEXT("error", text),
			  LOG_TEXT("advice", redis_error_kind(failure, text)->advice));
}

void
redis_report_connected(RedisNode *node)
{
	bool		is_repeated = node->ready_count > 0;
	char		named[NAMED_BYTES];

	redis_counters_take_connection(node->settings.counters);
	if (node->sentinel != NULL)
		url_describe_host(redis_sentinel_server(node->sentinel)->host,
						  redis_sentinel_server(node->sentinel)->port, named, sizeof(named));

	log_event(node->log, is_repeated ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, "connected to Redis",
			  LOG_TEXT("target", node->settings.alias),
			  LOG_TEXT("server", node->server),
			  LOG_TEXT("address", node->sentinel != NULL ? named : redis_conn_address(node->conn)));
	if (node->sentinel != NULL)
		report_passed(node, is_repeated);
	if (!redis_history_is_told(&node->history.known))
		log_event(node->log, is_repeated ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARNING,
				  "cannot determine whether Redis was restarted and may have lost deletes",
				  LOG_TEXT("target", node->settings.alias),
				  LOG_TEXT("server", node->server),
				  LOG_TEXT("advice", "allow the user to run INFO: ACL SETUSER name +info; do not rename it with rename-command"));
	node->ready_count++;
}

void
redis_report_keys(RedisNode *node)
{
	const KeyTally *keys = &node->keys;

	node->reported_ms = loop_now_ms(node->loop);
	if (keys->named_count == node->reported_keys)
		return;
	node->reported_keys = keys->named_count;
	log_event(node->log, LOG_LEVEL_INFO, "keys deleted since start",
			  LOG_TEXT("target", node->settings.alias),
			  LOG_NUMBER("keys_named", (int64_t) keys->named_count),
			  LOG_NUMBER("keys_deleted", (int64_t) keys->deleted_count));
}

void
redis_report_deleted(RedisNode *node, size_t named_count, uint64_t deleted_count)
{
	redis_counters_take_keys(node->settings.counters, named_count, deleted_count);
	if (key_tally_take(&node->keys, named_count, deleted_count))
		log_event(node->log, LOG_LEVEL_WARNING, "Redis had none of the keys that were to be deleted",
				  LOG_TEXT("target", node->settings.alias),
				  LOG_TEXT("server", node->server),
				  LOG_NUMBER("database", node->settings.url->database),
				  LOG_BYTES("prefix", node->settings.prefix, node->settings.prefix_bytes),
				  LOG_NUMBER("keys_named", (int64_t) node->keys.missed_count),
				  LOG_TEXT("advice", "compare the keys that the application stores with prefix and database"
						   " of the target (uncached --check-config) and with uncache.rules"));
	if (loop_now_ms(node->loop) - node->reported_ms >= KEYS_INTERVAL_MS)
		redis_report_keys(node);
}
