/*-------------------------------------------------------------------------
 *
 * wait.c
 *	  Waits until everything committed so far is applied.
 *
 * What is committed is what one snapshot sees, taken at the start.  A consumer
 * has applied it when no journal row of its target that this snapshot sees lies
 * behind its cursor.  The first such row is remembered: until the cursor has
 * passed it, comparing the two is all there is to do.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "access/xlog.h"
#include "consume/consumer_table.h"
#include "consume/gap.h"
#include "consume/journal_reader.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "own/catalog.h"
#include "parser/parse_func.h"
#include "pgstat.h"
#include "portability/instr_time.h"
#include "storage/latch.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#define NAP_FIRST_MS 1.0
#define NAP_MAX_MS 20.0

/*
 * A nap lasts at least as many times as long as a look, so that waiting takes
 * little of a processor even where looking is slow.
 */
#define NAP_TIMES_LOOK 4.0

/* No poll takes a longer timeout. */
#define NAP_LIMIT_MS 60000.0

PG_FUNCTION_INFO_V1(uncache_wait);

/* What is known of a consumer. */
typedef struct Waited
{
	int32		id;
	bool		is_done;
	uint64		open_xid;		/* 0, or a row that was not applied yet */
	int32		open_part;
} Waited;

typedef struct Wait
{
	char	   *identity;		/* of the history that cursors have to be of */
	const Cursor *now;			/* the active snapshot */
	List	   *consumers;		/* of Waited */
	instr_time	begin;
	MemoryContext context;		/* of all this */
	MemoryContext look_context; /* reset after each look */
} Wait;

typedef struct OpenRow
{
	const char *target;
	Waited	   *waited;
} OpenRow;

typedef struct OpenGap
{
	const Cursor *cursor;
	bool		is_found;
} OpenGap;

static double
elapsed_ms(instr_time begin)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, begin);
	return INSTR_TIME_GET_MILLISEC(now);
}

/* A month has 30 days here, and a day 24 hours. */
static double
interval_ms(const Interval *interval)
{
	double		day_count = (double) interval->month * DAYS_PER_MONTH + interval->day;

	return day_count * SECS_PER_DAY * 1000.0 + (double) interval->time / 1000.0;
}

/* uncache_internal.identity() */
static char *
get_identity(void)
{
	List	   *name = list_make2(makeString(pstrdup(CATALOG_INTERNAL_SCHEMA)),
								  makeString(pstrdup("identity")));

	return TextDatumGetCString(OidFunctionCall0(LookupFuncName(name, 0, NULL, false)));
}

static bool
take_row(const JournalRow *row, void *argument)
{
	OpenRow    *open = argument;

	if (!journal_reader_is_for(row, open->target))
		return true;
	open->waited->open_xid = row->xid;
	open->waited->open_part = row->part;
	return false;
}

static bool
take_gap(uint64 xid, TimestampTz at, void *argument)
{
	OpenGap    *open = argument;

	open->is_found = cursor_has_open(open->cursor, xid);
	return !open->is_found;
}

static bool
has_gap_behind(const Cursor *cursor)
{
	OpenGap		open = {.cursor = cursor};

	gap_walk(take_gap, &open);
	return open.is_found;
}

/* Has the cursor passed everything of the target that the snapshot sees? */
static bool
has_applied_all(const Wait *wait, Waited *waited, const ConsumerRow *row)
{
	const Cursor *cursor = journal_reader_parse_cursor(row->cursor);
	OpenRow		open = {.target = row->target,.waited = waited};

	if (waited->open_xid != 0 &&
		!journal_reader_is_consumed(cursor, waited->open_xid, waited->open_part))
		return false;
	waited->open_xid = 0;
	journal_reader_walk(cursor, wait->now, take_row, &open);
	return waited->open_xid == 0 && !has_gap_behind(cursor);
}

/* Does the cursor tell what is applied?  Not while a resync is due. */
static bool
is_ready(const Wait *wait, const ConsumerRow *row)
{
	return row->cursor != NULL && row->resync_reason == NULL &&
		row->identity != NULL && strcmp(row->identity, wait->identity) == 0 &&
		consumer_table_has_marker(row->id);
}

static Waited *
find_waited(Wait *wait, int32 id)
{
	MemoryContext old_context;
	Waited	   *waited;
	ListCell   *cell;

	foreach(cell, wait->consumers)
	{
		waited = lfirst(cell);
		if (waited->id == id)
			return waited;
	}
	old_context = MemoryContextSwitchTo(wait->context);
	waited = palloc0(sizeof(Waited));
	waited->id = id;
	wait->consumers = lappend(wait->consumers, waited);
	MemoryContextSwitchTo(old_context);
	return waited;
}

/* Has everybody who lives applied all?  Consumers are read anew each time. */
static bool
look(Wait *wait)
{
	MemoryContext old_context = MemoryContextSwitchTo(wait->look_context);
	bool		all_done = true;
	ListCell   *cell;

	foreach(cell, consumer_table_read())
	{
		const ConsumerRow *row = lfirst(cell);
		Waited	   *waited = find_waited(wait, row->id);

		if (row->lost_at != 0 || waited->is_done)
			continue;
		waited->is_done = is_ready(wait, row) && has_applied_all(wait, waited, row);
		all_done &= waited->is_done;
	}
	MemoryContextSwitchTo(old_context);
	MemoryContextReset(wait->look_context);
	return all_done;
}

static void
nap(double ms)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 (long) ceil(Min(ms, NAP_LIMIT_MS)), PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

/* Looks until all is applied or the time is over; true if all is applied. */
static bool
wait_until_applied(Wait *wait, double timeout_ms)
{
	double		nap_ms = NAP_FIRST_MS;

	for (;;)
	{
		double		before_ms = elapsed_ms(wait->begin);
		double		after_ms;

		if (look(wait))
			return true;
		after_ms = elapsed_ms(wait->begin);
		if (after_ms >= timeout_ms)
			return false;
		nap(Min(timeout_ms - after_ms,
				Max(nap_ms, NAP_TIMES_LOOK * (after_ms - before_ms))));
		nap_ms = Min(nap_ms * 2, NAP_MAX_MS);
	}
}

static void
check_is_possible(void)
{
	if (RecoveryInProgress())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("uncache.wait() cannot be executed on a standby"),
				 errhint("Call it on the primary, where the change was committed.")));
	/* what it reads would make serializable writers fail */
	if (IsolationIsSerializable())
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("uncache.wait() must not be called in a serializable transaction"),
				 errhint("Call it after COMMIT in a READ COMMITTED transaction.")));
}

/* wait(timeout interval) → boolean */
Datum
uncache_wait(PG_FUNCTION_ARGS)
{
	Wait		wait = {.context = CurrentMemoryContext};
	bool		is_applied;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("timeout must not be null")));
	check_is_possible();
	INSTR_TIME_SET_CURRENT(wait.begin);
	wait.identity = get_identity();
	wait.look_context = AllocSetContextCreate(CurrentMemoryContext, "uncache wait",
											  ALLOCSET_SMALL_SIZES);
	PushActiveSnapshot(GetLatestSnapshot());
	wait.now = journal_reader_active_snapshot();
	is_applied = wait_until_applied(&wait, interval_ms(PG_GETARG_INTERVAL_P(0)));
	PopActiveSnapshot();
	PG_RETURN_BOOL(is_applied);
}
