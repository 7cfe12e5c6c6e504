/*-------------------------------------------------------------------------
 *
 * progress.h
 *	  How far a target has come in the journal, and how far of that may be
 *	  acknowledged.
 *
 * Names of a batch are done away with at once; its patterns are collected for
 * the next scan pass, which may take long.  A cursor may be acknowledged when no
 * batch before it has patterns that are collected or in the running pass.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_PROGRESS_H
#define UNCACHED_PROGRESS_H

#include <stdbool.h>

typedef struct Progress
{
	char	   *applied;		/* owned; every key before it is deleted */
	char	   *floor;			/* owned; before the first batch with
								 * collected patterns */
	char	   *clean;			/* owned; every key and pattern before it is
								 * done */
	bool		is_collecting;	/* collected patterns wait for a pass */
	bool		is_passing;		/* a pass with formerly collected patterns
								 * runs */
	bool		is_ack_due;		/* clean is newer than the last
								 * acknowledgement */
} Progress;

/* Prepares caller's storage. */
extern void progress_init(Progress *progress);
extern void progress_free(Progress *progress);

/*
 * All of the following that return bool are false if memory is exhausted;
 * then the progress must be started again before it is used.
 */

/* The database says that everything before the cursor is done. */
extern bool progress_start(Progress *progress, const char *cursor)
			__attribute__((warn_unused_result));

/*
 * The keys of the batch that ends at the cursor are deleted; its patterns, if
 * it has any, were collected.
 */
extern bool progress_apply(Progress *progress, const char *cursor, bool has_patterns)
			__attribute__((warn_unused_result));

/* All collected patterns went into a pass; only while none runs. */
extern void progress_begin_pass(Progress *progress);

/* That pass is complete. */
extern bool progress_end_pass(Progress *progress)
			__attribute__((warn_unused_result));

/* The clean cursor was acknowledged, or is about to be. */
extern void progress_acknowledge(Progress *progress);

/* Is all that was applied clean, and acknowledged? */
extern bool progress_is_complete(const Progress *progress);

#endif
