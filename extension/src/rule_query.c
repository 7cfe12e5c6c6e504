/*-------------------------------------------------------------------------
 *
 * rule_query.c
 *	  Compiles a query of a rule against its relation, and prepares it.
 *
 * Placeholders are expressions over the row, planned as those of templates are,
 * and become parameters of their own types: no value is ever part of SQL text.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "query_text.h"
#include "rule_query.h"
#include "settings.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/rel.h"

RuleQueryRole
rule_query_enter_owner(Relation relation)
{
	RuleQueryRole role;

	GetUserIdAndSecContext(&role.user_id, &role.security_context);
	SetUserIdAndSecContext(relation->rd_rel->relowner,
						   role.security_context | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION | SECURITY_NOFORCE_RLS);
	return role;
}

void
rule_query_leave_owner(RuleQueryRole role)
{
	SetUserIdAndSecContext(role.user_id, role.security_context);
}

static void
compile_parameter(RuleCompiler *compiler, const TemplatePart *placeholder,
				  RuleParameter *parameter)
{
	rule_template_plan(compiler, placeholder);
	parameter->expr = compiler->expr;
	parameter->state = NULL;
	parameter->type_id = exprType((Node *) compiler->expr);
	get_typlenbyval(parameter->type_id, &parameter->type_length, &parameter->type_by_value);
}

void
rule_query_compile(RuleCompiler *compiler, RuleQuery *query)
{
	List	   *placeholders;
	ListCell   *cell;
	char	   *sql = query_text_sql(query->source, &placeholders);
	RuleParameter *parameters =
	MemoryContextAlloc(compiler->rule->context,
					   Max(list_length(placeholders), 1) * sizeof(RuleParameter));
	int			count = 0;

	compiler->template_text = query->source;
	foreach(cell, placeholders)
		compile_parameter(compiler, lfirst(cell), &parameters[count++]);
	query->parameters = parameters;
	query->parameter_count = count;
	query->sql = MemoryContextStrdup(compiler->rule->context, sql);
}

void
rule_query_check_result(TupleDesc desc)
{
	Oid			type_id;

	if (desc->natts != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a rule's query must return one column, the key")));
	type_id = getBaseType(TupleDescAttr(desc, 0)->atttypid);
	if (type_id != TEXTOID && type_id != VARCHAROID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("a rule's query must return text, not %s", format_type_be(type_id)),
				 errhint("Cast what it returns to text.")));
}

/* Does a query, or one inside it, lock what it reads? */
static bool
locks_rows(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return ((Query *) node)->rowMarks != NIL ||
			query_tree_walker((Query *) node, locks_rows, context, 0);
	return expression_tree_walker(node, locks_rows, context);
}

/* It must be one SELECT without side effects that returns one text. */
static void
check_plan(SPIPlanPtr plan, const RuleQuery *query)
{
	List	   *sources = SPI_plan_get_plan_sources(plan);
	CachedPlanSource *source;
	Query	   *parsed;

	if (list_length(sources) != 1 || !SPI_is_cursor_plan(plan))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a rule's query must be one SELECT")));
	source = linitial(sources);
	parsed = linitial_node(Query, source->query_list);
	if (parsed->commandType != CMD_SELECT || parsed->hasModifyingCTE || locks_rows((Node *) parsed, NULL))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a rule's query must only read, without locking rows")));
	rule_query_check_result(source->resultDesc);
}

/* Plan errors say where in the query. */
static void
query_error_callback(void *argument)
{
	const RuleQuery *query = argument;
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(query->sql);
	}
	errcontext("query \"%s\" of a rule", query->source);
}

static SPIPlanPtr
prepare(RuleQuery *query)
{
	Oid		   *types = palloc(Max(query->parameter_count, 1) * sizeof(Oid));
	SPIPlanPtr	plan;
	ErrorContextCallback callback = {
		.previous = error_context_stack,
		.callback = query_error_callback,
		.arg = query
	};
	int			i;

	for (i = 0; i < query->parameter_count; i++)
		types[i] = query->parameters[i].type_id;
	error_context_stack = &callback;
	plan = SPI_prepare(query->sql, query->parameter_count, types);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	check_plan(plan, query);
	error_context_stack = callback.previous;
	return plan;
}

static void
free_plan(void *argument)
{
	(void) SPI_freeplan(argument);
}

void
rule_query_prepare(Rule *rule, RuleQuery *query)
{
	MemoryContextCallback *callback = MemoryContextAlloc(rule->context, sizeof(*callback));
	SPIPlanPtr	plan = prepare(query);

	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "SPI_keepplan failed");
	callback->func = free_plan;
	callback->arg = plan;
	MemoryContextRegisterResetCallback(rule->context, callback);
	query->plan = plan;
}

void
rule_query_check(RuleCompiler *compiler, RuleQuery *query)
{
	int			nest_level = settings_pin_query();
	RuleQueryRole role = rule_query_enter_owner(compiler->relation);

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	(void) prepare(query);
	(void) SPI_finish();
	rule_query_leave_owner(role);
	settings_restore(nest_level);
}
