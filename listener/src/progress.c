/*-------------------------------------------------------------------------
 *
 * progress.c
 *	  How far a target has come in the journal, and how far of that may be
 *	  acknowledged.
 *
 *-------------------------------------------------------------------------
 */
#include "progress.h"

#include <stdlib.h>
#include <string.h>

void
progress_init(Progress *progress)
{
	memset(progress, 0, sizeof(*progress));
}

void
progress_free(Progress *progress)
{
	free(progress->applied);
	free(progress->floor);
	free(progress->clean);
	progress_init(progress);
}

static bool
set_cursor(char **cursor, const char *value)
{
	char	   *copy = strdup(value);

	if (copy == NULL)
		return false;
	free(*cursor);
	*cursor = copy;
	return true;
}

static bool
set_clean(Progress *progress, const char *cursor)
{
	if (strcmp(progress->clean, cursor) == 0)
		return true;
	progress->is_ack_due = true;
	return set_cursor(&progress->clean, cursor);
}

bool
progress_start(Progress *progress, const char *cursor)
{
	progress->is_collecting = false;
	progress->is_passing = false;
	progress->is_ack_due = false;
	return set_cursor(&progress->applied, cursor) &&
		set_cursor(&progress->clean, cursor);
}

bool
progress_apply(Progress *progress, const char *cursor, bool has_patterns)
{
	if (has_patterns && !progress->is_collecting)
	{
		if (!set_cursor(&progress->floor, progress->applied))
			return false;
		progress->is_collecting = true;
	}
	if (!set_cursor(&progress->applied, cursor))
		return false;
	return progress->is_collecting || progress->is_passing ||
		set_clean(progress, cursor);
}

void
progress_begin_pass(Progress *progress)
{
	progress->is_passing = progress->is_collecting;
	progress->is_collecting = false;
}

bool
progress_end_pass(Progress *progress)
{
	progress->is_passing = false;
	return set_clean(progress, progress->is_collecting ? progress->floor
					 : progress->applied);
}

void
progress_acknowledge(Progress *progress)
{
	progress->is_ack_due = false;
}

bool
progress_is_complete(const Progress *progress)
{
	return !progress->is_collecting && !progress->is_passing &&
		!progress->is_ack_due;
}
