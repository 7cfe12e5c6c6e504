/*-------------------------------------------------------------------------
 *
 * user_code.h
 *	  Finds functions that a rule's query must not make PostgreSQL call.
 *
 * A query runs with its author's rights in the writer's session.  What that keeps of functions in
 * SQL and procedural languages (plans, bodies that it has put in the place of calls, how they are
 * called) was made by whoever came first, the writer perhaps, by his search path and with his
 * temporary objects.  So a query calls none of them.  Most calls are refused when they are made,
 * see query_guard.h.  But PostgreSQL keeps some functions where it does not look them up again:
 * of the expressions of indexes, partition keys and domains' CHECKs, of ranges, and of operator
 * families.  They are found here.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_USER_CODE_H
#define UNCACHE_USER_CODE_H

#include "nodes/pg_list.h"

/*
 * Raises if what an analyzed query or expression uses, as ObjectAddress * (see rule_objects_add()),
 * comes to a function in SQL or a procedural language, or to one of PostgreSQL's own that
 * builtin_function.h does not let it call.  Locks nothing but views.  Returns the heirs and
 * partitions that were looked at, as OIDs: whoever plans the query later has to ask again if one
 * of them has changed.
 */
extern List *user_code_check(List *objects);

#endif
