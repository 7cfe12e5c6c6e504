/*-------------------------------------------------------------------------
 *
 * stagger_pace.h
 *	  How fast staggered keys are deleted: evenly, each herd within its time.
 *
 * A herd is what came together.  Herds go in the order in which they came; all of one
 * are gone at its deadline, and as slowly as that allows.  Times are loop_now_ms's.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_STAGGER_PACE_H
#define UNCACHED_STAGGER_PACE_H

#include <stddef.h>
#include <stdint.h>

/* More are merged into the last one. */
#define STAGGER_PACE_HERDS 32

typedef struct StaggerHerd
{
	int64_t		deadline_ms;
	size_t		key_count;		/* still there */
} StaggerHerd;

/* All zero is one without keys. */
typedef struct StaggerPace
{
	StaggerHerd herds[STAGGER_PACE_HERDS];	/* by deadline */
	size_t		herd_count;
	double		credit;			/* keys that may go, from 0 up */
	int64_t		credited_ms;	/* until when that was reckoned */
} StaggerPace;

/* So many keys have come, which have to be gone within_ms, at least 1, from now. */
extern void stagger_pace_add(StaggerPace *pace, size_t key_count, int64_t within_ms,
							 int64_t now_ms);

/* How long until the last deadline; 0 if no keys are there or it has passed. */
extern int64_t stagger_pace_left_ms(const StaggerPace *pace, int64_t now_ms);

/* How many keys may go now. */
extern size_t stagger_pace_due(StaggerPace *pace, int64_t now_ms);

/* So many have gone, be it more than were known. */
extern void stagger_pace_take(StaggerPace *pace, size_t key_count);

/* How long until the next is due, from 1 up; 0 if none is known to be there. */
extern int64_t stagger_pace_wait_ms(const StaggerPace *pace, int64_t now_ms);

#endif
