/*-------------------------------------------------------------------------
 *
 * check_redis.h
 *	  Is a target's Redis what the daemon needs?
 *
 * Blocks, for some seconds at most where a server does not answer.  Writes
 * nothing.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_CHECK_REDIS_H
#define UNCACHED_CHECK_REDIS_H

#include "check/check_report.h"
#include "config/config.h"

/*
 * Reports what is right and what is missing.  needs: CheckNeeds of the rules for
 * the target, certain_needs those of them that are known to be there.
 */
extern void check_redis(const TargetConfig *target, unsigned int needs,
						unsigned int certain_needs, CheckReport *report);

#endif
