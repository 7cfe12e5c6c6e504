/*-------------------------------------------------------------------------
 *
 * tail_source.h
 *	  What is invalidated, as PostgreSQL's journal has it: for --tail.
 *
 * Each look is a short transaction that only reads.  No consumer, no cursor in the database and no
 * lock outlasts it: the daemon and the trimming of the journal do not know of it.  Therefore the
 * journal may be trimmed before it was looked at, which is told.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_TAIL_SOURCE_H
#define UNCACHED_TAIL_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check/look_session.h"

typedef struct TailSource TailSource;

/* Texts are valid during the call, and whatever the database has. */
typedef struct TailRow
{
	const char *xid;
	int64_t		at_us;			/* since 1970; just before the commit */
	int64_t		age_ms;			/* since then, by PostgreSQL's clock */
	const char *target;			/* "" for all of them */
	const char *action;
	const char *key;			/* "" of a resync */
	size_t		key_bytes;
} TailRow;

typedef struct TailReader
{
	void		(*take) (void *context, const TailRow *row);

	/* Rows of transactions may be missing: reason says of which and why. */
	void		(*take_gap) (void *context, const char *reason);
	void	   *context;		/* borrowed */
} TailReader;

typedef enum TailOutcome
{
	TAIL_MUCH,					/* there may be more */
	TAIL_LITTLE,				/* or nothing: look again in a moment */
	TAIL_FAILED					/* as "problem" says; connect again */
} TailOutcome;

/* dsn and reader are borrowed.  NULL if memory is exhausted. */
extern TailSource *tail_source_create(const char *dsn, const TailReader *reader);
extern void tail_source_destroy(TailSource *source);

/*
 * Blocks.  The first one begins with what is committed from now on; the next ones go on where the last
 * session was, and tell a gap, since what a crash or another server has made of that is not known.
 */
extern bool tail_source_connect(TailSource *source, char problem[LOOK_PROBLEM_BYTES])
			__attribute__((warn_unused_result));

/* Blocks for some seconds at most. */
extern TailOutcome tail_source_look(TailSource *source, char problem[LOOK_PROBLEM_BYTES])
			__attribute__((warn_unused_result));

#endif
