/*-------------------------------------------------------------------------
 *
 * standbys.h
 *	  How far the standbys of a target have replayed what it has deleted.
 *
 * Pure: the caller has the clock, and asks the database.  A mark is a cursor in
 * the journal with a place in the WAL that was taken after everything before the
 * cursor could be seen.  It is released when every standby that is waited for has
 * replayed that place: then nobody reads there what was before.
 *
 * A standby that has not replayed a mark within the timeout is late, and no
 * longer waited for, until it has replayed a place that is younger than that.
 * Where all standbys are meant, one that has gone is waited for as long, and
 * then dropped.
 *
 * Several may have one name.  Which of them is which nobody tells, so that each of
 * an answer counts as one, the first as the first: where fewer are connected than
 * before, the last of them have gone.  They are waited for like others, are late for
 * as long again, and then dropped, but for one of each name that was given.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_STANDBYS_H
#define UNCACHED_STANDBYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

/* Beyond, one is dropped for each that comes: the next one stands for it. */
#define STANDBYS_MARK_MAX 128

typedef struct StandbyMark
{
	char	   *cursor;			/* owned */
	uint64_t	position;		/* in the WAL */
	int64_t		taken_ms;
} StandbyMark;

typedef enum StandbyNews
{
	STANDBY_NO_NEWS,
	STANDBY_IS_LATE,			/* from now on it is not waited for */
	STANDBY_IS_BACK				/* from now on it is */
} StandbyNews;

typedef struct Standby
{
	char		name[CONFIG_STANDBY_NAME_MAX + 1];
	bool		is_further;		/* not the first of its name */
	bool		is_connected;	/* by the last answer */
	uint64_t	replayed;		/* 0: it is not connected, or has not said */
	bool		is_late;
	StandbyNews news;			/* of the last answer */
	uint64_t	goal;			/* of a late one: what it has to replay */
	int64_t		goal_ms;		/* when that was taken */
	int64_t		gone_ms;		/* of a late one: since when it has not been
								 * connected */
} Standby;

typedef struct Standbys
{
	bool		is_any;			/* all that are connected are meant */
	int64_t		timeout_ms;
	Standby    *known;			/* owned */
	size_t		known_count;
	StandbyMark marks[STANDBYS_MARK_MAX];	/* the oldest first */
	size_t		mark_count;
	char	   *released;		/* owned; the cursor of the newest released
								 * mark since the last reset, or NULL */
} Standbys;

/*
 * Prepares caller's storage, to be freed by standbys_free, on false too: then
 * memory is exhausted.  names: as in TargetConfig; NULL is none.
 */
extern bool standbys_init(Standbys *standbys, const char *names, int64_t timeout_ms)
			__attribute__((warn_unused_result));
extern void standbys_free(Standbys *standbys);

/* Clears marks and what was released, not who is late. */
extern void standbys_reset(Standbys *standbys);

/*
 * An answer of the database: who is connected, in any number of calls, those of one name
 * in the order of what they have replayed, the most first; then the end.  position: a place that was taken after all before the cursor could be seen,
 * or 0; without a cursor (NULL) it makes no mark.  False if memory is exhausted:
 * reset then.
 */
extern bool standbys_take(Standbys *standbys, const char *name, uint64_t replayed)
			__attribute__((warn_unused_result));
extern bool standbys_end_answer(Standbys *standbys, const char *cursor, uint64_t position,
								int64_t now_ms)
			__attribute__((warn_unused_result));

/*
 * After the news of an answer were told; drops those that have gone.  Returns whether
 * one of them was late before this answer: then there are fewer now.
 */
extern bool standbys_clear_news(Standbys *standbys, int64_t now_ms);

extern bool standbys_has_late(const Standbys *standbys);

#endif
