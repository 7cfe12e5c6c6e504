/*-------------------------------------------------------------------------
 *
 * trigger.c
 *	  The trigger functions, one for each action.
 *
 * They check how they were called and hand the rows down.  They take no
 * privilege from the writer and need none.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/guc.h"
#include "commands/trigger.h"
#include "compile/cacheops_rule.h"
#include "compile/rule_cache.h"
#include "rule/rule_action.h"
#include "utils/rel.h"
#include "write/cacheops_image.h"
#include "write/collect.h"
#include "write/query.h"
#include "write/render.h"

/* Up to so many keys of a rule a firing needs no memory. */
#define KEYS_ON_STACK 16

/* One firing of a rule. */
typedef struct Firing
{
	const TriggerData *trigger_data;
	Rule	   *rule;
	CollectSource source;
	TupleTableSlot *rows[2];	/* the old one, the new one */
	int			row_count;
	bool	   *wanted;			/* by key of the rule */
} Firing;

static void
check_protocol(FunctionCallInfo fcinfo, const char *function)
{
	TriggerEvent event;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("uncache.%s: must be called as trigger", function)));

	event = ((TriggerData *) fcinfo->context)->tg_event;
	if (!TRIGGER_FIRED_AFTER(event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("uncache.%s: must be fired after the event", function),
				 errhint("Create the trigger as AFTER.")));
	if (TRIGGER_FIRED_BY_TRUNCATE(event) != TRIGGER_FIRED_FOR_STATEMENT(event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("uncache.%s: must be fired for each row", function),
				 errhint("Create the trigger as FOR EACH ROW; only a trigger on TRUNCATE is FOR EACH STATEMENT.")));
}

static void
add_key(const RuleKey *key, InvalidationAction action,
		const char *bytes, Size length, void *argument)
{
	collect_add(argument, key->target, action, bytes, length);
}

static void
add_text(const char *text, Size length, void *argument)
{
	collect_add_text(argument, text, length);
}

/* Marks those of the rule's keys from first on that are wanted; false if none is. */
static bool
find_wanted(Firing *firing, int first, int count)
{
	bool		any = false;
	int			i;

	for (i = first; i < first + count; i++)
	{
		const RuleKey *key = &firing->rule->keys[i];

		firing->wanted[i] = collect_wants(key->target, key->target_length);
		any |= firing->wanted[i];
	}
	return any;
}

/* Adds what the wanted keys render to. */
static void
add_wanted(Firing *firing)
{
	Rule	   *rule = firing->rule;
	int			i;

	for (i = 0; i < firing->row_count; i++)
	{
		if (i > 0 && !render_find_changed(rule, firing->rows[i], firing->rows[0], firing->wanted))
			break;
		render_row(rule, firing->rows[i], firing->wanted, add_key, &firing->source);
	}
}

static void
fire_templates(Firing *firing)
{
	if (find_wanted(firing, 0, firing->rule->key_count))
		add_wanted(firing);
}

/* Adds what a query could have returned. */
static void
widen_query(Firing *firing, const RuleQuery *query)
{
	memset(firing->wanted, 0, firing->rule->key_count * sizeof(bool));
	if (query->key_count == 0)
		collect_add_resync(&firing->source);
	else if (find_wanted(firing, query->first_key, query->key_count))
		add_wanted(firing);
}

static void
fire_queries(Firing *firing)
{
	Rule	   *rule = firing->rule;
	int			i;

	if (!collect_wants_any())
		return;
	for (i = 0; i < rule->query_count; i++)
	{
		RuleQuery  *query = &rule->queries[i];

		if (!query_run(rule, query, firing->rows, firing->row_count, add_text, &firing->source))
			widen_query(firing, query);
	}
}

/* What a rule can produce at all is told from its text, of which nothing is planned or run. */
static void
fire_all(const TriggerData *trigger_data, RuleAction action)
{
	const Trigger *trigger = trigger_data->tg_trigger;
	CollectSource source = {RelationGetRelid(trigger_data->tg_relation), trigger->tgname};

	rule_action_reach(action, trigger->tgargs, trigger->tgnargs, collect_add_reach, &source);
}

/* Adds the rows' images; all sets of the table where there is none. */
static void
fire_images(Firing *firing)
{
	const		CacheopsRule *cacheops = firing->rule->cacheops;
	const Trigger *trigger = firing->trigger_data->tg_trigger;
	bool		is_known = true;
	StringInfoData image;
	int			i;

	if (trigger->tgnargs == 0 || !collect_wants(cacheops->target, cacheops->target_length))
		return;
	for (i = 0; i < firing->row_count && is_known; i++)
	{
		is_known = cacheops_image_render(firing->rule, firing->rows[i], &image);
		if (is_known)
			collect_add(&firing->source, cacheops->target, rule_action_invalidation(firing->rule->action),
						image.data, image.len);
	}
	if (!is_known)
		rule_action_reach(firing->rule->action, trigger->tgargs, trigger->tgnargs,
						  collect_add_reach, &firing->source);
}

typedef void (*FireForm) (Firing *firing);

/* In the order of RuleForm. */
static const FireForm fire_form[] = {fire_templates, fire_queries, fire_images};

StaticAssertDecl(lengthof(fire_form) == RULE_FORM_COUNT, "a rule fires, however its arguments are written");

static void
set_rows(Firing *firing)
{
	firing->rows[firing->row_count++] = firing->trigger_data->tg_trigslot;
	if (TRIGGER_FIRED_BY_UPDATE(firing->trigger_data->tg_event))
		firing->rows[firing->row_count++] = firing->trigger_data->tg_newslot;
}

static void
fire_rows(const TriggerData *trigger_data, RuleAction action)
{
	Firing		firing = {.trigger_data = trigger_data};
	bool		wanted[KEYS_ON_STACK];

	firing.rule = rule_cache_get(trigger_data, action);
	firing.source.relation_id = RelationGetRelid(trigger_data->tg_relation);
	firing.source.rule_name = firing.rule->trigger_name;
	firing.wanted = wanted;
	if (firing.rule->key_count > KEYS_ON_STACK)
		firing.wanted = palloc(firing.rule->key_count * sizeof(bool));
	set_rows(&firing);
	fire_form[rule_action_form(action)] (&firing);
}

static Datum
fire(FunctionCallInfo fcinfo, RuleAction action)
{
	const TriggerData *trigger_data = (const TriggerData *) fcinfo->context;

	check_protocol(fcinfo, rule_action_name(action));
	if (!guc_enabled)
		return PointerGetDatum(NULL);
	if (TRIGGER_FIRED_BY_TRUNCATE(trigger_data->tg_event))
		fire_all(trigger_data, action);
	else
		fire_rows(trigger_data, action);
	return PointerGetDatum(NULL);
}

/* The trigger functions, one for each action: uncache_keys(), uncache_patterns() … */
#define TRIGGER_FUNCTION(symbol, name, form, invalidation, is_glob) \
	PG_FUNCTION_INFO_V1(uncache_##name); \
	Datum \
	uncache_##name(PG_FUNCTION_ARGS) \
	{ \
		return fire(fcinfo, RULE_ACTION_##symbol); \
	}

RULE_ACTIONS(TRIGGER_FUNCTION)
