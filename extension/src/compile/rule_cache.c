/*-------------------------------------------------------------------------
 *
 * rule_cache.c
 *	  The backend's cache of compiled rules.
 *
 * Keyed by trigger, so that each partition has its own entry: column numbers
 * differ between a partition and its parent.  Where they do not, entries may have
 * their rule in common (rule_share.h).
 *
 * What was used in a transaction stays until its end.  Then what is outdated is let go, and
 * of more rules than are to stay those that were not used for longest.  An entry outlives its
 * rule to remember that a warning has been given.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "compile/rule_cache.h"
#include "compile/rule_compile.h"
#include "compile/rule_share.h"
#include "lib/ilist.h"
#include "miscadmin.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

/* How many compiled rules stay: of 10 to 20 kB each, if they have expressions. */
#define RULES_MAX 256

/* How many entries stay: 1 MB. */
#define ENTRIES_MAX 10000

typedef struct RuleEntry
{
	Oid			trigger_id;		/* the key */
	Oid			relation_id;
	bool		is_valid;
	bool		is_compiling;
	bool		has_warned;
	Rule	   *rule;			/* NULL until compiled */
	dlist_node	node;			/* in recent, if it has a rule */
} RuleEntry;

/* The backend's cache. */
static HTAB *entries = NULL;
static RuleEntry *last_found = NULL;	/* many rows in a row fire one trigger */
static dlist_head recent = DLIST_STATIC_INIT(recent);	/* the last used first */
static int	rule_count = 0;		/* that entries have */
static bool some_are_outdated = false;

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
		{
			entry->is_valid = false;
			some_are_outdated = true;
		}
	}
	if (relation_id == InvalidOid)
		rule_share_withdraw_all();
}

static bool
uses_type(const Rule *rule, uint32 hash, Oid relation_id)
{
	int			i;

	for (i = 0; i < rule->type_count; i++)
	{
		if ((hash != 0 && rule->types[i].hash == hash) ||
			(OidIsValid(relation_id) && rule->types[i].relation_id == relation_id))
			return true;
	}
	return false;
}

/*
 * A type that queries use has changed, its owner perhaps; one of rows by its relation.  Types
 * come and go with every table: most are nobody's concern.
 */
static void
invalidate_users(uint32 hash, Oid relation_id)
{
	HASH_SEQ_STATUS status;
	RuleEntry  *entry;

	if (entries == NULL)
		return;
	hash_seq_init(&status, entries);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		if (entry->is_compiling || (entry->rule != NULL && uses_type(entry->rule, hash, relation_id)))
		{
			entry->is_valid = false;
			some_are_outdated = true;
		}
	}
}

static void
relcache_callback(Datum arg, Oid relation_id)
{
	invalidate(relation_id);
	if (OidIsValid(relation_id))
		invalidate_users(0, relation_id);
}

static void
type_callback(Datum arg, int cache_id, uint32 hash_value)
{
	if (hash_value == 0)
		invalidate(InvalidOid);
	else
		invalidate_users(hash_value, InvalidOid);
}

/* A function that an expression was planned with, inlined perhaps, has changed. */
static void
syscache_callback(Datum arg, int cache_id, uint32 hash_value)
{
	invalidate(InvalidOid);
}

/*
 * An outdated rule may be in use further up the stack (an expression that
 * changed its own table), so it is freed at the end of the transaction.
 */
static void
retire(Rule *rule)
{
	rule_share_withdraw(rule);
	rule_count--;
	MemoryContextSetParent(rule->context, TopTransactionContext);
}

static void
release(RuleEntry *entry)
{
	Rule	   *rule = entry->rule;

	if (rule == NULL)
		return;
	entry->rule = NULL;
	entry->is_valid = false;
	dlist_delete(&entry->node);
	if (--rule->user_count == 0)
		retire(rule);
}

static void
attach(RuleEntry *entry, Rule *rule)
{
	if (rule->user_count++ == 0)
		rule_count++;
	entry->rule = rule;
	dlist_push_head(&recent, &entry->node);
}

/* --- the end of a transaction: nothing is in use, and nothing may fail --- */

static void
forget(RuleEntry *entry)
{
	release(entry);
	last_found = NULL;
	(void) hash_search(entries, &entry->trigger_id, HASH_REMOVE, NULL);
}

/* Lets go of what is outdated; of those that have only warned, if there are too many. */
static void
forget_outdated(void)
{
	bool		warnings_stay = hash_get_num_entries(entries) <= ENTRIES_MAX;
	HASH_SEQ_STATUS status;
	RuleEntry  *entry;

	hash_seq_init(&status, entries);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		if (entry->is_valid)
			continue;
		if (entry->has_warned && warnings_stay)
			release(entry);
		else
			forget(entry);
	}
	some_are_outdated = false;
}

static void
forget_least_recent(void)
{
	RuleEntry  *entry = dlist_tail_element(RuleEntry, node, &recent);

	if (entry->has_warned && hash_get_num_entries(entries) <= ENTRIES_MAX)
		release(entry);
	else
		forget(entry);
}

static void
transaction_callback(XactEvent event, void *arg)
{
	if (entries == NULL ||
		(event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE))
		return;
	if (some_are_outdated || hash_get_num_entries(entries) > ENTRIES_MAX)
		forget_outdated();
	while (rule_count > RULES_MAX ||
		   (hash_get_num_entries(entries) > ENTRIES_MAX && !dlist_is_empty(&recent)))
		forget_least_recent();
}

void
rule_cache_init(void)
{
	CacheRegisterRelcacheCallback(relcache_callback, (Datum) 0);
	CacheRegisterSyscacheCallback(PROCOID, syscache_callback, (Datum) 0);

	/*
	 * casts are found when a query runs: whose types it uses is looked at
	 * again
	 */
	CacheRegisterSyscacheCallback(CASTSOURCETARGET, syscache_callback, (Datum) 0);
	CacheRegisterSyscacheCallback(TYPEOID, type_callback, (Datum) 0);
	/* so are functions of operator families */
	CacheRegisterSyscacheCallback(AMPROCNUM, syscache_callback, (Datum) 0);
	RegisterXactCallback(transaction_callback, NULL);
}

/* --- firing --- */

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

	if (last_found != NULL && last_found->trigger_id == trigger_data->tg_trigger->tgoid)
		return last_found;
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
	last_found = entry;
	return entry;
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

	return !rule_action_has_queries(rule->action) ||
		rule_author_find_role(&rule->admission.author, &problem, &detail) == rule->author_id;
}

/* Valid before compiling: an invalidation that comes meanwhile must win. */
static Rule *
compile(RuleEntry *entry, const TriggerData *trigger_data, RuleAction action)
{
	Rule	   *rule;

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
		some_are_outdated = true;
		PG_RE_THROW();
	}
	PG_END_TRY();
	entry->is_compiling = false;
	return rule;
}

/* Is an expression of the rule, further up the stack, writing to another table that has it? */
static bool
is_busy_elsewhere(const RuleEntry *entry, const Rule *rule)
{
	return rule->is_evaluating && rule->relation_id != entry->relation_id;
}

static bool
is_usable(const RuleEntry *entry)
{
	return entry->is_valid && has_same_author(entry->rule) && !rule_is_outdated(entry->rule) &&
		!is_busy_elsewhere(entry, entry->rule);
}

/*
 * The entry itself stays where it is, whatever else enters the table.  What it had is
 * released first: it could be what is found.
 */
static void
renew(RuleEntry *entry, const TriggerData *trigger_data, RuleAction action)
{
	Relation	relation = trigger_data->tg_relation;
	const Trigger *trigger = trigger_data->tg_trigger;
	Rule	   *shared;

	release(entry);
	shared = rule_share_find(relation, trigger, action);
	if (shared != NULL && !is_busy_elsewhere(entry, shared))
	{
		entry->is_valid = true;
		attach(entry, shared);
		return;
	}
	attach(entry, compile(entry, trigger_data, action));
	if (shared == NULL)
		rule_share_offer(entry->rule, relation, trigger);
}

/* What a shared rule warns of, and who may see why, is the table's that fires. */
static void
make_rule_of(RuleEntry *entry, Relation relation)
{
	if (entry->rule->offer == NULL)
		return;
	entry->rule->relation_id = entry->relation_id;
	entry->rule->relation_name = RelationGetRelationName(relation);
	entry->rule->has_warned = &entry->has_warned;
}

Rule *
rule_cache_get(const TriggerData *trigger_data, RuleAction action)
{
	RuleEntry  *entry = find_entry(trigger_data);

	check_not_compiling(entry);
	/* what has become of types, too, which nobody locks */
	if (rule_action_has_queries(action))
		AcceptInvalidationMessages();
	if (is_usable(entry))
		dlist_move_head(&recent, &entry->node);
	else
		renew(entry, trigger_data, action);
	make_rule_of(entry, trigger_data->tg_relation);
	return entry->rule;
}
