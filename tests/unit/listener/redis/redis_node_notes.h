/*-------------------------------------------------------------------------
 *
 * redis_node_notes.h
 *	  What a test gives to a Redis target, and what the target reported.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_NODE_NOTES_H
#define UNCACHED_REDIS_NODE_NOTES_H

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "redis/redis_node.h"

/* 250 keys are three commands. */
#define KEY_COUNT 250
#define KEY_COMMAND_COUNT 3

static Loop *loop;
static NameSets names;
static NameSets patterns;

static int	ready_count;
static int	placed_count;
static int	lost_count;
static int	apply_done_count;
static int	scan_done_count;
static RedisLane done_lane;		/* of the last apply_done */
static RedisLane needed_lane;	/* of the last needs_scan */
static char needed_scans[1024]; /* patterns, each with a newline behind it */

static void
note_ready(void *context)
{
	(void) context;
	ready_count++;
}

static void
note_placed(void *context)
{
	(void) context;
	placed_count++;
}

static void
note_lost(void *context)
{
	(void) context;
	lost_count++;
}

static void
note_needs_scan(void *context, RedisLane lane, const char *pattern, size_t pattern_bytes)
{
	(void) context;
	needed_lane = lane;
	strncat(needed_scans, pattern, pattern_bytes);
	strncat(needed_scans, "\n", sizeof(needed_scans) - strlen(needed_scans) - 1);
}

static void
note_apply_done(void *context, RedisLane lane)
{
	(void) context;
	done_lane = lane;
	apply_done_count++;
}

static void
note_scan_done(void *context)
{
	(void) context;
	scan_done_count++;
}

static const RedisTargetEvents events = {
	.ready = note_ready,
	.placed = note_placed,
	.lost = note_lost,
};

static const RedisWorkEvents work_events = {
	.needs_scan = note_needs_scan,
	.apply_done = note_apply_done,
	.scan_done = note_scan_done,
};

/* Only errors that cannot be helped: failures are what these tests make. */
static const Log silent = {LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT, NULL};

static inline void
add_name(NameSets *sets, NameKind kind, const char *name)
{
	ck_assert(keyset_add(&sets->of[kind], NULL, 0, name, strlen(name)));
}

/* key:0 and so on. */
static inline void
add_names(NameKind kind, int count)
{
	static const char *const heads[NAME_KIND_COUNT] = {
		[NAME_KEY] = "key",
		[NAME_TAG] = "tag",
		[NAME_VERSION] = "version",
		[NAME_STAGGERED] = "staggered",
		[NAME_SET] = "set",
		[NAME_CACHEOPS] = "image",
	};
	char		name[24];

	for (int i = 0; i < count; i++)
	{
		(void) snprintf(name, sizeof(name), "%s:%d", heads[kind] != NULL ? heads[kind] : "name", i);
		add_name(&names, kind, name);
	}
}

#endif
