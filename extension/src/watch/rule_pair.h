/*-------------------------------------------------------------------------
 *
 * rule_pair.h
 *	  A rule for rows and, beside it, those for TRUNCATE.
 *
 * A trigger for TRUNCATE is not inherited by partitions, and TRUNCATE of a
 * partition fires only the partition's own: so each table of a partition tree
 * has one, named as the rule for rows with "_truncate" behind it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_RULE_PAIR_H
#define UNCACHE_RULE_PAIR_H

#include "rule/rule_scan.h"

/* What stands behind the name. */
#define RULE_PAIR_TRUNCATE "_truncate"

/*
 * Makes both, unless they are there as they are to be; what else has their names
 * is replaced.  Needs the privileges of CREATE TRIGGER, of the current user.
 */
extern void rule_pair_put(Oid relation_id, const char *name, RuleAction action,
						  const StringArray *arguments);

/*
 * Removes both.  A rule of that name which a partition has of its own keeps that
 * for TRUNCATE.  The current user's privileges are not asked for.
 */
extern void rule_pair_drop(Oid relation_id, const char *name);

/*
 * Gives both, and what clones and partitions have of them, another name and, unless
 * that is NULL, other arguments.  Without locks; also while events wait.
 */
extern void rule_pair_rewrite(Oid relation_id, const char *old_name, const char *new_name,
							  const StringArray *arguments);

/*
 * A clone has the name of what it is a clone of.  Has a table that is to be a partition
 * rules for rows of its own by names that triggers of its parent have?
 */
extern bool rule_pair_is_in_the_way(Oid parent_id, Oid partition_id);

/*
 * Gives these rules other names, with "_own" behind: the partition keeps them, and has
 * them still when it is detached.
 */
extern void rule_pair_make_room(Oid parent_id, Oid partition_id);

/*
 * Gives a new partition the rules for TRUNCATE of the tables above it, as they are
 * there.  The current user needs no privilege.
 */
extern void rule_pair_cover(Oid partition_id);

#endif
