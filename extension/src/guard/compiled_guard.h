/*-------------------------------------------------------------------------
 *
 * compiled_guard.h
 *	  Keeps functions in PL/pgSQL that make keys from types that the writer has chosen for them.
 *
 * PL/pgSQL keeps functions compiled for all of a session.  The types of their variables are
 * what the search path made of their names for whoever was the first to call them: a schema
 * that he may not use is passed over, and a temporary type taken in its place.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_COMPILED_GUARD_H
#define UNCACHE_COMPILED_GUARD_H

/* Once in a session, when the library is loaded. */
extern void compiled_guard_init(void);

/*
 * While expressions of keys are guarded, see guard_state.h, each call of a function is refused that
 * has a variable of a temporary type, or of one that belongs to none of these: the function's owner,
 * a superuser, the table's owner.  An error ends that, too.
 */
extern void compiled_guard_enter(void);

/* After the security context is what it was: it may still be guarded. */
extern void compiled_guard_leave(void);

#endif
