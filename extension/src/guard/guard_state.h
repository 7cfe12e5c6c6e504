/*-------------------------------------------------------------------------
 *
 * guard_state.h
 *	  What is guarded at present, for whom, and what has been refused.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_GUARD_STATE_H
#define UNCACHE_GUARD_STATE_H

/*
 * Of the security context: whoever sets it is guarded until the context is another one,
 * after an error, too.  PostgreSQL has three bits of its own, and keeps what it does not know.
 */
#define GUARD_STATE_QUERY 0x4000

/* Another one, of expressions that make keys, and run as the writer. */
#define GUARD_STATE_KEYS 0x8000

/* The security context. */
extern int	guard_state_context(void);

/* The owner of the table that keys are made for; the setter returns the one before. */
extern Oid	guard_state_keys_owner(void);
extern Oid	guard_state_set_keys_owner(Oid role_id);

/*
 * How many calls have been refused in this session: a function that has caught the error
 * gives a result all the same, which is of no use.
 */
extern uint64 guard_state_refusals(void);

/* Whoever refuses a call says so, and raises. */
extern void guard_state_add_refusal(void);

/* Raises if there have been more since there were so many. */
extern void guard_state_check_refusals(uint64 before);

#endif
