/*-------------------------------------------------------------------------
 *
 * builtin_function.h
 *	  Which of PostgreSQL's own functions a rule's query does not call.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_BUILTIN_FUNCTION_H
#define UNCACHE_BUILTIN_FUNCTION_H

/* Does it change something, be it in the writer's session alone?  False of what is no function of PostgreSQL's. */
extern bool builtin_function_has_effects(Oid function_id);

/* Does it run SQL, or make values of types, that it is given as text: what nobody has looked at? */
extern bool builtin_function_runs_text(Oid function_id);

/* Do values of its arguments, or its result, not exist in SQL, so that only PostgreSQL itself calls it? */
extern bool builtin_function_is_internal(Oid function_id);

/* Is it in SQL, and are the names in it looked up when it is called? */
extern bool builtin_function_looks_up_names(Oid function_id);

#endif
