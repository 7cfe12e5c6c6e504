/*-------------------------------------------------------------------------
 *
 * check_cluster.c
 *	  Can the nodes of a cluster that a target's URL names be reached?
 *
 *-------------------------------------------------------------------------
 */
#include "check/check_cluster.h"

#include <stdlib.h>
#include <string.h>

#include "check/check_redis_client.h"
#include "redis/redis_error.h"

#define ADDRESS_BYTES 300

static RedisUrl
node_of(const RedisUrl *url, const UrlHost *host)
{
	RedisUrl	node = *url;

	node.host = host->host;
	node.port = host->port;
	node.nodes = NULL;
	node.node_count = 0;
	return node;
}

static bool
check_one(const RedisUrl *node, CheckReport *report)
{
	CheckRedisClient client = {0};
	char		address[ADDRESS_BYTES];
	bool		is_there = check_redis_client_connect(&client, node);

	url_describe_host(node->host, node->port, address, sizeof(address));
	if (is_there)
		check_report_say(report, CHECK_OK, "", "the node %s can be reached", address);
	else
		check_report_say(report, CHECK_MISSING, redis_error_kind(REDIS_FAILURE_CONNECTION, client.problem)->advice,
						 "the node %s cannot be reached: %s", address, client.problem);
	check_redis_client_close(&client);
	return is_there;
}

bool
check_cluster(const TargetConfig *target, CheckReport *report, RedisUrl *node)
{
	const RedisUrl *url = &target->url;
	bool		is_found = false;

	for (size_t i = 0; i < url->node_count; i++)
	{
		RedisUrl	other = node_of(url, &url->nodes[i]);

		if (!check_one(&other, report) || is_found)
			continue;
		*node = other;
		node->host = strdup(other.host);
		is_found = node->host != NULL;
	}
	return is_found;
}
