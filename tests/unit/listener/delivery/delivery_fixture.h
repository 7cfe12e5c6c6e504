/*-------------------------------------------------------------------------
 *
 * delivery_fixture.h
 *	  A delivery between doubles of its source and target, which write down
 *	  what it asks for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_DELIVERY_FIXTURE_H
#define UNCACHED_DELIVERY_FIXTURE_H

#include <check.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/delivery.h"

/*
 * The linker takes these in place of the real source and target: they write
 * down what the delivery asks for, and the tests play the answers.
 */
static bool is_busy;			/* the source has an operation under way */
static bool is_ready;			/* the target */
static char asked[256];			/* what was asked for since the last look */
static size_t key_count;		/* of the names in the target's hands */
static size_t tag_count;		/* likewise */
static size_t version_count;	/* likewise */
static size_t image_count;		/* likewise */
static size_t staggered_count;	/* likewise */
static size_t pattern_count;	/* of the pass, of all kinds */

static inline void
ask(const char *what, const char *cursor)
{
	size_t		used = strlen(asked);

	(void) snprintf(asked + used, sizeof(asked) - used, "%s%s;", what, cursor);
}

static inline void
ask_source(const char *what, const char *cursor)
{
	ck_assert_msg(!is_busy, "%s while another operation is under way", what);
	is_busy = true;
	ask(what, cursor);
}

bool
journal_source_is_idle(const JournalSource *source)
{
	(void) source;
	return !is_busy;
}

void
journal_source_fetch(JournalSource *source, const char *cursor, size_t max_bytes,
					 bool sleep)
{
	(void) source;
	(void) max_bytes;
	ask_source(sleep ? "sleep " : "fetch ", cursor);
}

void
journal_source_ack(JournalSource *source, const char *cursor, int64_t repl_offset)
{
	char		place[32];

	(void) source;
	(void) snprintf(place, sizeof(place), repl_offset > 0 ? "ack@%" PRId64 " " : "ack ",
					repl_offset);
	ask_source(place, cursor);
}

void
journal_source_list_resync(JournalSource *source)
{
	(void) source;
	ask_source("list", "");
}

void
journal_source_resynced(JournalSource *source)
{
	(void) source;
	ask_source("resynced", "");
}

void
journal_source_trim(JournalSource *source, unsigned int max_rows)
{
	(void) source;
	(void) max_rows;
	ask_source("trim", "");
}

void
journal_source_fetch_until(JournalSource *source, const char *cursor, size_t max_bytes,
						   const char *until)
{
	char		what[32];

	(void) source;
	(void) max_bytes;
	(void) snprintf(what, sizeof(what), "again %s-", cursor);
	ask_source(what, until);
}

void
journal_source_ask_standbys(JournalSource *source, const char *names, bool mark)
{
	(void) source;
	(void) names;
	ask_source(mark ? "mark" : "replayed", "");
}

void
journal_source_report_late(JournalSource *source, const char *names)
{
	(void) source;
	ask_source("late ", names != NULL ? names : "none");
}

bool
redis_target_is_ready(const RedisTarget *target)
{
	(void) target;
	return is_ready;
}

void
redis_target_apply(RedisTarget *target, RedisLane lane, const NameSets *names)
{
	static const char *const asks[] = {"apply", "take", "stagger"};

	(void) target;
	ck_assert_uint_gt(name_sets_count(names), 0);
	if (lane == REDIS_LANE_QUICK)
	{
		key_count = names->of[NAME_KEY].key_count;
		version_count = names->of[NAME_VERSION].key_count;
		ck_assert_uint_eq(name_sets_count(names), key_count + version_count);
	}
	else if (lane == REDIS_LANE_STEPS)
	{
		tag_count = names->of[NAME_TAG].key_count;
		image_count = names->of[NAME_ROW].key_count;
		ck_assert_uint_eq(name_sets_count(names), tag_count + image_count);
	}
	else
	{
		staggered_count = names->of[NAME_STAGGERED].key_count;
		ck_assert_uint_eq(name_sets_count(names), staggered_count);
	}
	ask(asks[lane], "");
}

bool
redis_target_scan(RedisTarget *target, const NameSets *patterns)
{
	(void) target;
	pattern_count = name_sets_count(patterns);
	ask("scan", "");
	return true;
}

static int	history_restart_count;

void
redis_target_restart_history(RedisTarget *target)
{
	(void) target;
	history_restart_count++;
}

const KeyTally *
redis_target_keys(const RedisTarget *target)
{
	static const KeyTally none;

	(void) target;
	return &none;
}

static bool may_sweep;

void
redis_target_allow_sweep(RedisTarget *target, bool is_allowed)
{
	(void) target;
	may_sweep = is_allowed;
}

void
redis_target_abandon(RedisTarget *target)
{
	(void) target;
}

/* --- the delivery under test --- */

static Loop *loop;
static Delivery *delivery;
static int	drained_count;
static int	finished_count;

static inline void
note_drained(void *context)
{
	(void) context;
	drained_count++;
}

static inline void
note_finished(void *context)
{
	(void) context;
	finished_count++;
}

static inline void
fail_exhausted(void *context)
{
	(void) context;
	ck_abort_msg("out of memory");
}

static const DeliveryEvents events = {note_drained, note_finished, fail_exhausted};
static const Log silent = {LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT, NULL};
static char alias[] = "default";
static char prefix[] = "";
static TargetConfig config = {.alias = alias,.prefix = prefix};

static inline void
start(void)
{
	DeliveryParts parts = {.log = &silent,.config = &config,.seed = 1};

	loop = loop_create();
	ck_assert_ptr_nonnull(loop);
	parts.loop = loop;
	delivery = delivery_create(&parts, &events, NULL);
	ck_assert_ptr_nonnull(delivery);
	is_busy = false;
	is_ready = true;
	asked[0] = '\0';
	drained_count = finished_count = 0;
}

static inline void
stop(void)
{
	delivery_destroy(delivery);
	loop_destroy(loop);
}

/* What was asked for since the last call, in its order. */
static inline void
expect(const char *what)
{
	ck_assert_str_eq(asked, what);
	asked[0] = '\0';
}

static inline void
begin(void)
{
	delivery_start(delivery, "0", false, "");
}

/* --- answers --- */

/* Rows with one key each, and one pattern if has_pattern. */
static inline void
answer_fetch(const char *cursor, size_t row_count, bool has_pattern)
{
	JournalFetch fetch = {.cursor = cursor,.row_count = row_count};

	is_busy = false;
	for (size_t i = 0; i < row_count; i++)
		ck_assert(delivery_take_invalidation(delivery, JOURNAL_ACTION_KEYS, row_count,
											 (const char *) &i, sizeof(i)));
	if (has_pattern)
		ck_assert(delivery_take_invalidation(delivery, JOURNAL_ACTION_PATTERNS, 1, "a*", 2));
	delivery_take_fetch(delivery, &fetch);
}

static inline void
answer_empty(const char *cursor)
{
	answer_fetch(cursor, 0, false);
}

static inline void
answer_ack(void)
{
	is_busy = false;
	delivery_take_ack(delivery);
}

static inline void
answer_trim(int64_t row_count)
{
	is_busy = false;
	delivery_take_trim(delivery, row_count);
}

static inline void
answer_resync_list(bool has_key, bool has_pattern)
{
	is_busy = false;
	if (has_key)
		ck_assert(delivery_take_invalidation(delivery, JOURNAL_ACTION_KEYS, 0, "k", 1));
	if (has_pattern)
		ck_assert(delivery_take_invalidation(delivery, JOURNAL_ACTION_PATTERNS, 0, "p*", 2));
	delivery_take_resync_list(delivery);
}

static inline void
set_ready(bool ready)
{
	is_ready = ready;
	delivery_take_target_change(delivery);
}

#endif
