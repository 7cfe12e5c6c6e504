/*-------------------------------------------------------------------------
 *
 * query_arguments.c
 *	  Arguments that are queries, each followed by templates of globs.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/guarded.h"
#include "rule/query_arguments.h"
#include "rule/query_text.h"
#include "rule/template_arguments.h"

int
query_arguments_next(char *const *arguments, int count, int first)
{
	int			next = first + 1;

	while (next < count && !query_text_is_query(arguments[next]))
		next++;
	return next;
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

/* Of a query without globs of its own. */
static void
give_shown(const RuleReach *reach, const char *query)
{
	GlobsCall	call = {query, NIL};
	ListCell   *cell;

	if (guarded_call(find_globs, &call) != NULL || call.globs == NIL)
	{
		reach->sink("", INVALIDATION_RESYNC, "", 0, reach->argument);
		return;
	}
	foreach(cell, call.globs)
	{
		char	   *glob = lfirst(cell);

		template_arguments_reach(reach, &glob, 1);
	}
}

void
query_arguments_reach(const RuleReach *reach, char *const *arguments, int count)
{
	int			first = 0;

	while (first < count)
	{
		int			next = query_arguments_next(arguments, count, first);

		if (next == first + 1)
			give_shown(reach, arguments[first]);
		else
			template_arguments_reach(reach, arguments + first + 1, next - first - 1);
		first = next;
	}
}
