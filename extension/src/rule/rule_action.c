/*-------------------------------------------------------------------------
 *
 * rule_action.c
 *	  What a rule's trigger function makes of its arguments.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rule/cacheops_arguments.h"
#include "rule/query_arguments.h"
#include "rule/rule_action.h"
#include "rule/rule_author.h"
#include "rule/template_arguments.h"

typedef struct ActionTraits
{
	const char *name;
	RuleForm	form;
	InvalidationAction invalidation;
	bool		is_glob;
} ActionTraits;

#define ACTION_TRAITS(symbol, name, form, invalidation, is_glob) {#name, form, invalidation, is_glob},

static const ActionTraits actions[] = {RULE_ACTIONS(ACTION_TRAITS)};

/* Those of rule_action.h; an author is not among the arguments. */
typedef struct FormTraits
{
	void		(*reach) (const RuleReach *reach, char *const *arguments, int count);
	bool		(*rename_column) (char **arguments, int count, const char *old_name, const char *new_name);
	bool		has_queries;
	bool		has_sql;
	bool		needs_rows;
} FormTraits;

/* In the order of RuleForm. */
static const FormTraits forms[] = {
	{
		.reach = template_arguments_reach,
		.rename_column = template_arguments_rename_column,
		.has_sql = true
	},
	{
		.reach = query_arguments_reach,
		.rename_column = template_arguments_rename_column,
		.has_queries = true,
		.has_sql = true,
		.needs_rows = true
	},
	{
		.reach = cacheops_arguments_reach,
		.rename_column = cacheops_arguments_rename_column,
		.needs_rows = true
	}
};

StaticAssertDecl(lengthof(forms) == RULE_FORM_COUNT, "each form of arguments has its traits");

static const FormTraits *
form_of(RuleAction action)
{
	return &forms[actions[action].form];
}

const char *
rule_action_name(RuleAction action)
{
	return actions[action].name;
}

bool
rule_action_parse(const char *name, RuleAction *action)
{
	int			i;

	for (i = 0; i < RULE_ACTION_COUNT; i++)
	{
		if (strcmp(name, actions[i].name) == 0)
		{
			*action = (RuleAction) i;
			return true;
		}
	}
	return false;
}

RuleForm
rule_action_form(RuleAction action)
{
	return actions[action].form;
}

InvalidationAction
rule_action_invalidation(RuleAction action)
{
	return actions[action].invalidation;
}

bool
rule_action_is_glob(RuleAction action)
{
	return actions[action].is_glob;
}

bool
rule_action_has_queries(RuleAction action)
{
	return form_of(action)->has_queries;
}

bool
rule_action_has_sql(RuleAction action)
{
	return form_of(action)->has_sql;
}

bool
rule_action_needs_rows(RuleAction action)
{
	return form_of(action)->needs_rows;
}

int
rule_action_author_count(RuleAction action, char *const *arguments, int count)
{
	return form_of(action)->has_queries ? rule_author_count(arguments, count) : 0;
}

void
rule_action_reach(RuleAction action, char *const *arguments, int argument_count,
				  RuleReachSink sink, void *sink_argument)
{
	const RuleReach reach = {
		actions[action].invalidation, actions[action].is_glob, sink, sink_argument
	};
	int			author_count = rule_action_author_count(action, arguments, argument_count);

	form_of(action)->reach(&reach, arguments + author_count, argument_count - author_count);
}

bool
rule_action_rename_column(RuleAction action, const StringArray *arguments,
						  const char *old_name, const char *new_name)
{
	int			author_count = rule_action_author_count(action, arguments->strings, arguments->count);

	return form_of(action)->rename_column(arguments->strings + author_count, arguments->count - author_count,
										  old_name, new_name);
}
