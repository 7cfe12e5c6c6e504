/*-------------------------------------------------------------------------
 *
 * rule_reach.c
 *	  A rule's arguments → all that it can produce, for whatever row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/guarded.h"
#include "compile/cacheops_rule.h"
#include "rule/query_text.h"
#include "rule/rule_author.h"
#include "rule/rule_reach.h"
#include "rule/template.h"

typedef struct Output
{
	RuleAction	action;
	RuleReachSink sink;
	void	   *argument;
} Output;

static void
give_template(const Output *output, const char *template)
{
	Size		length = strlen(template);
	char	   *key = palloc(2 * length + 1);
	InvalidationAction action = rule_action_invalidation(output->action);
	TemplateReader reader;
	char	   *target;
	Size		key_length;

	template_reader_init(&reader, template, length);
	target = pnstrdup(reader.target, reader.target_length);
	if (template_reach(template, length, rule_action_is_glob(output->action),
					   key, &key_length))
		action = invalidation_action_by_glob(action);
	output->sink(target, action, key, key_length, output->argument);
	pfree(target);
	pfree(key);
}

/* What looking at a query's text works on. */
typedef struct GlobsCall
{
	const char *query;
	List	   *globs;
} GlobsCall;

static void
find_globs(void *argument)
{
	GlobsCall  *call = argument;
	List	   *placeholders;
	char	   *sql = query_text_sql(call->query, &placeholders);

	call->globs = query_text_globs(sql, list_length(placeholders));
}

static void
give_query(const Output *output, char *const *arguments, int count)
{
	GlobsCall	call = {arguments[0], NIL};
	ListCell   *cell;
	int			i;

	for (i = 1; i < count; i++)
		give_template(output, arguments[i]);
	if (count > 1)
		return;
	if (guarded_call(find_globs, &call) != NULL || call.globs == NIL)
		output->sink("", INVALIDATION_RESYNC, "", 0, output->argument);
	else
	{
		foreach(cell, call.globs)
			give_template(output, lfirst(cell));
	}
}

void
rule_reach(RuleAction action, char *const *arguments, int argument_count,
		   RuleReachSink sink, void *sink_argument)
{
	const Output output = {action, sink, sink_argument};
	int			first = rule_author_count(action, arguments, argument_count);
	int			next;

	if (action == RULE_ACTION_CACHEOPS)
	{
		if (argument_count > 0)
			cacheops_rule_reach(arguments[0], sink, sink_argument);
		return;
	}
	while (first < argument_count)
	{
		next = first + 1;
		if (action == RULE_ACTION_QUERY)
		{
			while (next < argument_count && !query_text_is_query(arguments[next]))
				next++;
			give_query(&output, arguments + first, next - first);
		}
		else
			give_template(&output, arguments[first]);
		first = next;
	}
}
