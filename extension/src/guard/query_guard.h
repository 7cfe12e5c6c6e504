/*-------------------------------------------------------------------------
 *
 * query_guard.h
 *	  Keeps rules from calling functions that the writer's session misleads.
 *
 * A function is asked for when it is called, by whatever: casts, domains, policies and
 * operators call some that stand in no text.
 *
 * A query (GUARD_STATE_QUERY) calls no function in SQL or a procedural language at all: see
 * user_code.h, which finds those that are not asked for.
 *
 * Expressions of keys (GUARD_STATE_KEYS) run as the writer.  Where the session has temporary
 * objects they call none either, but one whose body was analyzed when it was made.  PostgreSQL
 * searches the temporary schema for what no other schema of a search path has, or lets the current
 * user see: there the writer could choose other keys, and run code as somebody whose SECURITY
 * DEFINER function writes.
 *
 * Of PostgreSQL's own a query begins none that may change something, or runs what it is given as
 * text, be it deep in a domain's CHECK.  Otherwise functions in C and PostgreSQL's own are not
 * asked for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_QUERY_GUARD_H
#define UNCACHE_QUERY_GUARD_H

typedef struct QueryGuardKeys
{
	int			security_context;
	Oid			owner_id;
} QueryGuardKeys;

/*
 * Guards expressions that make keys of a relation, see GUARD_STATE_KEYS.  What was before is
 * for query_guard_leave_keys(), or restored by an error.
 */
extern QueryGuardKeys query_guard_enter_keys(Oid relation_id);
extern void query_guard_leave_keys(QueryGuardKeys before);

/* Once in a session, when the library is loaded. */
extern void query_guard_init(void);

/*
 * Has the session temporary objects?  How an expression of keys calls its functions is decided
 * when its state is made: when this changes that has to be made again.
 */
extern bool query_guard_has_temporary(void);

/* Is this a function that a query does not call?  One of PostgreSQL's own may be, too. */
extern bool query_guard_refuses(Oid function_id);

/* The same of one that is called by its name. */
extern bool query_guard_refuses_call(Oid function_id);

/* Raises that such a function is not called; caller says by what it would be, or is NULL. */
extern void query_guard_refuse(Oid function_id, const char *caller) __attribute__((noreturn));

#endif
