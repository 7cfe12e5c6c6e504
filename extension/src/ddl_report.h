/*-------------------------------------------------------------------------
 *
 * ddl_report.h
 *	  What whoever issues a command is told of the rules that it concerns.
 *
 * He is told of a rule only if he may see its table; the log has all of it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_DDL_REPORT_H
#define UNCACHE_DDL_REPORT_H

#include "rule_scan.h"

/* A rule is broken; "problem" may tell of the rule's own table and of what the command names. */
extern void ddl_report_broken(const RuleTrigger *rule, const char *problem);

/* A rule went with a column. */
extern void ddl_report_dropped(const RuleTrigger *rule);

/* A rule fires for more rows than before. */
extern void ddl_report_widened(const RuleTrigger *rule);

/* A command could not be followed: every target is resynced. */
extern void ddl_report_failure(const ErrorData *error);

#endif
