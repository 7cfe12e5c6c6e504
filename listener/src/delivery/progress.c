/*-------------------------------------------------------------------------
 *
 * progress.c
 *	  How far a target has come in the journal, and how far of that may be
 *	  acknowledged.
 *
 * Cursors cannot be compared; marks can, by the order in which the reader came
 * by them.  Where a round is inside what was skipped is not such a place: the
 * mark of the skipped moves from one end of a round to the next.
 *
 *-------------------------------------------------------------------------
 */
#include "delivery/progress.h"

#include <stdlib.h>
#include <string.h>

/* --- marks --- */

static bool
is_set(const ProgressMark *mark)
{
	return mark->cursor != NULL;
}

static void
clear(ProgressMark *mark)
{
	free(mark->cursor);
	mark->cursor = NULL;
}

static bool
set(ProgressMark *mark, const char *cursor, uint64_t order)
{
	char	   *copy = strdup(cursor);

	if (copy == NULL)
		return false;
	free(mark->cursor);
	mark->cursor = copy;
	mark->order = order;
	return true;
}

static void
move(ProgressMark *to, ProgressMark *from)
{
	clear(to);
	*to = *from;
	from->cursor = NULL;
}

/* The mark becomes the other one if that is earlier, or if there is none yet. */
static bool
set_earlier(ProgressMark *mark, const ProgressMark *other)
{
	if (is_set(mark) && mark->order <= other->order)
		return true;
	return set(mark, other->cursor, other->order);
}

/* --- lifetime --- */

static void
clear_lane(ProgressLane *lane)
{
	clear(&lane->collected);
	clear(&lane->running);
	clear(&lane->skipped);
	clear(&lane->round);
	lane->skipped_until = lane->tried = 0;
}

void
progress_init(Progress *progress)
{
	memset(progress, 0, sizeof(*progress));
}

void
progress_free(Progress *progress)
{
	for (LaneKind lane = 0; lane < LANE_COUNT; lane++)
		clear_lane(&progress->lanes[lane]);
	clear(&progress->applied);
	clear(&progress->clean);
	progress_init(progress);
}

bool
progress_start(Progress *progress, const char *cursor)
{
	for (LaneKind lane = 0; lane < LANE_COUNT; lane++)
		clear_lane(&progress->lanes[lane]);
	progress->is_ack_due = false;
	return set(&progress->applied, cursor, 0) && set(&progress->clean, cursor, 0);
}

/* --- what is clean --- */

static const ProgressMark *
earlier_of(const ProgressMark *mark, const ProgressMark *other)
{
	return is_set(other) && other->order < mark->order ? other : mark;
}

static bool
update_clean(Progress *progress)
{
	const ProgressMark *first = &progress->applied;

	for (LaneKind kind = 0; kind < LANE_COUNT; kind++)
	{
		const ProgressLane *lane = &progress->lanes[kind];

		first = earlier_of(first, &lane->collected);
		first = earlier_of(first, &lane->running);
		first = earlier_of(first, &lane->skipped);
	}
	if (strcmp(progress->clean.cursor, first->cursor) == 0)
	{
		progress->clean.order = first->order;
		return true;
	}
	progress->is_ack_due = true;
	return set(&progress->clean, first->cursor, first->order);
}

/* --- batches --- */

bool
progress_collect(Progress *progress, LaneKind kind)
{
	ProgressLane *lane = &progress->lanes[kind];

	return set_earlier(&lane->collected,
					   is_set(&lane->skipped) ? &lane->skipped : &progress->applied);
}

bool
progress_skip(Progress *progress, LaneKind kind)
{
	ProgressLane *lane = &progress->lanes[kind];

	/* of the batch in hand, when it will have been applied */
	lane->skipped_until = progress->applied.order + 1;
	return is_set(&lane->skipped) || set_earlier(&lane->skipped, &progress->applied);
}

bool
progress_apply(Progress *progress, const char *cursor)
{
	return set(&progress->applied, cursor, progress->applied.order + 1) &&
		update_clean(progress);
}

/* --- runs --- */

void
progress_begin_run(Progress *progress, LaneKind kind)
{
	ProgressLane *lane = &progress->lanes[kind];

	move(&lane->running, &lane->collected);
}

bool
progress_end_run(Progress *progress, LaneKind kind)
{
	clear(&progress->lanes[kind].running);
	return update_clean(progress);
}

bool
progress_hand_on(Progress *progress, LaneKind from, LaneKind to)
{
	const ProgressLane *left = &progress->lanes[from];
	const ProgressMark *marks[] = {&left->running, &left->collected, &left->skipped};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (is_set(marks[i]) && !set_earlier(&progress->lanes[to].collected, marks[i]))
			return false;
	return true;
}

/* --- rounds --- */

bool
progress_has_skipped(const Progress *progress, LaneKind lane)
{
	return is_set(&progress->lanes[lane].skipped);
}

bool
progress_has_tried(const Progress *progress)
{
	for (LaneKind kind = 0; kind < LANE_COUNT; kind++)
	{
		const ProgressLane *lane = &progress->lanes[kind];

		if (is_set(&lane->skipped) && lane->tried == progress->applied.order)
			return true;
	}
	return false;
}

bool
progress_is_in_round(const Progress *progress, LaneKind lane)
{
	return is_set(&progress->lanes[lane].round);
}

bool
progress_wants_round(const Progress *progress, LaneKind kind)
{
	const ProgressLane *lane = &progress->lanes[kind];

	return is_set(&lane->round) ||
		(is_set(&lane->skipped) && progress->applied.order > lane->skipped.order &&
		 progress->applied.order > lane->tried);
}

bool
progress_begin_round(Progress *progress, LaneKind kind)
{
	return set_earlier(&progress->lanes[kind].round, &progress->applied);
}

const char *
progress_round_begin(const Progress *progress, LaneKind lane)
{
	return progress->lanes[lane].skipped.cursor;
}

const char *
progress_round_end(const Progress *progress, LaneKind lane)
{
	return progress->lanes[lane].round.cursor;
}

bool
progress_end_round(Progress *progress, LaneKind kind, bool is_whole)
{
	ProgressLane *lane = &progress->lanes[kind];

	if (!is_whole)
	{
		lane->tried = lane->round.order;
		clear(&lane->round);
	}
	else if (lane->round.order >= lane->skipped_until)
	{
		clear(&lane->round);
		clear(&lane->skipped);
	}
	else
		move(&lane->skipped, &lane->round);
	return update_clean(progress);
}

/* --- acknowledging --- */

void
progress_acknowledge(Progress *progress)
{
	progress->is_ack_due = false;
}

bool
progress_is_complete(const Progress *progress)
{
	for (LaneKind kind = 0; kind < LANE_COUNT; kind++)
	{
		const ProgressLane *lane = &progress->lanes[kind];

		if (is_set(&lane->collected) || is_set(&lane->running) || is_set(&lane->skipped))
			return false;
	}
	return !progress->is_ack_due;
}
