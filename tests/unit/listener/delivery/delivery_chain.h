/*-------------------------------------------------------------------------
 *
 * delivery_chain.h
 *	  The real delivery and target between a double of the journal and a
 *	  scripted Redis that does one thing wrong.
 *
 * Two batches wait in the journal.  Each has all that is sent in different
 * ways: keys for some commands, a counter, a tag, and a pattern which a pass of
 * two slices finds keys for.  The server keeps account of the names for which
 * it sent a whole reply that means success; the double of the journal checks at each
 * acknowledgement that no name before the cursor lacks one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_DELIVERY_CHAIN_H
#define UNCACHED_DELIVERY_CHAIN_H

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch/keyset.h"
#include "delivery/delivery.h"
#include "redis/redis_target.h"
#include "redis/scripted_redis.h"

#define BATCH_COUNT 2
#define BATCH_KEYS 250			/* three commands */
#define BATCH_NAMES (BATCH_KEYS + 4)	/* a counter, a tag, two found keys */

/* What the server does wrong, once. */
typedef struct Fault
{
	int			command;		/* number of the one that is answered badly,
								 * over all connections; 0 is none */
	int			greeting;		/* likewise, of the commands that greet */
	const char *reply;			/* instead of the right one; NULL is none */
	bool		hang_up;		/* afterwards */
	long		cut_at_byte;	/* of what is sent on the first connection,
								 * greeting included; -1 is nowhere */
	bool		is_stalling;	/* there, instead of cutting */
	bool		is_dribbling;	/* each byte is sent by itself */
} Fault;

/* What it tells of itself: no replication. */
#define INFO_REPLY "$27\r\n# Server\r\nrun_id:scripted\r\n\r\n"

static const Fault no_fault = {.cut_at_byte = -1};

static Loop *loop;
static ScriptedRedis server;
static RedisTarget *target;
static Delivery *delivery;
static DeliveryCounters counters;
static RedisCounters redis_counters;

static Fault fault;
static int	command_count;		/* over all connections, without greetings */
static int	greeting_count;		/* likewise, of greetings alone */
static long sent_bytes;			/* on this connection */
static int	lost_count;
static int	drained_count;
static int	acked_batch;		/* the cursor; batches before it are done */
static KeySet proven[BATCH_COUNT];

/* --- the server --- */

/* Of "2:k7", "tag:2:t" or "2:p:a": 1, counted from 0. */
static inline int
batch_of(const char *name)
{
	if (strncmp(name, "tag:", 4) == 0)
		name += 4;
	ck_assert_msg(name[0] >= '1' && name[0] < '1' + BATCH_COUNT && name[1] == ':',
				  "a name that nobody gave: %s", name);
	return name[0] - '1';
}

/* Sends as much as the fault lets through; false if that is not all. */
static inline bool
send_through(const char *bytes)
{
	size_t		count = strlen(bytes);
	size_t		room = count;
	bool		is_cut = fault.cut_at_byte >= 0 && server.connection_count == 1;

	if (is_cut)
	{
		room = fault.cut_at_byte > sent_bytes ? (size_t) (fault.cut_at_byte - sent_bytes) : 0;
		if (room > count)
			room = count;
	}
	for (size_t i = 0; fault.is_dribbling && i < room; i++)
		scripted_redis_send_bytes(&server, bytes + i, 1);
	if (!fault.is_dribbling && room > 0)
		scripted_redis_send_bytes(&server, bytes, room);
	sent_bytes += (long) room;
	if (room < count && !fault.is_stalling)
		scripted_redis_hang_up(&server);
	return room == count;
}

/* The names in an UNLINK, or the KEYS of an EVAL. */
static inline void
names_of(const redisReply *command, size_t *first, size_t *count)
{
	if (scripted_redis_is(command, "UNLINK"))
	{
		*first = 1;
		*count = command->elements - 1;
		return;
	}
	ck_assert_msg(scripted_redis_is(command, "EVAL"), "%s", command->element[0]->str);
	*first = 3;
	*count = strtoul(command->element[2]->str, NULL, 10);
}

static inline void
answer_names(const redisReply *command)
{
	char		reply[32];
	size_t		first;
	size_t		count;

	names_of(command, &first, &count);
	scripted_redis_format_count(command, (int) count, reply);
	if (!send_through(reply))
		return;
	for (size_t i = first; i < first + count; i++)
	{
		const redisReply *name = command->element[i];

		ck_assert(keyset_add(&proven[batch_of(name->str)], NULL, 0, name->str,
							 (size_t) name->len));
	}
}

/* Two slices, with a key for each batch in either. */
static inline void
answer_scan(const redisReply *command)
{
	if (strcmp(command->element[1]->str, "0") == 0)
		(void) send_through("*2\r\n$1\r\n7\r\n*2\r\n$5\r\n1:p:a\r\n$5\r\n2:p:a\r\n");
	else
		(void) send_through("*2\r\n$1\r\n0\r\n*2\r\n$5\r\n1:p:b\r\n$5\r\n2:p:b\r\n");
}

static inline void
answer_badly(void)
{
	if (fault.reply != NULL)
		scripted_redis_send(&server, fault.reply);
	if (fault.hang_up)
		scripted_redis_hang_up(&server);
}

static inline void
answer_greeting(const redisReply *command)
{
	greeting_count++;
	if (scripted_redis_is(command, "PING"))
		sent_bytes = 0;
	if (greeting_count == fault.greeting)
		answer_badly();
	else
		(void) send_through(scripted_redis_is(command, "INFO") ? INFO_REPLY :
							scripted_redis_is(command, "HELLO") ? SCRIPTED_REDIS_HELLO : "+OK\r\n");
}

static void
answer(ScriptedRedis *redis, const redisReply *command)
{
	(void) redis;
	if (scripted_redis_is_greeting(command))
	{
		answer_greeting(command);
		return;
	}
	command_count++;
	if (command_count == fault.command)
		answer_badly();
	else if (scripted_redis_is(command, "SCAN"))
		answer_scan(command);
	else
		answer_names(command);
}

/* --- the journal --- */

/* What the source was asked for, and answers from the loop. */
static LoopTimer answer_timer;
static void (*source_answer) (void);
static int	asked_cursor;		/* of the fetch under way */
static const JournalWorkEvents *worker; /* the delivery's */
static void *worker_context;

void
journal_source_set_worker(JournalSource *source, const JournalWorkEvents *events, void *context)
{
	(void) source;
	worker = events;
	worker_context = context;
}

bool
journal_source_is_idle(const JournalSource *source)
{
	(void) source;
	return source_answer == NULL;
}

static inline void
give_answer(void *context)
{
	void		(*answer_now) (void) = source_answer;

	(void) context;
	source_answer = NULL;
	answer_now();
}

static inline void
ask_source(void (*answer_later) (void))
{
	ck_assert_msg(source_answer == NULL, "two operations at a time");
	source_answer = answer_later;
	ck_assert(loop_timer_set(loop, &answer_timer, 0));
}

static inline void
take_row(JournalAction action, const char *name)
{
	ck_assert(worker->invalidation(worker_context, action, 1, name, strlen(name)));
}

static inline void
take_batch(int number)
{
	char		name[32];

	for (int i = 0; i < BATCH_KEYS; i++)
	{
		(void) snprintf(name, sizeof(name), "%d:k%d", number, i);
		take_row(JOURNAL_ACTION_KEYS, name);
	}
	(void) snprintf(name, sizeof(name), "%d:v", number);
	take_row(JOURNAL_ACTION_VERSIONS, name);
	(void) snprintf(name, sizeof(name), "%d:t", number);
	take_row(JOURNAL_ACTION_TAGS, name);
	(void) snprintf(name, sizeof(name), "%d:p:*", number);
	take_row(JOURNAL_ACTION_PATTERNS, name);
}

static inline void
answer_fetch(void)
{
	char		cursor[16];
	JournalFetch fetch = {.cursor = cursor};

	if (asked_cursor < BATCH_COUNT)
	{
		asked_cursor++;
		take_batch(asked_cursor);
		fetch.row_count = 4;
	}
	(void) snprintf(cursor, sizeof(cursor), "%d", asked_cursor);
	worker->fetched(worker_context, &fetch);
}

void
journal_source_fetch(JournalSource *source, const char *cursor, size_t max_bytes,
					 bool sleep)
{
	(void) source;
	(void) max_bytes;
	(void) sleep;
	asked_cursor = (int) strtol(cursor, NULL, 10);
	ask_source(answer_fetch);
}

static inline void
answer_ack(void)
{
	worker->acked(worker_context);
}

/* The promise: nothing is acknowledged that was not proven. */
void
journal_source_ack(JournalSource *source, const char *cursor, int64_t repl_offset)
{
	(void) source;
	(void) repl_offset;
	acked_batch = (int) strtol(cursor, NULL, 10);
	for (int i = 0; i < acked_batch; i++)
		ck_assert_msg(proven[i].key_count == BATCH_NAMES,
					  "batch %d is acknowledged with %zu of %d names proven", i + 1,
					  proven[i].key_count, BATCH_NAMES);
	ask_source(answer_ack);
}

/* The tests ask for no resync, and do not last until a trim is due. */
void
journal_source_list_resync(JournalSource *source)
{
	(void) source;
	ck_abort_msg("a resync");
}

void
journal_source_resynced(JournalSource *source)
{
	(void) source;
	ck_abort_msg("the end of a resync");
}

static inline void
answer_trim(void)
{
	worker->trimmed(worker_context);
}

void
journal_source_trim(JournalSource *source)
{
	(void) source;
	ask_source(answer_trim);
}

/* Nor are there standbys. */
void
journal_source_fetch_until(JournalSource *source, const char *cursor, size_t max_bytes,
						   const char *until)
{
	(void) source;
	(void) cursor;
	(void) max_bytes;
	(void) until;
	ck_abort_msg("a second fetch");
}

void
journal_source_ask_standbys(JournalSource *source, const char *names, bool mark)
{
	(void) source;
	(void) names;
	(void) mark;
	ck_abort_msg("a question about standbys");
}

void
journal_source_report_late(JournalSource *source, const char *names)
{
	(void) source;
	(void) names;
	ck_abort_msg("a late standby");
}

/* --- what a pipeline does --- */

static inline void
target_ready(void *context)
{
	(void) context;
	delivery_take_redis_change(delivery);
}

static inline void
target_lost(void *context)
{
	(void) context;
	lost_count++;
	delivery_take_redis_change(delivery);
}

static inline void
target_placed(void *context)
{
	(void) context;
}

static const RedisTargetEvents target_events = {
	.ready = target_ready,
	.placed = target_placed,
	.lost = target_lost,
};

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
	drained_count++;
}

static inline void
note_finished(void *context)
{
	(void) context;
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

/* --- a run --- */

static const Log silent = {LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT, NULL};
static char alias[] = "default";
static char prefix[] = "";
static const TargetConfig config = {.alias = alias,.prefix = prefix};

#define BACKOFF_CAP_MS 2

/* reply_ms: the deadline for a reply. */
static inline void
start(const Fault *wrong, int64_t reply_ms)
{
	DeliveryParts parts = {.log = &silent,.config = &config,.seed = 1,
	.counters = &counters,.redis_counters = &redis_counters};
	RedisTargetSettings settings = {
		.alias = alias,
		.url = &server.url,
		.timeouts = {reply_ms, reply_ms},
		.backoff_first_ms = 1,
		.backoff_cap_ms = BACKOFF_CAP_MS,
		.seed = 1,
	};

	fault = *wrong;
	command_count = greeting_count = lost_count = drained_count = acked_batch = 0;
	sent_bytes = 0;
	for (int i = 0; i < BATCH_COUNT; i++)
		keyset_init(&proven[i], 1);
	source_answer = NULL;
	loop = loop_create();
	ck_assert_ptr_nonnull(loop);
	loop_timer_init(&answer_timer, give_answer, NULL);
	scripted_redis_start(&server, loop, answer);
	server.shows_greeting = true;
	target = redis_target_create(loop, &silent, &settings, &target_events, NULL);
	ck_assert_ptr_nonnull(target);
	parts.loop = loop;
	parts.redis = target;
	delivery = delivery_create(&parts, &delivery_events, NULL);
	ck_assert_ptr_nonnull(delivery);
	redis_target_start(target);
	delivery_start(delivery, "0", false, "");
}

static inline void
stop(void)
{
	delivery_destroy(delivery);
	redis_target_destroy(target);
	scripted_redis_stop(&server);
	loop_timer_remove(loop, &answer_timer);
	loop_destroy(loop);
	for (int i = 0; i < BATCH_COUNT; i++)
		keyset_free(&proven[i]);
}

/* Until all that waits is acknowledged. */
static inline void
run_until_drained(void)
{
	scripted_redis_run_until(loop, &drained_count, 1);
	ck_assert_int_eq(acked_batch, BATCH_COUNT);
}

#endif
