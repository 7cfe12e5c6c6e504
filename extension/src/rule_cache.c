/*-------------------------------------------------------------------------
 *
 * rule_cache.c
 *	  The backend's cache of compiled rules.
 *
 * Keyed by trigger, so that each partition has its own: column numbers differ
 * between a partition and its parent.  An entry outlives its rule, to remember
 * that a warning has been given.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "rule_cache.h"
#include "rule_compile.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

typedef struct RuleEntry
{
	Oid			trigger_id;		/* the key */
	Oid			relation_id;
	bool		is_valid;
	bool		is_compiling;
	bool		has_warned;
	Rule	   *rule;			/* NULL until compiled */
} RuleEntry;

/* The backend's cache. */
static HTAB *entries = NULL;

static void
invalidate(Oid relation_id)
{
	HASH_SEQ_STATUS status;
	RuleEntry  *entry;

	if (entries == NULL)
		return;
	hash_seq_init(&status, entries);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		if (relation_id == InvalidOid || entry->relation_id == relation_id)
			entry->is_valid = false;
	}
}

static void
relcache_callback(Datum arg, Oid relation_id)
{
	invalidate(relation_id);
}

/* A function that an expression was planned with, inlined perhaps, has changed. */
static void
syscache_callback(Datum arg, int cache_id, uint32 hash_value)
{
	invalidate(InvalidOid);
}

void
rule_cache_init(void)
{
	CacheRegisterRelcacheCallback(relcache_callback, (Datum) 0);
	CacheRegisterSyscacheCallback(PROCOID, syscache_callback, (Datum) 0);
}

static HTAB *
create_entries(void)
{
	HASHCTL		control;

	memset(&control, 0, sizeof(control));
	control.keysize = sizeof(Oid);
	control.entrysize = sizeof(RuleEntry);
	control.hcxt = CacheMemoryContext;
	return hash_create("uncache rules", 64, &control,
					   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static RuleEntry *
find_entry(const TriggerData *trigger_data)
{
	RuleEntry  *entry;
	bool		found;

	if (entries == NULL)
		entries = create_entries();
	entry = hash_search(entries, &trigger_data->tg_trigger->tgoid, HASH_ENTER, &found);
	if (!found)
	{
		entry->relation_id = RelationGetRelid(trigger_data->tg_relation);
		entry->is_valid = false;
		entry->is_compiling = false;
		entry->has_warned = false;
		entry->rule = NULL;
	}
	return entry;
}

/*
 * An outdated rule may be in use further up the stack (an expression that
 * changed its own table), so it is freed at the end of the transaction.
 */
static void
retire(RuleEntry *entry)
{
	if (entry->rule != NULL)
		MemoryContextSetParent(entry->rule->context, TopTransactionContext);
	entry->rule = NULL;
}

/*
 * Planning calls functions that claim to be immutable.  What one of them does to
 * the rule's own table is undone, and its placeholder invalid.
 */
static void
check_not_compiling(const RuleEntry *entry)
{
	if (entry->is_compiling)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("an expression changes the table that it belongs to")));
}

/*
 * Roles are looked at each time rather than listened for: they are the whole cluster's,
 * and few changes of them matter.
 */
static bool
has_same_author(const Rule *rule)
{
	const char *problem;
	const char *detail;

	return rule->action != RULE_ACTION_QUERY ||
		rule_author_find_role(&rule->author, &problem, &detail) == rule->author_id;
}

Rule *
rule_cache_get(const TriggerData *trigger_data, RuleAction action)
{
	RuleEntry  *entry = find_entry(trigger_data);
	Rule	   *rule;

	check_not_compiling(entry);
	if (entry->is_valid && has_same_author(entry->rule) && !rule_is_outdated(entry->rule))
		return entry->rule;

	/*
	 * Valid before compiling: an invalidation that comes meanwhile must win.
	 * The entry itself stays where it is, whatever else enters the table.
	 */
	retire(entry);
	entry->is_valid = true;
	entry->is_compiling = true;
	PG_TRY();
	{
		rule = rule_compile(trigger_data->tg_relation, trigger_data->tg_trigger,
							action, &entry->has_warned);
	}
	PG_CATCH();
	{
		entry->is_valid = false;
		entry->is_compiling = false;
		PG_RE_THROW();
	}
	PG_END_TRY();
	entry->is_compiling = false;
	entry->rule = rule;
	return rule;
}
