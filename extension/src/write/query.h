/*-------------------------------------------------------------------------
 *
 * query.h
 *	  Runs the queries of a rule for its rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_QUERY_H
#define UNCACHE_QUERY_H

#include "compile/rule.h"
#include "executor/tuptable.h"

/* Takes each text that a query returns, which is valid during the call only. */
typedef void (*QuerySink) (const char *text, Size length, void *argument);

/*
 * Runs a query for each of the rows, at most two, with the state of the finished
 * statement, as the rule's author; for the second only if its placeholders have other values.  False,
 * and a warning, if it failed: then what it gave to the sink is undone, as far as
 * the current transaction can undo it.
 */
extern bool query_run(Rule *rule, RuleQuery *query, TupleTableSlot *const *rows, int row_count,
					  QuerySink sink, void *argument);

#endif
