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

#include "commands/trigger.h"
#include "consumer.h"
#include "pending.h"
#include "render.h"
#include "rule_cache.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(uncache_keys);

static void
check_protocol(FunctionCallInfo fcinfo, const char *function)
{
	TriggerEvent event;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("%s: must be called as trigger", function)));

	event = ((TriggerData *) fcinfo->context)->tg_event;
	if (!TRIGGER_FIRED_AFTER(event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("%s: must be fired after the event", function),
				 errhint("Create the trigger as AFTER.")));
	if (TRIGGER_FIRED_BY_TRUNCATE(event) != TRIGGER_FIRED_FOR_STATEMENT(event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("%s: must be fired for each row", function),
				 errhint("Create the trigger as FOR EACH ROW; only a trigger on TRUNCATE is FOR EACH STATEMENT.")));
}

static void
add_key(const RuleKey *key, bool is_pattern, const char *bytes, Size length,
		void *argument)
{
	pending_add(key->target, is_pattern ? INVALIDATION_PATTERNS : INVALIDATION_KEYS,
				bytes, length);
}

/* Fills wanted[] for the rule's keys; false if no target has a consumer. */
static bool
find_wanted(const Rule *rule, bool *wanted)
{
	bool		any = false;
	int			i;

	for (i = 0; i < rule->key_count; i++)
	{
		wanted[i] = consumer_find(rule->keys[i].target, rule->keys[i].target_length) != 0;
		any |= wanted[i];
	}
	return any;
}

static void
add_rows(Rule *rule, const TriggerData *trigger_data, const bool *wanted)
{
	TriggerEvent event = trigger_data->tg_event;
	int			i;

	if (TRIGGER_FIRED_BY_TRUNCATE(event))
	{
		for (i = 0; i < rule->key_count; i++)
		{
			if (wanted[i])
				render_any_row(&rule->keys[i], add_key, NULL);
		}
		return;
	}
	render_row(rule, trigger_data->tg_trigslot, wanted, add_key, NULL);
	if (TRIGGER_FIRED_BY_UPDATE(event))
		render_row(rule, trigger_data->tg_newslot, wanted, add_key, NULL);
}

/* keys('template', …): the target unlinks each key that the row renders to */
Datum
uncache_keys(PG_FUNCTION_ARGS)
{
	TriggerData *trigger_data;
	Rule	   *rule;
	bool	   *wanted;

	check_protocol(fcinfo, "uncache.keys");
	trigger_data = (TriggerData *) fcinfo->context;
	rule = rule_cache_get(trigger_data);
	wanted = palloc(Max(rule->key_count, 1) * sizeof(bool));
	if (find_wanted(rule, wanted))
		add_rows(rule, trigger_data, wanted);
	return PointerGetDatum(NULL);
}
