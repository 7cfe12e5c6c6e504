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

/*
 * Of the security context: whoever sets it is guarded until the context is another one,
 * after an error, too.  PostgreSQL has three bits of its own, and keeps what it does not know.
 */
#define QUERY_GUARD_CONTEXT 0x4000

/*
 * Another one, of expressions that run as the writer, who must not choose other keys by what
 * he has put into the temporary schema.  There only a function is refused whose own search path
 * lets PostgreSQL search that first: without one no name is found in any other schema either.
 */
#define QUERY_GUARD_KEYS_CONTEXT 0x8000

typedef struct QueryGuardKeys
{
	int			security_context;
	Oid			owner_id;
} QueryGuardKeys;

/*
 * Enters that for keys of a relation; what was before, for query_guard_leave_keys(), or an
 * error.
 */
extern QueryGuardKeys query_guard_enter_keys(Oid relation_id);
extern void query_guard_leave_keys(QueryGuardKeys before);

/* Is either in force? */
extern bool query_guard_is_in_force(void);

/* If so: is this role the author, or for keys the relation's owner? */
extern bool query_guard_is_trusted(Oid role_id);

/* Once in a session, when the library is loaded. */
extern void query_guard_init(void);

/*
 * What functions are refused for at present, as bits.  How an expression calls its functions
 * is decided when its state is made: by other bits that has to be made again.
 */
extern int	query_guard_reasons(void);

/*
 * How many calls have been refused in this session: a function that has caught the error
 * gives a result all the same, which is of no use.
 */
extern uint64 query_guard_refusals(void);

/* Raises if there have been more since there were so many. */
extern void query_guard_check_refusals(uint64 before);

/*
 * Is this a function that looks up names itself, and has no search path of its own that ends
 * with pg_temp?
 */
extern bool query_guard_is_unpinned(Oid function_id);

/* Raises that a function is not called which has a variable of such a type. */
extern void query_guard_refuse_type(Oid function_id, Oid type_id) __attribute__((noreturn));

/* Raises that such a function is not called. */
extern void query_guard_refuse_unpinned(Oid function_id) __attribute__((noreturn));

#endif
