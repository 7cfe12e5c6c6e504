/*-------------------------------------------------------------------------
 *
 * check_cluster.h
 *	  Can the nodes of a cluster that a target's URL names be reached?
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CHECK_CLUSTER_H
#define UNCACHED_CHECK_CLUSTER_H

#include <stdbool.h>

#include "base/url.h"
#include "check/check_report.h"
#include "config/config.h"

/*
 * Reports on each.  False if none can be; else "node" is the URL of the first that can, which is borrowed from the
 * target's but for its host, to be freed.
 */
extern bool check_cluster(const TargetConfig *target, CheckReport *report, RedisUrl *node)
			__attribute__((warn_unused_result));

#endif
