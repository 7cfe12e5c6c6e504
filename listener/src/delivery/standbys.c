/*-------------------------------------------------------------------------
 *
 * standbys.c
 *	  How far the standbys of a target have replayed what it has deleted.
 *
 *-------------------------------------------------------------------------
 */
#include "delivery/standbys.h"

#include <stdlib.h>
#include <string.h>

/* --- who they are --- */

/* The first of the name that comes at or behind the index; NULL if there is none. */
static Standby *
find(Standbys *standbys, const char *name, size_t index)
{
	for (; index < standbys->known_count; index++)
		if (strcmp(standbys->known[index].name, name) == 0)
			return &standbys->known[index];
	return NULL;
}

/* NULL if memory is exhausted.  The name is cut as PostgreSQL cuts it. */
static Standby *
add(Standbys *standbys, const char *name, size_t name_bytes)
{
	Standby    *known = realloc(standbys->known,
								(standbys->known_count + 1) * sizeof(*known));
	Standby    *standby;

	if (known == NULL)
		return NULL;
	standbys->known = known;
	standby = &known[standbys->known_count++];
	memset(standby, 0, sizeof(*standby));
	if (name_bytes > CONFIG_STANDBY_NAME_MAX)
		name_bytes = CONFIG_STANDBY_NAME_MAX;
	memcpy(standby->name, name, name_bytes);
	standby->is_further = find(standbys, standby->name, 0) != standby;
	return standby;
}

bool
standbys_init(Standbys *standbys, const char *names, int64_t timeout_ms)
{
	memset(standbys, 0, sizeof(*standbys));
	standbys->timeout_ms = timeout_ms;
	standbys->is_any = names != NULL && strcmp(names, "any") == 0;
	while (names != NULL && !standbys->is_any)
	{
		size_t		name_bytes = strcspn(names, ",");
		const Standby *standby = add(standbys, names, name_bytes);

		if (standby == NULL)
			return false;
		/* named twice, it is known already */
		if (standby->is_further)
			standbys->known_count--;
		names = names[name_bytes] == ',' ? names + name_bytes + 1 : NULL;
	}
	return true;
}

void
standbys_free(Standbys *standbys)
{
	standbys_reset(standbys);
	free(standbys->known);
	memset(standbys, 0, sizeof(*standbys));
}

/* --- marks --- */

/* Drops those from "first" on before "end". */
static void
drop_marks(Standbys *standbys, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++)
		free(standbys->marks[i].cursor);
	memmove(&standbys->marks[first], &standbys->marks[end],
			(standbys->mark_count - end) * sizeof(standbys->marks[0]));
	standbys->mark_count -= end - first;
}

void
standbys_reset(Standbys *standbys)
{
	drop_marks(standbys, 0, standbys->mark_count);
	free(standbys->released);
	standbys->released = NULL;
	/* what was to be replayed may have been of another server */
	for (size_t i = 0; i < standbys->known_count; i++)
	{
		standbys->known[i].replayed = standbys->known[i].goal = 0;
		standbys->known[i].is_connected = false;
	}
}

/*
 * Drops the mark that leaves the smallest gap; the next one says at least what it
 * says.  Never the oldest, which tells how long somebody has been waited for.
 */
static void
thin_out(Standbys *standbys)
{
	size_t		dropped = 1;
	int64_t		smallest_ms = INT64_MAX;

	for (size_t i = 1; i + 1 < standbys->mark_count; i++)
	{
		int64_t		gap_ms = standbys->marks[i + 1].taken_ms - standbys->marks[i - 1].taken_ms;

		if (gap_ms < smallest_ms)
		{
			smallest_ms = gap_ms;
			dropped = i;
		}
	}
	drop_marks(standbys, dropped, dropped + 1);
}

static bool
push_mark(Standbys *standbys, const char *cursor, uint64_t position, int64_t now_ms)
{
	char	   *copy = strdup(cursor);
	StandbyMark *mark;

	if (copy == NULL)
		return false;
	if (standbys->mark_count == STANDBYS_MARK_MAX)
		thin_out(standbys);
	mark = &standbys->marks[standbys->mark_count++];
	mark->cursor = copy;
	mark->position = position;
	mark->taken_ms = now_ms;
	return true;
}

/* --- answers --- */

bool
standbys_take(Standbys *standbys, const char *name, uint64_t replayed)
{
	Standby    *standby = find(standbys, name, 0);
	bool		is_meant = standbys->is_any || standby != NULL;

	/* the next of its name that this answer has not told of */
	while (standby != NULL && standby->is_connected)
		standby = find(standbys, name, (size_t) (standby - standbys->known) + 1);
	if (!is_meant)
		return true;
	if (standby == NULL)
		standby = add(standbys, name, strlen(name));
	if (standby == NULL)
		return false;
	standby->is_connected = true;
	standby->replayed = replayed;
	return true;
}

/* The oldest mark that it has not replayed is the one that may have waited too long. */
static bool
has_waited_too_long(const Standbys *standbys, const Standby *standby, int64_t now_ms)
{
	for (size_t i = 0; i < standbys->mark_count; i++)
	{
		const StandbyMark *mark = &standbys->marks[i];

		if (standby->replayed < mark->position)
			return now_ms - mark->taken_ms >= standbys->timeout_ms;
	}
	return false;
}

/* position: one that was just taken, or 0. */
static void
judge(const Standbys *standbys, Standby *standby, uint64_t position, int64_t now_ms)
{
	bool		is_in_time = now_ms - standby->goal_ms < standbys->timeout_ms;

	standby->news = STANDBY_NO_NEWS;
	if (standby->is_connected || !standby->is_late)
		standby->gone_ms = now_ms;
	if (!standby->is_late)
	{
		if (!has_waited_too_long(standbys, standby, now_ms))
			return;
		standby->is_late = true;
		standby->goal = 0;
		standby->news = STANDBY_IS_LATE;
	}
	else if (standby->goal > 0 && is_in_time && standby->replayed >= standby->goal)
	{
		standby->is_late = false;
		standby->news = STANDBY_IS_BACK;
	}
	else if (position > 0 && (standby->goal == 0 || !is_in_time))
	{
		standby->goal = position;
		standby->goal_ms = now_ms;
	}
}

static bool
is_released(const Standbys *standbys, const StandbyMark *mark)
{
	for (size_t i = 0; i < standbys->known_count; i++)
		if (!standbys->known[i].is_late && standbys->known[i].replayed < mark->position)
			return false;
	return true;
}

static void
release(Standbys *standbys)
{
	size_t		count = 0;

	while (count < standbys->mark_count && is_released(standbys, &standbys->marks[count]))
		count++;
	if (count == 0)
		return;
	free(standbys->released);
	standbys->released = standbys->marks[count - 1].cursor;
	standbys->marks[count - 1].cursor = NULL;
	drop_marks(standbys, 0, count);
}

bool
standbys_end_answer(Standbys *standbys, const char *cursor, uint64_t position,
					int64_t now_ms)
{
	if (position > 0 && cursor != NULL && !push_mark(standbys, cursor, position, now_ms))
		return false;
	for (size_t i = 0; i < standbys->known_count; i++)
		judge(standbys, &standbys->known[i], position, now_ms);
	release(standbys);
	return true;
}

static bool
is_forgotten(const Standbys *standbys, const Standby *standby, int64_t now_ms)
{
	if (!standby->is_late || standby->is_connected)
		return false;
	return standbys->is_any ||
		(standby->is_further && now_ms - standby->gone_ms >= standbys->timeout_ms);
}

bool
standbys_clear_news(Standbys *standbys, int64_t now_ms)
{
	size_t		kept = 0;
	bool		was_late = false;

	for (size_t i = 0; i < standbys->known_count; i++)
	{
		Standby    *standby = &standbys->known[i];

		if (is_forgotten(standbys, standby, now_ms))
		{
			was_late |= standby->news != STANDBY_IS_LATE;
			continue;
		}
		standbys->known[kept] = *standby;
		standbys->known[kept].news = STANDBY_NO_NEWS;
		/* the next answer says who is there */
		standbys->known[kept].is_connected = false;
		standbys->known[kept++].replayed = 0;
	}
	standbys->known_count = kept;
	return was_late;
}

bool
standbys_has_late(const Standbys *standbys)
{
	for (size_t i = 0; i < standbys->known_count; i++)
		if (standbys->known[i].is_late)
			return true;
	return false;
}
