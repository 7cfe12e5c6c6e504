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

#include "rule/rule_scan.h"

/* A rule is broken; "problem" may tell of the rule's own table and of what the command names. */
extern void ddl_report_broken(const RuleTrigger *rule, const char *problem);

/* A rule fires for more rows than before. */
extern void ddl_report_widened(const RuleTrigger *rule);

/* What a BEFORE trigger changes by itself, UPDATE OF does not fire for. */
extern void ddl_report_unnoticed(const RuleTrigger *rule, const char *trigger_name);

/* A new heir's rows are not covered by the rule of a table that it inherits from. */
extern void ddl_report_heir(const RuleTrigger *rule, Oid heir_id);

/* PostgreSQL changes a foreign table's rows one by one because of a rule. */
extern void ddl_report_foreign(const RuleTrigger *rule, Oid foreign_id);

/* Another table has taken the name of a rule's, and the rule holds for it, too, */
extern void ddl_report_copied(const RuleTrigger *rule, Oid relation_id);

/* or not. */
extern void ddl_report_left(const RuleTrigger *rule, Oid relation_id);

/* Of two columns the rule reads that of the name which it was written for. */
extern void ddl_report_choice(const RuleTrigger *rule, const char *written, const char *followed);

/* The rules of a table could not be made for want of a lock. */
extern void ddl_report_postponed(Oid relation_id);

/* A command could not be followed: every target is resynced. */
extern void ddl_report_failure(const ErrorData *error);

#endif
