/*-------------------------------------------------------------------------
 *
 * rule_query.h
 *	  Compiles a query of a rule against its relation, and prepares it.
 *
 * A query, its placeholders included, is run as the author of its rule: which keys a
 * change makes stale must not depend on what the writer may read.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_RULE_QUERY_H
#define UNCACHE_RULE_QUERY_H

#include "access/tupdesc.h"
#include "compile/rule.h"

/* Who a query is run as; restored by rule_query_leave_owner() or an error. */
typedef struct RuleQueryRole
{
	Oid			user_id;
	int			security_context;
} RuleQueryRole;

/* Once in a session, when the library is loaded. */
extern void rule_query_init(void);

extern RuleQueryRole rule_query_enter_author(Oid author_id);
extern void rule_query_leave_author(RuleQueryRole role);

/*
 * Prepares query->plan, unless it is prepared and valid.  It lives as long as the
 * rule.  As the author, with settings pinned and SPI connected.  Raises what is wrong,
 * also if the query would use what it did not use when the rule was admitted.
 */
extern void rule_query_prepare(Rule *rule, RuleQuery *query);

/* After an error in preparing or running a query. */
extern void rule_query_give_up(void);

/*
 * Locks what a prepared query reads, and raises if somebody else has locked it: a writer
 * does not wait for a rule's sake, nor have a migration deadlock with him.
 */
extern void rule_query_lock(const RuleQuery *query);

/*
 * Raises unless this is one column of text.  Checked for each result: what a
 * query returns may change with the tables that it reads.
 */
extern void rule_query_check_result(TupleDesc desc);

#endif
