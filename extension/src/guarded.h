/*-------------------------------------------------------------------------
 *
 * guarded.h
 *	  Calls something that may fail without letting the failure out.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_GUARDED_H
#define UNCACHE_GUARDED_H

typedef void (*GuardedFunction) (void *argument);

/*
 * Calls function(argument) in a subtransaction, which an error rolls back.
 * Returns NULL, or the error in the caller's memory context.  A query
 * cancellation is not caught: the user wants the statement to end.
 */
extern ErrorData *guarded_call(GuardedFunction function, void *argument);

#endif
