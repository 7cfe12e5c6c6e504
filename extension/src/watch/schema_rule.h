/*-------------------------------------------------------------------------
 *
 * schema_rule.h
 *	  The automatic rule of a table in a watched schema.
 *
 * Its name has to differ from table to table: a table could not become a partition
 * of one that has a rule of the same name.  It must not differ after pg_restore.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_SCHEMA_RULE_H
#define UNCACHE_SCHEMA_RULE_H

#include "rule/rule_scan.h"

/* Is this the name of an automatic rule, or of the one for TRUNCATE beside it? */
extern bool schema_rule_is_name(const char *name);

/* Is it an automatic rule?  A trigger of another action may be called anything. */
extern bool schema_rule_is(const RuleTrigger *rule);

/*
 * Makes a table's automatic rule what it is to be.  Where there is none, one is
 * made only if may_make: pg_restore adds primary keys, and then creates the rules
 * that were dumped.  What an outdated rule named is invalidated, and the rule is
 * rewritten where it is.  For event triggers: the current user needs no
 * privilege.  A table and those that it inherits from may be altered at the same
 * time, as parallel pg_restore does: who is second waits, and sees what the first
 * has changed.
 */
extern void schema_rule_follow(Oid relation_id, bool may_make);

/*
 * Makes, replaces or removes it for somebody who has called for that, and has to
 * own the table.
 */
extern void schema_rule_put(Oid relation_id);

#endif
