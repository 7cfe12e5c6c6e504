/*-------------------------------------------------------------------------
 *
 * query_guard.h
 *	  Keeps a rule's query from calling functions that the writer's session misleads.
 *
 * A function is asked for when it is called, by whatever: casts, domains, policies and
 * operators call some that stand in no query.  It is refused
 *
 * - if it looks up names itself, and has no search path of its own that ends with pg_temp.
 *	 PostgreSQL searches the temporary schema before others where a path does not name it: there
 *	 the writer could have put a view that runs his code.  And what a function has found by the
 *	 path of whoever called it first is kept in the session: the types of PL/pgSQL's variables,
 *	 plans;
 *
 * - in a transaction with a snapshot of its own (REPEATABLE READ, SERIALIZABLE), if it is
 *	 volatile, for then it does not see what others have committed since.
 *
 * Functions in C and PostgreSQL's own are not concerned.
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
 * What functions are refused for at present, as bits.  How an expression calls its functions
 * is decided when its state is made: by other bits that has to be made again.
 */
extern int	query_guard_reasons(void);

/*
 * Is this a function that looks up names itself, and has no search path of its own that ends
 * with pg_temp?
 */
extern bool query_guard_is_unpinned(Oid function_id);

/* Raises that such a function is not called. */
extern void query_guard_refuse_unpinned(Oid function_id) __attribute__((noreturn));

#endif
