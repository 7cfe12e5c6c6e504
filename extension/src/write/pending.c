/*-------------------------------------------------------------------------
 *
 * pending.c
 *	  This transaction's invalidations, until they are journalled.
 *
 * Rolling a level of the set back cuts it there; releasing it joins it to the
 * level below without touching an entry.  A key that an outer level has is
 * not added again by an inner one: the outer level outlives it.
 *
 * Only the current level's entries may be written to the journal early: a row
 * written inside a savepoint vanishes with it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "base/compat.h"
#include "base/guc.h"
#include "common/hashfn.h"
#include "consume/consumer.h"
#include "consume/doorbell.h"
#include "consume/gap.h"
#include "fmgr.h"
#include "utils/memutils.h"
#include "write/journal.h"
#include "write/pending.h"
#include "write/pending_set.h"

/*
 * A level below the limit's 1/8 is not written early although the whole is over
 * the limit: each of its keys would become a row of its own.
 */
#define LEVEL_SHARE_OF_LIMIT 8

/* Beyond so many times the limit that is what happens: this is the bound. */
#define BOUND_TIMES_LIMIT 2

typedef struct Pending
{
	MemoryContext context;
	PendingSet	set;
	bool		has_by_hand;	/* some entry that a resync does not make up
								 * for */
	bool		is_written_for_release; /* what the top level will hold once
										 * it is released is written already */
} Pending;

/* The running transaction's; NULL if it has none. */
static Pending *pending = NULL;
static int32 next_part = 0;		/* of the transaction's journal rows */

/* Its gap, which must not need memory. */
static struct
{
	bool		is_due;
	bool		passes_by_itself;
	char		reason[OWN_SHAPE_PROBLEM_BYTES];
}			gap;

StaticAssertDecl(PENDING_SET_HEADER_BYTES == VARHDRSZ, "a key's header is a text's");

static void *
allocate(void *context, size_t bytes)
{
	return MemoryContextAllocExtended(context, bytes, MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM);
}

static void
release(void *context, void *memory)
{
	pfree(memory);
}

/*
 * Blocks stay small, so that all larger pieces are given back as soon as they are
 * released.  PostgreSQL reuses contexts whose first block is of one of its usual sizes, and
 * keeps the limit of what is a larger piece that they had before: this is none of them.
 */
#define FIRST_BLOCK_BYTES (4 * 1024)
#define BLOCK_BYTES_MAX (8 * 1024)

/* NULL if there is no memory. */
static Pending *
create_pending(void)
{
	MemoryContext context = AllocSetContextCreate(TopTransactionContext,
												  "uncache pending",
												  ALLOCSET_DEFAULT_MINSIZE,
												  FIRST_BLOCK_BYTES,
												  BLOCK_BYTES_MAX);
	PendingAllocator allocator = {allocate, release, context};
	Pending    *result = allocate(context, sizeof(Pending));

	if (result == NULL || !pending_set_init(&result->set, &allocator))
	{
		MemoryContextDelete(context);
		return NULL;
	}
	result->context = context;
	result->has_by_hand = false;
	result->is_written_for_release = false;
	return result;
}

void
pending_add_gap(const char *reason, bool passes_by_itself)
{
	if (gap.is_due)
		return;
	gap.is_due = true;
	gap.passes_by_itself = passes_by_itself;
	strlcpy(gap.reason, reason, sizeof(gap.reason));
}

/* --- writing to the journal --- */

static text *
entry_key(const PendingEntry *entry)
{
	return (text *) (entry->key - PENDING_SET_HEADER_BYTES);
}

static void
end_writing(JournalWriter *writer)
{
	OwnTableState state = journal_end(writer);

	if (state == OWN_TABLE_BUSY || state == OWN_TABLE_UNKNOWN)
		pending_add_gap(writer->table.problem, state == OWN_TABLE_BUSY);
}

static void
write_entries(PendingSet *set, JournalWriter *writer, uint32 first,
			  int target, InvalidationAction action)
{
	uint32		entry;

	journal_start_rows(writer, set->targets[target].name, action);
	for (entry = first; entry < set->entry_count; entry++)
	{
		if (set->entries[entry].target == target &&
			set->entries[entry].action == (uint8) action)
			journal_add(writer, entry_key(&set->entries[entry]));
	}
	set->targets[target].is_written = true;
}

/* Writes the entries from first on to the journal. */
static void
write_from(PendingSet *set, uint32 first)
{
	JournalWriter writer;
	int			target;
	int			action;

	if (first == set->entry_count)
		return;
	journal_begin(&writer, &next_part);
	for (target = 0; target < set->target_count; target++)
	{
		for (action = 0; action < INVALIDATION_ACTION_COUNT; action++)
		{
			if (set->targets[target].actions & (1 << action))
				write_entries(set, &writer, first, target, action);
		}
	}
	end_writing(&writer);
}

/* Writes a key that the set has no room for. */
static void
write_key(PendingSet *set, int target, InvalidationAction action,
		  const char *key, Size key_length)
{
	text	   *copy = palloc(VARHDRSZ + key_length);
	JournalWriter writer;

	SET_VARSIZE(copy, VARHDRSZ + key_length);
	memcpy(VARDATA(copy), key, key_length);
	journal_begin(&writer, &next_part);
	journal_start_rows(&writer, set->targets[target].name, action);
	journal_add(&writer, copy);
	end_writing(&writer);
	set->targets[target].is_written = true;
	pfree(copy);
}

/* Moves the current level's entries to the journal. */
static void
flush_level(PendingSet *set)
{
	uint32		first = pending_set_top(set)->first_entry;

	write_from(set, first);
	pending_set_cut(set, first);
}

/* --- limits --- */

static Size
limit_bytes(void)
{
	return (Size) guc_pending_limit_kb * 1024;
}

/* Should a level be written early? */
static bool
is_over_limit(const PendingSet *set, int level)
{
	return pending_set_used_bytes(set, 0) > limit_bytes() &&
		pending_set_used_bytes(set, level) > limit_bytes() / LEVEL_SHARE_OF_LIMIT;
}

static bool
has_room(const PendingSet *set, int nest_level, Size key_length)
{
	return set->allocated_bytes + pending_set_growth(set, nest_level, (uint32) key_length) <=
		BOUND_TIMES_LIMIT * limit_bytes();
}

/* False if nothing but the levels below could make room, which must not. */
static bool
make_room(PendingSet *set, int nest_level, Size key_length)
{
	if (has_room(set, nest_level, key_length))
		return true;
	if (pending_set_top(set)->nest_level != nest_level)
		return false;
	flush_level(set);
	return has_room(set, nest_level, key_length);
}

/* --- adding --- */

/* False if there is no memory; then nothing has changed. */
static bool
add(PendingSet *set, const char *target_name, InvalidationAction action,
	const char *key, Size key_length)
{
	int			nest_level = GetCurrentTransactionNestLevel();
	int			target = pending_set_find_target(set, target_name);
	uint32		hash;

	if (target < 0)
		return false;
	if (!make_room(set, nest_level, key_length))
	{
		write_key(set, target, action, key, key_length);
		return true;
	}
	if (!pending_set_enter_level(set, nest_level))
		return false;
	hash = hash_combine(hash_bytes((const unsigned char *) key, (int) key_length),
						((uint32) target << 8) | (uint32) action);
	switch (pending_set_add(set, target, (uint8) action, hash, key, (uint32) key_length))
	{
		case PENDING_SET_NO_MEMORY:
			return false;
		case PENDING_SET_FOUND:
			return true;
		case PENDING_SET_ADDED:
			break;
	}
	SET_VARSIZE(entry_key(&set->entries[set->entry_count - 1]), VARHDRSZ + key_length);
	if (is_over_limit(set, set->level_count - 1))
		flush_level(set);
	return true;
}

/* What a resync makes up for need not be kept any more. */
static void
run_out_of_memory(void)
{
	if (pending != NULL && !pending->has_by_hand)
	{
		MemoryContextDelete(pending->context);
		pending = NULL;
	}
	pending_add_gap("out of memory", true);
}

void
pending_add(const char *target, InvalidationAction action,
			const char *key, Size key_length, bool is_by_hand)
{
	if (gap.is_due && !is_by_hand)
		return;
	if (pending == NULL)
		pending = create_pending();
	if (pending == NULL || !add(&pending->set, target, action, key, key_length))
	{
		if (is_by_hand)
			ereport(ERROR,
					(errcode(ERRCODE_OUT_OF_MEMORY),
					 errmsg("out of memory")));
		run_out_of_memory();
		return;
	}
	pending->has_by_hand |= is_by_hand;
}

/* --- the transaction's end --- */

static void
ring(const PendingSet *set)
{
	int			i;

	for (i = 0; i < set->target_count; i++)
	{
		const PendingTarget *target = &set->targets[i];
		int32		consumer_id;

		if (!target->is_written)
			continue;
		consumer_id = consumer_find(target->name, strlen(target->name));
		if (consumer_id > 0)
			doorbell_ring(target->name, consumer_id);
	}
}

static void
write_all(void)
{
	if (pending != NULL)
		flush_level(&pending->set);
	if (gap.is_due)
		gap_write(gap.reason, gap.passes_by_itself);
}

static void
transaction_callback(XactEvent event, void *argument)
{
	if (pending == NULL && !gap.is_due)
		return;
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
			write_all();
			if (pending != NULL)
				ring(&pending->set);
			break;
		case XACT_EVENT_PRE_PREPARE:
			/* PREPARE refuses transactions that notified: no ringing here */
			write_all();
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			/* its memory goes with TopTransactionContext */
			pending = NULL;
			next_part = 0;
			gap.is_due = false;
			break;
		default:
			break;
	}
}

/* --- savepoints --- */

/* Will the top level join the one below it when it is released? */
static bool
joins_next_level(const PendingSet *set)
{
	const PendingLevel *top = pending_set_top(set);

	return top[-1].nest_level == top->nest_level - 1;
}

/*
 * The last moment at which a level that is released can write rows: those of
 * the level that it joins, too, or that would grow without end in a loop of
 * savepoints.  Both share one fate only when the release has succeeded, so the
 * entries stay until then.
 */
static void
prepare_release(PendingSet *set)
{
	int			level = set->level_count - (joins_next_level(set) ? 2 : 1);

	pending->is_written_for_release = is_over_limit(set, level);
	if (pending->is_written_for_release)
		write_from(set, set->levels[level].first_entry);
}

static void
release_level(PendingSet *set)
{
	if (joins_next_level(set))
		set->level_count--;
	else
		pending_set_top(set)->nest_level--;
	if (pending->is_written_for_release)
		pending_set_cut(set, pending_set_top(set)->first_entry);
	pending->is_written_for_release = false;
}

static void
subtransaction_callback(SubXactEvent event, SubTransactionId id,
						SubTransactionId parent_id, void *argument)
{
	PendingSet *set;

	if (pending == NULL || pending->set.level_count == 1 ||
		pending_set_top(&pending->set)->nest_level != GetCurrentTransactionNestLevel())
		return;
	set = &pending->set;
	if (event == SUBXACT_EVENT_PRE_COMMIT_SUB)
		prepare_release(set);
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
		release_level(set);
	else if (event == SUBXACT_EVENT_ABORT_SUB)
	{
		pending->is_written_for_release = false;
		pending_set_cut(set, pending_set_top(set)->first_entry);
		set->level_count--;
	}
}

void
pending_init(void)
{
	RegisterXactCallback(transaction_callback, NULL);
	RegisterSubXactCallback(subtransaction_callback, NULL);
}
