/*-------------------------------------------------------------------------
 *
 * rule_cache.h
 *	  This backend's compiled rules.
 *
 * A rule is compiled at the first firing of its trigger and kept until the
 * relation, the trigger, any function, or the role that its queries run as changes, or
 * until many others have been used since.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_RULE_CACHE_H
#define UNCACHE_RULE_CACHE_H

#include "commands/trigger.h"
#include "compile/rule.h"

/* Registers for invalidations. */
extern void rule_cache_init(void);

/*
 * The compiled rule of a firing trigger.  Stays usable until the end of the
 * transaction, also if it is dropped from the cache meanwhile.
 */
extern Rule *rule_cache_get(const TriggerData *trigger_data, RuleAction action);

#endif
