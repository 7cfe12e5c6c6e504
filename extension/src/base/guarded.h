/*-------------------------------------------------------------------------
 *
 * guarded.h
 *	  Calls something that may fail without letting the failure out.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHE_GUARDED_H
#define UNCACHE_GUARDED_H

#define GUARDED_TEXT_BYTES 1000

typedef void (*GuardedFunction) (void *argument);

/*
 * Calls function(argument) in a subtransaction, which an error rolls back.
 * Returns NULL, or the error in the caller's memory context.  Not caught is what
 * ends the statement whatever is done here: an interrupt, which is told by who
 * raised it, not by its code; and a failure of serializability, after which the
 * transaction cannot commit any more.  Its texts are cut to GUARDED_TEXT_BYTES.
 */
extern ErrorData *guarded_call(GuardedFunction function, void *argument);

/*
 * The same for whoever only looks: the subtransaction is rolled back in any case, and gives
 * up what it has locked.  What function() leaves must be in the caller's memory context.
 */
extern ErrorData *guarded_look(GuardedFunction function, void *argument);

/* Why a call failed. */
typedef enum GuardedFailure
{
	GUARDED_BROKEN,				/* what was called is wrong, for all we know */
	/* with these it may succeed the next time: */
	GUARDED_LOCK_TIMEOUT,
	GUARDED_DEADLOCK,
	GUARDED_CONCURRENT_UPDATE,	/* a serialization failure of one statement */
	GUARDED_OUT_OF_MEMORY
} GuardedFailure;

extern GuardedFailure guarded_classify(const ErrorData *error);

#endif
