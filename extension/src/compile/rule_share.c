/*-------------------------------------------------------------------------
 *
 * rule_share.c
 *	  Compiled rules that serve the triggers of several tables.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "compile/rule_compile.h"
#include "compile/rule_share.h"
#include "lib/ilist.h"
#include "utils/memutils.h"

/* A column that the rule reads, as it was where the rule was compiled. */
typedef struct SharedColumn
{
	AttrNumber	number;
	NameData	name;
	Oid			type_id;
	int32		type_modifier;
	Oid			collation_id;
} SharedColumn;

struct RuleOffer
{
	dlist_node	node;			/* in offers */
	Rule	   *rule;			/* whose context holds this */
	char	  **arguments;
	int			argument_count;
	SharedColumn *columns;
	int			column_count;
};

static dlist_head offers = DLIST_STATIC_INIT(offers);

/* Queries depend on their author, images on all columns. */
static bool
is_made_of_keys(const Rule *rule)
{
	int			i;
	bool		result = rule->key_count > 0 && rule->query_count == 0 && rule->cacheops == NULL &&
	!rule->is_provisional;

	for (i = 0; i < rule->key_count; i++)
		result &= !rule->keys[i].has_wildcard;
	return result;
}

/* What computes a column need not be the same in other tables. */
static bool
computes_columns(TupleDesc desc)
{
	int			i;

	for (i = 0; i < desc->natts; i++)
	{
		if (TupleDescAttr(desc, i)->attgenerated != '\0')
			return true;
	}
	return false;
}

/* False if a whole row, which is of the table's type, or a system column is read. */
static bool
reads_columns_only(const Bitmapset * columns)
{
	int			first = bms_next_member(columns, -1);

	return first < 0 || first + FirstLowInvalidHeapAttributeNumber > 0;
}

static void
set_columns(RuleOffer *offer, const Bitmapset * columns, TupleDesc desc)
{
	int			member = -1;

	offer->columns = palloc(Max(bms_num_members(columns), 1) * sizeof(SharedColumn));
	while ((member = bms_next_member(columns, member)) >= 0)
	{
		SharedColumn *column = &offer->columns[offer->column_count++];
		Form_pg_attribute attribute = TupleDescAttr(desc, member + FirstLowInvalidHeapAttributeNumber - 1);

		column->number = attribute->attnum;
		column->name = attribute->attname;
		column->type_id = attribute->atttypid;
		column->type_modifier = attribute->atttypmod;
		column->collation_id = attribute->attcollation;
	}
}

static void
set_arguments(RuleOffer *offer, const Trigger *trigger)
{
	int			i;

	offer->argument_count = trigger->tgnargs;
	offer->arguments = palloc(trigger->tgnargs * sizeof(char *));
	for (i = 0; i < trigger->tgnargs; i++)
		offer->arguments[i] = pstrdup(trigger->tgargs[i]);
}

void
rule_share_offer(Rule *rule, Relation relation, const Trigger *trigger)
{
	Bitmapset  *columns = rule_columns_read(rule);
	MemoryContext old_context;
	RuleOffer  *offer;

	if (!is_made_of_keys(rule) || !reads_columns_only(columns) ||
		computes_columns(RelationGetDescr(relation)))
		return;
	old_context = MemoryContextSwitchTo(rule->context);
	offer = palloc0(sizeof(RuleOffer));
	offer->rule = rule;
	set_columns(offer, columns, RelationGetDescr(relation));
	set_arguments(offer, trigger);
	MemoryContextSwitchTo(old_context);
	rule->offer = offer;
	dlist_push_head(&offers, &offer->node);
}

static bool
has_columns(Relation relation, const RuleOffer *offer)
{
	TupleDesc	desc = RelationGetDescr(relation);
	int			i;

	for (i = 0; i < offer->column_count; i++)
	{
		const SharedColumn *column = &offer->columns[i];
		Form_pg_attribute attribute;

		if (column->number > desc->natts)
			return false;
		attribute = TupleDescAttr(desc, column->number - 1);
		if (attribute->attisdropped || attribute->attgenerated != '\0' ||
			attribute->atttypid != column->type_id ||
			attribute->atttypmod != column->type_modifier ||
			attribute->attcollation != column->collation_id ||
			strcmp(NameStr(attribute->attname), NameStr(column->name)) != 0)
			return false;
	}
	return true;
}

static bool
has_arguments(const Trigger *trigger, const RuleOffer *offer)
{
	int			i;

	if (trigger->tgnargs != offer->argument_count)
		return false;
	for (i = 0; i < trigger->tgnargs; i++)
	{
		if (strcmp(trigger->tgargs[i], offer->arguments[i]) != 0)
			return false;
	}
	return true;
}

Rule *
rule_share_find(Relation relation, const Trigger *trigger, RuleAction action)
{
	dlist_iter	iter;

	dlist_foreach(iter, &offers)
	{
		RuleOffer  *offer = dlist_container(RuleOffer, node, iter.cur);

		if (offer->rule->action == action &&
			strcmp(offer->rule->trigger_name, trigger->tgname) == 0 &&
			has_arguments(trigger, offer) && has_columns(relation, offer))
			return offer->rule;
	}
	return NULL;
}

void
rule_share_withdraw(Rule *rule)
{
	if (rule->offer != NULL)
		dlist_delete(&rule->offer->node);
	rule->offer = NULL;
}

void
rule_share_withdraw_all(void)
{
	while (!dlist_is_empty(&offers))
		rule_share_withdraw(dlist_head_element(RuleOffer, node, &offers)->rule);
}
