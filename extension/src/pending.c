/*-------------------------------------------------------------------------
 *
 * pending.c
 *	  This transaction's invalidations, until they are journalled.
 *
 * A stack: entries in the order of their arrival, their bytes in one arena, a
 * hash table over them, and for each savepoint level the entry at which it
 * starts.  Rolling a level back cuts the stack there; releasing it joins it to
 * the level below without touching an entry.  A key that an outer level has is
 * not added again by an inner one: the outer level outlives it.
 *
 * Only the current level's entries may be written to the journal early: a row
 * written inside a savepoint vanishes with it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "consumer.h"
#include "doorbell.h"
#include "guc.h"
#include "journal.h"
#include "pending.h"
#include "utils/memutils.h"

/*
 * A level below the limit's 1/8 is not written early although the whole is over
 * the limit: each of its keys would become a row of its own.
 */
#define LEVEL_SHARE_OF_LIMIT 8

#define ENTRY_COUNT_START 8
#define ARENA_BYTES_START 1024

typedef struct PendingEntry
{
	uint32		offset;			/* of its key, a text, in the arena */
	uint32		hash;
	uint16		target;			/* index into targets */
	uint8		action;			/* InvalidationAction */
} PendingEntry;

typedef struct PendingTarget
{
	char	   *name;
	uint16		actions;		/* bit set of the actions that came */
	bool		is_written;		/* some row of this transaction names it */
} PendingTarget;

typedef struct PendingLevel
{
	int			nest_level;		/* of the (sub)transaction */
	uint32		first_entry;
} PendingLevel;

typedef struct PendingSlot
{
	uint32		entry;			/* the key: index into entries */
	uint32		hash;
	char		status;
} PendingSlot;

typedef struct Pending
{
	MemoryContext context;
	struct pending_hash *hash;
	PendingEntry *entries;
	uint32		entry_count;
	uint32		entry_capacity;
	char	   *arena;
	Size		arena_bytes;
	Size		arena_capacity;
	PendingLevel *levels;		/* at least one */
	int			level_count;
	int			level_capacity;
	PendingTarget *targets;
	int			target_count;
	bool		is_written_for_release; /* what the top level will hold once
										 * it is released is written already */
	int32		next_part;		/* of the transaction's journal rows */
} Pending;

/* The running transaction's; NULL if it has none. */
static Pending *pending = NULL;

static inline text *
entry_key(const Pending *set, uint32 entry)
{
	return (text *) (set->arena + set->entries[entry].offset);
}

static inline bool
entries_equal(const Pending *set, uint32 a, uint32 b)
{
	const PendingEntry *x = &set->entries[a];
	const PendingEntry *y = &set->entries[b];
	text	   *x_key = entry_key(set, a);
	text	   *y_key = entry_key(set, b);

	return x->target == y->target && x->action == y->action &&
		VARSIZE(x_key) == VARSIZE(y_key) &&
		memcmp(VARDATA(x_key), VARDATA(y_key), VARSIZE(x_key) - VARHDRSZ) == 0;
}

#define SH_PREFIX pending
#define SH_ELEMENT_TYPE PendingSlot
#define SH_KEY_TYPE uint32
#define SH_KEY entry
#define SH_HASH_KEY(table, key) (((Pending *) (table)->private_data)->entries[key].hash)
#define SH_EQUAL(table, a, b) ((a) == (b) || entries_equal((table)->private_data, (a), (b)))
#define SH_STORE_HASH
#define SH_GET_HASH(table, slot) ((slot)->hash)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

static Pending *
create_pending(void)
{
	MemoryContext context = AllocSetContextCreate(TopTransactionContext,
												  "uncache pending",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old_context = MemoryContextSwitchTo(context);
	Pending    *set = palloc0(sizeof(Pending));

	set->context = context;
	set->hash = pending_create(context, ENTRY_COUNT_START, set);
	set->entry_capacity = ENTRY_COUNT_START;
	set->entries = palloc(set->entry_capacity * sizeof(PendingEntry));
	set->arena_capacity = ARENA_BYTES_START;
	set->arena = palloc(set->arena_capacity);
	set->level_capacity = 4;
	set->levels = palloc(set->level_capacity * sizeof(PendingLevel));
	set->levels[0].nest_level = 1;
	set->levels[0].first_entry = 0;
	set->level_count = 1;
	MemoryContextSwitchTo(old_context);
	return set;
}

static inline PendingLevel *
top_level(Pending *set)
{
	return &set->levels[set->level_count - 1];
}

/* The level of the current (sub)transaction, on top of the stack. */
static void
enter_current_level(Pending *set)
{
	int			nest_level = GetCurrentTransactionNestLevel();

	if (top_level(set)->nest_level == nest_level)
		return;
	if (set->level_count == set->level_capacity)
	{
		set->level_capacity *= 2;
		set->levels = repalloc(set->levels, set->level_capacity * sizeof(PendingLevel));
	}
	set->levels[set->level_count].nest_level = nest_level;
	set->levels[set->level_count].first_entry = set->entry_count;
	set->level_count++;
}

static uint16
find_target(Pending *set, const char *name)
{
	PendingTarget *target;
	MemoryContext old_context;
	int			i;

	for (i = 0; i < set->target_count; i++)
	{
		if (strcmp(set->targets[i].name, name) == 0)
			return (uint16) i;
	}
	old_context = MemoryContextSwitchTo(set->context);
	set->targets = set->target_count == 0 ? palloc(sizeof(PendingTarget)) :
		repalloc(set->targets, (set->target_count + 1) * sizeof(PendingTarget));
	target = &set->targets[set->target_count];
	target->name = pstrdup(name);
	target->actions = 0;
	target->is_written = false;
	MemoryContextSwitchTo(old_context);
	return (uint16) set->target_count++;
}

/* Puts an entry behind the last one without counting it yet. */
static void
append_entry(Pending *set, uint16 target, InvalidationAction action,
			 const char *key, Size key_length)
{
	Size		bytes = INTALIGN(VARHDRSZ + key_length);
	PendingEntry *entry;
	text	   *copy;

	if (set->entry_count == set->entry_capacity)
	{
		set->entry_capacity *= 2;
		set->entries = repalloc_huge(set->entries,
									 set->entry_capacity * sizeof(PendingEntry));
	}
	if (set->arena_bytes + bytes > set->arena_capacity)
	{
		while (set->arena_bytes + bytes > set->arena_capacity)
			set->arena_capacity *= 2;
		set->arena = repalloc_huge(set->arena, set->arena_capacity);
	}
	copy = (text *) (set->arena + set->arena_bytes);
	SET_VARSIZE(copy, VARHDRSZ + key_length);
	memcpy(VARDATA(copy), key, key_length);

	entry = &set->entries[set->entry_count];
	entry->offset = (uint32) set->arena_bytes;
	entry->target = target;
	entry->action = (uint8) action;
	entry->hash = hash_combine(hash_bytes((const unsigned char *) key, (int) key_length),
							   ((uint32) target << 8) | (uint32) action);
}

/* Forgets the entries from first on. */
static void
cut(Pending *set, uint32 first)
{
	uint32		entry;

	if (first == set->entry_count)
		return;
	if (first == 0)
		pending_reset(set->hash);
	else
	{
		for (entry = first; entry < set->entry_count; entry++)
			pending_delete(set->hash, entry);
	}
	set->arena_bytes = set->entries[first].offset;
	set->entry_count = first;
}

static void
write_entries(Pending *set, JournalWriter *writer, uint32 first,
			  uint16 target, InvalidationAction action)
{
	uint32		entry;

	journal_start_rows(writer, set->targets[target].name, action);
	for (entry = first; entry < set->entry_count; entry++)
	{
		if (set->entries[entry].target == target &&
			set->entries[entry].action == (uint8) action)
			journal_add(writer, entry_key(set, entry));
	}
	set->targets[target].is_written = true;
}

/* Writes the entries from first on to the journal. */
static void
write_from(Pending *set, uint32 first)
{
	JournalWriter writer;
	int			target;
	int			action;

	if (first == set->entry_count)
		return;
	journal_begin(&writer, &set->next_part);
	for (target = 0; target < set->target_count; target++)
	{
		for (action = 0; action < INVALIDATION_ACTION_COUNT; action++)
		{
			if (set->targets[target].actions & (1 << action))
				write_entries(set, &writer, first, (uint16) target, action);
		}
	}
	journal_end(&writer);
}

/* Moves the current level's entries to the journal. */
static void
flush_level(Pending *set)
{
	uint32		first = top_level(set)->first_entry;

	write_from(set, first);
	cut(set, first);
}

/* Memory that the entries from first on take, in bytes. */
static Size
entries_bytes(const Pending *set, uint32 first)
{
	uint32		count = set->entry_count - first;
	Size		key_bytes = 0;

	if (count > 0)
		key_bytes = set->arena_bytes - set->entries[first].offset;

	/* the hash table is half empty on average */
	return key_bytes + count * (sizeof(PendingEntry) + 2 * sizeof(PendingSlot));
}

/* Should a level that starts at entry first be written early? */
static bool
is_over_limit(const Pending *set, uint32 first)
{
	Size		limit = (Size) guc_pending_limit_kb * 1024;

	return entries_bytes(set, 0) > limit &&
		entries_bytes(set, first) > limit / LEVEL_SHARE_OF_LIMIT;
}

void
pending_add(const char *target, InvalidationAction action,
			const char *key, Size key_length)
{
	uint16		target_index;
	bool		found;

	if (pending == NULL)
		pending = create_pending();
	enter_current_level(pending);
	target_index = find_target(pending, target);
	append_entry(pending, target_index, action, key, key_length);
	(void) pending_insert(pending->hash, pending->entry_count, &found);
	if (found)
		return;
	pending->targets[target_index].actions |= (uint16) (1 << action);
	pending->arena_bytes += INTALIGN(VARHDRSZ + key_length);
	pending->entry_count++;
	if (is_over_limit(pending, top_level(pending)->first_entry))
		flush_level(pending);
}

static void
ring(const Pending *set)
{
	int			i;

	for (i = 0; i < set->target_count; i++)
	{
		const PendingTarget *target = &set->targets[i];
		int32		consumer_id;

		if (!target->is_written)
			continue;
		consumer_id = consumer_find(target->name, strlen(target->name));
		if (consumer_id != 0)
			doorbell_ring(target->name, consumer_id);
	}
}

static void
transaction_callback(XactEvent event, void *argument)
{
	if (pending == NULL)
		return;
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
			flush_level(pending);
			ring(pending);
			break;
		case XACT_EVENT_PRE_PREPARE:
			/* PREPARE refuses transactions that notified: no ringing here */
			flush_level(pending);
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			/* its memory goes with TopTransactionContext */
			pending = NULL;
			break;
		default:
			break;
	}
}

/* Will the top level join the one below it when it is released? */
static bool
joins_next_level(const Pending *set)
{
	const PendingLevel *top = &set->levels[set->level_count - 1];

	return top[-1].nest_level == top->nest_level - 1;
}

/*
 * The last moment at which a level that is released can write rows: those of
 * the level that it joins, too, or that would grow without end in a loop of
 * savepoints.  Both share one fate only when the release has succeeded, so the
 * entries stay until then.
 */
static void
prepare_release(Pending *set)
{
	uint32		first = set->levels[set->level_count - (joins_next_level(set) ? 2 : 1)].first_entry;

	set->is_written_for_release = is_over_limit(set, first);
	if (set->is_written_for_release)
		write_from(set, first);
}

static void
release_level(Pending *set)
{
	if (joins_next_level(set))
		set->level_count--;
	else
		top_level(set)->nest_level--;
	if (set->is_written_for_release)
		cut(set, top_level(set)->first_entry);
	set->is_written_for_release = false;
}

static void
subtransaction_callback(SubXactEvent event, SubTransactionId id,
						SubTransactionId parent_id, void *argument)
{
	if (pending == NULL || pending->level_count == 1 ||
		top_level(pending)->nest_level != GetCurrentTransactionNestLevel())
		return;
	if (event == SUBXACT_EVENT_PRE_COMMIT_SUB)
		prepare_release(pending);
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
		release_level(pending);
	else if (event == SUBXACT_EVENT_ABORT_SUB)
	{
		pending->is_written_for_release = false;
		cut(pending, top_level(pending)->first_entry);
		pending->level_count--;
	}
}

void
pending_init(void)
{
	RegisterXactCallback(transaction_callback, NULL);
	RegisterSubXactCallback(subtransaction_callback, NULL);
}
