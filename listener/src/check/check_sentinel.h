/*-------------------------------------------------------------------------
 *
 * check_sentinel.h
 *	  Do a target's sentinels name its server?
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CHECK_SENTINEL_H
#define UNCACHED_CHECK_SENTINEL_H

#include <stdbool.h>

#include "base/url.h"
#include "check/check_report.h"
#include "config/config.h"

/*
 * Asks every sentinel, and reports what each says; blocks, for some seconds each.  True if
 * one names a server: then "server" is its URL, in which only the host is owned.  Caller's
 * storage, all zero at first.
 */
extern bool check_sentinel(const TargetConfig *target, CheckReport *report, RedisUrl *server)
			__attribute__((warn_unused_result));

#endif
