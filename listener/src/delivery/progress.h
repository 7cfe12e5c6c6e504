/*-------------------------------------------------------------------------
 *
 * progress.h
 *	  How far a target has come in the journal, and how far of that may be
 *	  acknowledged.
 *
 * Keys of a batch are deleted at once.  What takes longer goes by lanes, which
 * lag behind: names wait there until they are worked on.  A lane that has no
 * room skips a batch, and fetches it again later, in rounds.  A cursor may be
 * acknowledged when no lane has anything left that came before it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_PROGRESS_H
#define UNCACHED_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

typedef enum LaneKind
{
	LANE_STEPS,					/* sets and rows, deleted step by step */
	LANE_STAGGERED,				/* keys, deleted one after the other */
	LANE_PASS,					/* patterns, which are looked for by scanning */
	LANE_COUNT
} LaneKind;

/* Where the reader of the journal once was. */
typedef struct ProgressMark
{
	char	   *cursor;			/* owned; NULL if there is no such mark */
	uint64_t	order;			/* a later mark has a greater one */
} ProgressMark;

/* Each mark stands before the first batch of which something is left there. */
typedef struct ProgressLane
{
	ProgressMark collected;		/* waits for the next run */
	ProgressMark running;		/* is in the run */
	ProgressMark skipped;		/* has to be fetched again */
	ProgressMark round;			/* how far it is being fetched again */
	uint64_t	skipped_until;	/* order of the last batch that was skipped */
	uint64_t	tried;			/* order of the end of a round that was not
								 * reached; another one goes further */
} ProgressLane;

typedef struct Progress
{
	ProgressMark applied;		/* every key before it is deleted */
	ProgressMark clean;			/* everything before it is done */
	ProgressLane lanes[LANE_COUNT];
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
 * Names of the batch in hand, which progress_apply has not been called for, wait
 * in the lane; or, while the lane fetches again what it had skipped, names of that.
 */
extern bool progress_collect(Progress *progress, LaneKind lane)
			__attribute__((warn_unused_result));

/* Names of the batch in hand are not taken in by the lane. */
extern bool progress_skip(Progress *progress, LaneKind lane)
			__attribute__((warn_unused_result));

/* The keys of the batch in hand, which ends at the cursor, are deleted. */
extern bool progress_apply(Progress *progress, const char *cursor)
			__attribute__((warn_unused_result));

/* All that waits in the lane goes into a run; only while none is under way. */
extern void progress_begin_run(Progress *progress, LaneKind lane);

/* That run is complete. */
extern bool progress_end_run(Progress *progress, LaneKind lane)
			__attribute__((warn_unused_result));

/*
 * What is left in a lane is done only when another one has done what waits there as well: its
 * run has found that, or it will find nothing any more (delivery_lanes.c).
 */
extern bool progress_hand_on(Progress *progress, LaneKind from, LaneKind to)
			__attribute__((warn_unused_result));

/* Has the lane skipped something, so that it must skip what follows as well? */
extern bool progress_has_skipped(const Progress *progress, LaneKind lane);

/*
 * Is there something to fetch again?  A round goes from where the last one
 * ended (first: from progress_round_begin()) to progress_round_end(), both borrowed.
 */
extern bool progress_wants_round(const Progress *progress, LaneKind lane);
extern bool progress_begin_round(Progress *progress, LaneKind lane)
			__attribute__((warn_unused_result));
extern bool progress_is_in_round(const Progress *progress, LaneKind lane);
extern const char *progress_round_begin(const Progress *progress, LaneKind lane);
extern const char *progress_round_end(const Progress *progress, LaneKind lane);

/* Does a lane wait for the reader to go further, so that a round can reach its end? */
extern bool progress_has_tried(const Progress *progress);

/*
 * The round has fetched all that can be fetched.  is_whole: its end was reached;
 * else a transaction that reaches beyond it is left for a later round.
 */
extern bool progress_end_round(Progress *progress, LaneKind lane, bool is_whole)
			__attribute__((warn_unused_result));

/* The clean cursor was acknowledged, or is about to be. */
extern void progress_acknowledge(Progress *progress);

/* Is all that was applied clean, and acknowledged? */
extern bool progress_is_complete(const Progress *progress);

#endif
