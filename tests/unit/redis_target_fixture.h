/*-------------------------------------------------------------------------
 *
 * redis_target_fixture.h
 *	  A Redis target in front of a scripted server, and what it reported.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_REDIS_TARGET_FIXTURE_H
#define UNCACHED_REDIS_TARGET_FIXTURE_H

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "redis_target.h"
#include "scripted_redis.h"

/* 250 keys are three commands. */
#define KEY_COUNT 250
#define KEY_COMMAND_COUNT 3

static Loop *loop;
static ScriptedRedis server;
static RedisTarget *target;
static NameSets names;
static NameSets patterns;

static int64_t scan_rate;		/* 0 without bound */

static int	ready_count;
static int	lost_count;
static int	apply_done_count;
static int	scan_done_count;

/* What the scripted server does wrong, once: see the tests. */
static int	bad_command;		/* number of the one that is answered badly */
static const char *bad_reply;	/* NULL is silence */
static bool bad_hang_up;		/* after the bad reply */

static int	command_count;		/* over all connections */

static void
note_ready(void *context)
{
	(void) context;
	ready_count++;
}

static void
note_lost(void *context)
{
	(void) context;
	lost_count++;
}

static void
note_apply_done(void *context)
{
	(void) context;
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
	.lost = note_lost,
	.apply_done = note_apply_done,
	.scan_done = note_scan_done,
};

/* Only errors that cannot be helped: failures are what these tests make. */
static const Log silent = {LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT, -1};

static inline void
add_name(NameSets *sets, NameKind kind, const char *name)
{
	ck_assert(keyset_add(&sets->of[kind], NULL, 0, name, strlen(name)));
}

/* key:0 and so on. */
static inline void
add_names(NameKind kind, int count)
{
	static const char *const heads[] = {"key", "tag", "version"};
	char		name[24];

	for (int i = 0; i < count; i++)
	{
		(void) snprintf(name, sizeof(name), "%s:%d", heads[kind], i);
		add_name(&names, kind, name);
	}
}

static inline void
start(ScriptedRedisAnswer answer)
{
	RedisTargetSettings settings = {
		.alias = "default",
		.timeouts = {5000, 100},
		.backoff_first_ms = 1,
		.backoff_cap_ms = 5,
		.scan_rate = scan_rate,
		.seed = 1,
	};

	loop = loop_create();
	ck_assert_ptr_nonnull(loop);
	scripted_redis_start(&server, loop, answer);
	settings.url = &server.url;
	target = redis_target_create(loop, &silent, &settings, &events, NULL);
	ck_assert_ptr_nonnull(target);
	name_sets_init(&names, 1);
	name_sets_init(&patterns, 1);
	ready_count = lost_count = apply_done_count = scan_done_count = 0;
	command_count = 0;
	redis_target_start(target);
}

static inline void
stop(void)
{
	redis_target_destroy(target);
	scripted_redis_stop(&server);
	loop_destroy(loop);
	name_sets_free(&names);
	name_sets_free(&patterns);
}

#endif
