/*-------------------------------------------------------------------------
 *
 * query.c
 *	  Runs the queries of a rule for its rows.
 *
 * In a subtransaction, so that a query that fails takes nothing with it but
 * what it has returned itself.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "base/guarded.h"
#include "base/guc.h"
#include "base/settings.h"
#include "base/warning.h"
#include "compile/rule_query.h"
#include "executor/executor.h"
#include "nodes/params.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "write/query.h"

/* Rows that are fetched at a time. */
#define FETCH_COUNT 1000

/* How often a query is begun again because what it reads has just changed. */
#define MAX_RETRIES 3

/* One row's values of a query's parameters, as they are; NULL before there are any. */
typedef ParamListInfo Arguments;

typedef struct Run
{
	Rule	   *rule;
	RuleQuery  *query;
	TupleTableSlot *const *rows;
	int			row_count;
	QuerySink	sink;
	void	   *argument;
} Run;

/* In the current memory context, which is the row's. */
static Arguments
evaluate(Run *run, TupleTableSlot *row)
{
	RuleQuery  *query = run->query;
	ExprContext *econtext = run->rule->econtext;
	Arguments	result = makeParamList(query->parameter_count);
	int			i;

	econtext->ecxt_scantuple = row;
	for (i = 0; i < query->parameter_count; i++)
	{
		RuleParameter *parameter = &query->parameters[i];
		ParamExternData *value = &result->params[i];

		if (parameter->state == NULL)
		{
			MemoryContext old_context = MemoryContextSwitchTo(run->rule->state_context);

			parameter->state = ExecInitExpr(parameter->expr, NULL);
			MemoryContextSwitchTo(old_context);
		}
		value->value = ExecEvalExpr(parameter->state, econtext, &value->isnull);
		value->pflags = PARAM_FLAG_CONST;
		value->ptype = parameter->type_id;
	}
	return result;
}

/*
 * With what is committed now, whatever the isolation level: a row that came after the
 * transaction's snapshot may be in the cache already, with the old state of this one.
 */
static void
push_snapshot(void)
{
	CommandCounterIncrement();
	PushActiveSnapshot(GetLatestSnapshot());
}

static bool
reads_columns_only(const RuleQuery *query)
{
	int			i;

	for (i = 0; i < query->parameter_count; i++)
	{
		if (!IsA(query->parameters[i].expr, Var))
			return false;
	}
	return true;
}

/* Functions of placeholders may read tables as well. */
static Arguments
evaluate_now(Run *run, TupleTableSlot *row)
{
	Arguments	result;

	if (reads_columns_only(run->query))
		return evaluate(run, row);
	push_snapshot();
	result = evaluate(run, row);
	PopActiveSnapshot();
	return result;
}

static bool
are_equal(const RuleQuery *query, Arguments a, Arguments b)
{
	int			i;

	for (i = 0; i < query->parameter_count; i++)
	{
		const RuleParameter *parameter = &query->parameters[i];

		if (a->params[i].isnull != b->params[i].isnull)
			return false;
		if (!a->params[i].isnull &&
			!datumIsEqual(a->params[i].value, b->params[i].value,
						  parameter->type_by_value, parameter->type_length))
			return false;
	}
	return true;
}

/* Gives what SPI_tuptable has to the sink; a NULL is no key. */
static void
take_tuples(Run *run)
{
	uint64		i;

	rule_query_check_result(SPI_tuptable->tupdesc);
	for (i = 0; i < SPI_tuptable->numvals; i++)
	{
		bool		is_null;
		Datum		datum = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &is_null);
		text	   *key;

		if (is_null)
			continue;
		key = DatumGetTextPP(datum);
		if (VARSIZE_ANY_EXHDR(key) > guc_max_key_bytes)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("key of %zu bytes is longer than uncache.max_key_bytes (%d)",
							(Size) VARSIZE_ANY_EXHDR(key), guc_max_key_bytes)));
		run->sink(VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key), run->argument);
	}
	SPI_freetuptable(SPI_tuptable);
}

static void
run_once(Run *run, Arguments arguments)
{
	Portal		portal;
	uint64		count;

	AcceptInvalidationMessages();
	rule_query_prepare(run->rule, run->query);
	rule_query_lock(run->query);
	push_snapshot();
	portal = SPI_cursor_open_with_paramlist(NULL, run->query->plan, arguments, true);
	do
	{
		SPI_cursor_fetch(portal, true, FETCH_COUNT);
		count = SPI_processed;
		take_tuples(run);
	} while (count == FETCH_COUNT);
	SPI_cursor_close(portal);
	PopActiveSnapshot();
}

/*
 * Raises whatever the query raises.  Indexes and partitions are locked while it is
 * planned: that may not take long either.
 */
static void
run_rows(void *argument)
{
	Run		   *run = argument;
	int			nest_level = settings_pin_query();
	RuleQueryRole role = rule_query_enter_author(run->rule->author_id);
	Arguments	last = NULL;
	int			i;

	for (i = 0; i < run->row_count; i++)
	{
		Arguments	arguments;

		arguments = evaluate_now(run, run->rows[i]);
		if (i > 0 && are_equal(run->query, last, arguments))
			continue;
		if (SPI_connect() != SPI_OK_CONNECT)
			elog(ERROR, "SPI_connect failed");
		run_once(run, arguments);
		(void) SPI_finish();
		last = arguments;
	}
	rule_query_leave_author(role);
	settings_restore(nest_level);
}

/* A query that cannot be prepared, or had to wait for a lock, is tried once in each transaction. */
static bool
has_given_up(const RuleQuery *query)
{
	return query->sql == NULL || query->failed_at == GetCurrentTransactionStartTimestamp();
}

static void
warn_of_author(const Rule *rule)
{
	const char *problem;
	const char *detail;

	/* unless a role has changed since the rule was looked up */
	if (!OidIsValid(rule_author_find_role(&rule->admission.author, &problem, &detail)))
		rule_warn(rule, problem, detail);
}

bool
query_run(Rule *rule, RuleQuery *query, TupleTableSlot *const *rows, int row_count,
		  QuerySink sink, void *argument)
{
	Run			run = {rule, query, rows, row_count, sink, argument};
	MemoryContext old_context;
	ErrorData  *volatile error = NULL;
	volatile int tries = 0;

	if (rule->is_evaluating)
	{
		rule_warn(rule, "a query changes the table that it belongs to", NULL);
		return false;
	}
	if (!OidIsValid(rule->author_id))
		warn_of_author(rule);
	if (!OidIsValid(rule->author_id) || has_given_up(query))
		return false;
	MemoryContextReset(rule->econtext->ecxt_per_tuple_memory);
	old_context = MemoryContextSwitchTo(rule->econtext->ecxt_per_tuple_memory);
	rule->is_evaluating = true;
	PG_TRY();
	{
		query->is_outdated = false;
		error = guarded_call(run_rows, &run);
		while (error != NULL && query->is_outdated && tries++ < MAX_RETRIES)
		{
			rule_query_give_up();
			rule_forget_states(rule);
			query->is_outdated = false;
			error = guarded_call(run_rows, &run);
		}
	}
	PG_CATCH();
	{
		rule->is_evaluating = false;
		rule_query_give_up();
		rule_forget_states(rule);
		PG_RE_THROW();
	}
	PG_END_TRY();
	rule->is_evaluating = false;
	rule_query_give_up();
	if (error != NULL)
	{
		rule_forget_states(rule);
		if (query->plan == NULL || guarded_classify(error) == GUARDED_LOCK_TIMEOUT)
			query->failed_at = GetCurrentTransactionStartTimestamp();
		rule_warn_of_error(rule, psprintf("query \"%s\"", warning_quote(query->source)), error);
	}
	MemoryContextSwitchTo(old_context);
	return error == NULL;
}
