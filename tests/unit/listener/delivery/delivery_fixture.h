/*-------------------------------------------------------------------------
 *
 * delivery_fixture.h
 *	  A delivery between doubles of its journal source and its Redis target.
 *
 * The linker takes the functions that are defined here in place of those of
 * journal_source.c and redis_target.c.  They do nothing but write down in
 * fixture.asked what the delivery asks for, one word for each call.  A test plays
 * the other side:
 *
 *	start();						the delivery, without a session
 *	begin();						a session, attached at cursor "0"
 *	expect("fetch 0;");				what it has asked for since the last look
 *	answer_fetch("1", 3, false);	three rows, up to cursor "1"
 *	expect("apply;fetch 1;");		given to Redis; and the journal again
 *	redis_finishes(REDIS_LANE_QUICK);
 *	expect("ack 1;");
 *	stop();
 *
 * The journal does one operation at a time: a second one fails the test until the
 * first is answered.  answer_...() answers it; journal_...() and redis_...() are the bare events.
 * Nothing runs by itself: loop_turn(fixture.loop, ...) lets timers fire.
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

typedef struct DeliveryFixture
{
	/* the delivery under test, and what it has told its owner */
	Loop	   *loop;
	Delivery   *delivery;
	TargetConfig config;		/* to be changed before start() */
	int			drained_count;
	int			finished_count;

	/* what it has asked both doubles for since the last expect() */
	char		asked[256];

	/* the journal */
	bool		is_busy;		/* an operation is under way */
	const JournalWorkEvents *journal;	/* the delivery's */
	void	   *journal_context;

	/* Redis */
	bool		is_ready;
	bool		may_sweep;
	int			history_restart_count;
	const RedisWorkEvents *redis;	/* the delivery's */
	void	   *redis_context;
	size_t		key_count;		/* of the names in hand, by their kinds */
	size_t		tag_count;
	size_t		version_count;
	size_t		image_count;
	size_t		staggered_count;
	size_t		pattern_count;	/* of the pass, of all kinds */
} DeliveryFixture;

static char alias[] = "default";
static char prefix[] = "";
static DeliveryCounters counters;
static RedisCounters redis_counters;
static DeliveryFixture fixture = {.config = {.alias = alias,.prefix = prefix}};

static inline void
ask(const char *what, const char *cursor)
{
	size_t		used = strlen(fixture.asked);

	(void) snprintf(fixture.asked + used, sizeof(fixture.asked) - used, "%s%s;", what, cursor);
}

/* --- the double of the journal --- */

static inline void
ask_source(const char *what, const char *cursor)
{
	ck_assert_msg(!fixture.is_busy, "%s while another operation is under way", what);
	fixture.is_busy = true;
	ask(what, cursor);
}

void
journal_source_set_worker(JournalSource *source, const JournalWorkEvents *events, void *context)
{
	(void) source;
	fixture.journal = events;
	fixture.journal_context = context;
}

bool
journal_source_is_idle(const JournalSource *source)
{
	(void) source;
	return !fixture.is_busy;
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
journal_source_trim(JournalSource *source)
{
	(void) source;
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

/* --- the double of Redis --- */

void
redis_target_set_worker(RedisTarget *target, const RedisWorkEvents *events, void *context)
{
	(void) target;
	fixture.redis = events;
	fixture.redis_context = context;
}

bool
redis_target_is_ready(const RedisTarget *target)
{
	(void) target;
	return fixture.is_ready;
}

void
redis_target_apply(RedisTarget *target, RedisLane lane, const NameSets *names)
{
	static const char *const asks[] = {"apply", "take", "stagger"};

	(void) target;
	ck_assert_uint_gt(name_sets_count(names), 0);
	if (lane == REDIS_LANE_QUICK)
	{
		fixture.key_count = names->of[NAME_KEY].key_count;
		fixture.version_count = names->of[NAME_VERSION].key_count;
		ck_assert_uint_eq(name_sets_count(names), fixture.key_count + fixture.version_count);
	}
	else if (lane == REDIS_LANE_STEPS)
	{
		fixture.tag_count = names->of[NAME_TAG].key_count;
		fixture.image_count = names->of[NAME_CACHEOPS].key_count;
		ck_assert_uint_eq(name_sets_count(names), fixture.tag_count + fixture.image_count);
	}
	else
	{
		fixture.staggered_count = names->of[NAME_STAGGERED].key_count;
		ck_assert_uint_eq(name_sets_count(names), fixture.staggered_count);
	}
	ask(asks[lane], "");
}

bool
redis_target_scan(RedisTarget *target, const NameSets *patterns)
{
	(void) target;
	fixture.pattern_count = name_sets_count(patterns);
	ask("scan", "");
	return true;
}

void
redis_target_restart_history(RedisTarget *target)
{
	(void) target;
	fixture.history_restart_count++;
}

const KeyTally *
redis_target_keys(const RedisTarget *target)
{
	static const KeyTally none;

	(void) target;
	return &none;
}

void
redis_target_allow_sweep(RedisTarget *target, bool is_allowed)
{
	(void) target;
	fixture.may_sweep = is_allowed;
}

void
redis_target_abandon(RedisTarget *target)
{
	(void) target;
}

/* --- the delivery under test --- */

static inline void
note_answered(void *context, bool is_ack)
{
	(void) context;
	(void) is_ack;
}

static inline void
note_drained(void *context)
{
	(void) context;
	fixture.drained_count++;
}

static inline void
note_finished(void *context)
{
	(void) context;
	fixture.finished_count++;
}

static inline void
fail_exhausted(void *context)
{
	(void) context;
	ck_abort_msg("out of memory");
}

static const DeliveryEvents delivery_events = {
	.answered = note_answered,
	.drained = note_drained,
	.finished = note_finished,
	.exhausted = fail_exhausted,
};

static const Log silent = {LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT, NULL};

static inline void
start(void)
{
	DeliveryParts parts = {.log = &silent,.config = &fixture.config,.seed = 1,
	.counters = &counters,.redis_counters = &redis_counters};

	fixture.loop = loop_create();
	ck_assert_ptr_nonnull(fixture.loop);
	parts.loop = fixture.loop;
	fixture.delivery = delivery_create(&parts, &delivery_events, NULL);
	ck_assert_ptr_nonnull(fixture.delivery);
	fixture.is_busy = false;
	fixture.is_ready = true;
	fixture.asked[0] = '\0';
	fixture.drained_count = fixture.finished_count = 0;
}

static inline void
stop(void)
{
	delivery_destroy(fixture.delivery);
	loop_destroy(fixture.loop);
}

/* What was asked for since the last call, in its order. */
static inline void
expect(const char *what)
{
	ck_assert_str_eq(fixture.asked, what);
	fixture.asked[0] = '\0';
}

static inline void
begin(void)
{
	delivery_start(fixture.delivery, "0", false, "");
}

/* --- the journal's events --- */

static inline bool
journal_gives(JournalAction action, size_t sibling_count, const char *key, size_t key_bytes)
{
	return fixture.journal->invalidation(fixture.journal_context, action, sibling_count, key,
										 key_bytes);
}

static inline void
journal_ends_fetch(const JournalFetch *fetch)
{
	fixture.journal->fetched(fixture.journal_context, fetch);
}

static inline void
journal_ends_ack(void)
{
	fixture.journal->acked(fixture.journal_context);
}

static inline void
journal_ends_list(void)
{
	fixture.journal->resync_listed(fixture.journal_context);
}

static inline void
journal_ends_resync(void)
{
	fixture.journal->resynced(fixture.journal_context);
}

static inline void
journal_ends_trim(void)
{
	fixture.journal->trimmed(fixture.journal_context);
}

static inline bool
journal_gives_standby(const char *name, uint64_t replayed)
{
	return fixture.journal->standby(fixture.journal_context, name, replayed);
}

static inline void
journal_ends_standbys(uint64_t position)
{
	fixture.journal->standbys_told(fixture.journal_context, position);
}

static inline void
journal_ends_report(void)
{
	fixture.journal->late_reported(fixture.journal_context);
}

static inline void
journal_rings(void)
{
	fixture.journal->rung(fixture.journal_context);
}

/* --- those of Redis --- */

static inline void
redis_finishes(RedisLane lane)
{
	fixture.redis->apply_done(fixture.redis_context, lane);
}

static inline void
redis_needs_pass(const char *pattern, size_t pattern_bytes)
{
	fixture.redis->needs_scan(fixture.redis_context, REDIS_LANE_STEPS, pattern, pattern_bytes);
}

static inline void
redis_finishes_pass(void)
{
	fixture.redis->scan_done(fixture.redis_context);
}

static inline void
set_ready(bool ready)
{
	fixture.is_ready = ready;
	delivery_take_redis_change(fixture.delivery);
}

/* --- whole answers --- */

/* Rows with one key each, and one pattern if has_pattern. */
static inline void
answer_fetch(const char *cursor, size_t row_count, bool has_pattern)
{
	JournalFetch fetch = {.cursor = cursor,.row_count = row_count};

	fixture.is_busy = false;
	for (size_t i = 0; i < row_count; i++)
		ck_assert(journal_gives(JOURNAL_ACTION_KEYS, row_count,
								(const char *) &i, sizeof(i)));
	if (has_pattern)
		ck_assert(journal_gives(JOURNAL_ACTION_PATTERNS, 1, "a*", 2));
	journal_ends_fetch(&fetch);
}

static inline void
answer_empty(const char *cursor)
{
	answer_fetch(cursor, 0, false);
}

static inline void
answer_ack(void)
{
	fixture.is_busy = false;
	journal_ends_ack();
}

static inline void
answer_trim(void)
{
	fixture.is_busy = false;
	journal_ends_trim();
}

static inline void
answer_resync_list(bool has_key, bool has_pattern)
{
	fixture.is_busy = false;
	if (has_key)
		ck_assert(journal_gives(JOURNAL_ACTION_KEYS, 0, "k", 1));
	if (has_pattern)
		ck_assert(journal_gives(JOURNAL_ACTION_PATTERNS, 0, "p*", 2));
	journal_ends_list();
}

#endif
