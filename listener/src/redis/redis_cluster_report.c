/*-------------------------------------------------------------------------
 *
 * redis_cluster_report.c
 *	  Says what keeps a Redis Cluster from being used.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/redis_cluster_internal.h"

/* A slot that moves as it should is soon in one place. */
#define SET_WAITS_MS 10000

#define SERVER_BYTES 256

void
cluster_report_map(RedisCluster *cluster, const ClusterNode *node, const char *problem)
{
	char		server[SERVER_BYTES];

	/* nodes are asked in turn: whichever tells it, it is the same */
	const Failure failure = {
		.message = "cannot find out who serves the slots of the Redis Cluster",
		.server = "",
		.sqlstate = "",
		.error = problem
	};
	int64_t		repeated_count;

	url_describe(&node->url, server, sizeof(server));
	if (failure_log_take(&cluster->map_failures, &failure, loop_now_ms(cluster->loop), &repeated_count))
		log_event(cluster->log, LOG_LEVEL_WARNING, failure.message,
				  LOG_TEXT("target", cluster->settings.alias),
				  LOG_TEXT("server", server),
				  LOG_TEXT("error", problem),
				  LOG_TEXT("advice", "see CLUSTER INFO on that server; the user needs +cluster|slots"),
				  LOG_NUMBER("repeated", repeated_count));
}

void
cluster_report_whole(RedisCluster *cluster)
{
	if (failure_log_is_open(&cluster->map_failures))
		log_event(cluster->log, LOG_LEVEL_INFO, "every slot of the Redis Cluster is served again",
				  LOG_TEXT("target", cluster->settings.alias),
				  LOG_NUMBER("failures", cluster->map_failures.failure_count),
				  LOG_NUMBER("duration_ms", loop_now_ms(cluster->loop) -
							 cluster->map_failures.begin_ms));
	failure_log_end(&cluster->map_failures);
}

void
cluster_report_set_waits(RedisCluster *cluster, RedisLane lane, const ClusterNode *node, const char *error)
{
	ClusterLane *work = &cluster->lanes[lane];
	int64_t		now_ms = loop_now_ms(cluster->loop);
	char		server[SERVER_BYTES];

	/* one node says ASK, and TRYAGAIN the other */
	const Failure failure = {
		.message = "a tag waits, its slot of the Redis Cluster is on the move",
		.server = "",
		.sqlstate = "",
		.error = ""
	};
	int64_t		repeated_count;

	if (work->set_waits_ms == 0)
		work->set_waits_ms = now_ms;
	if (now_ms - work->set_waits_ms < SET_WAITS_MS)
		return;
	url_describe(&node->url, server, sizeof(server));
	if (failure_log_take(&work->set_failures, &failure, now_ms, &repeated_count))
		log_event(cluster->log, LOG_LEVEL_WARNING, failure.message,
				  LOG_TEXT("target", cluster->settings.alias),
				  LOG_TEXT("server", server),
				  LOG_TEXT("error", error),
				  LOG_TEXT("advice", "if nobody is moving slots now, finish what was begun: redis-cli --cluster fix"),
				  LOG_NUMBER("repeated", repeated_count));
}

void
cluster_report_set_done(RedisCluster *cluster, RedisLane lane)
{
	ClusterLane *work = &cluster->lanes[lane];

	if (failure_log_is_open(&work->set_failures))
		log_event(cluster->log, LOG_LEVEL_INFO, "tags do not wait for a slot any more",
				  LOG_TEXT("target", cluster->settings.alias),
				  LOG_NUMBER("duration_ms", loop_now_ms(cluster->loop) - work->set_waits_ms));
	failure_log_end(&work->set_failures);
	work->set_waits_ms = 0;
}
