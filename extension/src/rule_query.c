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
#include "compat.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "parser/analyze.h"
#include "query_text.h"
#include "rule_literals.h"
#include "rule_objects.h"
#include "rule_query.h"
#include "settings.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/rel.h"
#include "utils/rls.h"

RuleQueryRole
rule_query_enter_author(Oid author_id)
{
	RuleQueryRole role;

	GetUserIdAndSecContext(&role.user_id, &role.security_context);
	SetUserIdAndSecContext(author_id,
						   role.security_context | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION | SECURITY_NOFORCE_RLS);
	return role;
}

void
rule_query_leave_author(RuleQueryRole role)
{
	SetUserIdAndSecContext(role.user_id, role.security_context);
}

static void
compile_parameter(RuleCompiler *compiler, const TemplatePart *placeholder,
				  RuleParameter *parameter)
{
	rule_template_analyze(compiler, placeholder);
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

static void
check_is_one(bool is_one)
{
	if (!is_one)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a rule's query must be one SELECT")));
}

static void
check_only_reads(bool only_reads)
{
	if (!only_reads)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a rule's query must only read, without locking rows")));
}

/* It must be one SELECT without side effects that returns one text. */
static void
check_plan(SPIPlanPtr plan)
{
	List	   *sources = SPI_plan_get_plan_sources(plan);
	CachedPlanSource *source;
	Query	   *parsed;

	check_is_one(list_length(sources) == 1 && SPI_is_cursor_plan(plan));
	source = linitial(sources);
	parsed = linitial_node(Query, source->query_list);
	check_only_reads(parsed->commandType == CMD_SELECT && !parsed->hasModifyingCTE &&
					 !locks_rows((Node *) parsed, NULL));
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
	check_plan(plan);
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

/* --- looking at it --- */

/* Before it is analyzed, which locks what it would change. */
static bool
changes_something(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, InsertStmt) || IsA(node, UpdateStmt) || IsA(node, DeleteStmt) || compat_is_merge(node))
		return true;
	if (IsA(node, SelectStmt) && ((const SelectStmt *) node)->lockingClause != NIL)
		return true;
	return raw_expression_tree_walker(node, changes_something, context);
}

/* What its author may not see in full he may not ask for: a hidden row is a stale key. */
static bool
find_policies(Node *node, void *context)
{
	Oid			author_id = *(const Oid *) context;
	ListCell   *cell;

	if (node == NULL)
		return false;
	if (!IsA(node, Query))
		return expression_tree_walker(node, find_policies, context);
	foreach(cell, ((Query *) node)->rtable)
	{
		const RangeTblEntry *entry = lfirst(cell);

		if (entry->rtekind == RTE_RELATION &&
			check_enable_rls(entry->relid, author_id, true) == RLS_ENABLED)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("query would be affected by row-level security policy for table \"%s\"",
							get_rel_name(entry->relid))));
	}
	return query_tree_walker((Query *) node, find_policies, context, 0);
}

/* By the rules that hold where a query is run: an owner's policies are not forced on him. */
static void
check_policies(Query *query, Oid author_id)
{
	Oid			user_id;
	int			security_context;

	GetUserIdAndSecContext(&user_id, &security_context);
	SetUserIdAndSecContext(user_id, security_context | SECURITY_NOFORCE_RLS);
	(void) find_policies((Node *) query, &author_id);
	SetUserIdAndSecContext(user_id, security_context);
}

static Query *
analyze(const RuleQuery *query)
{
	Oid		   *types = palloc(Max(query->parameter_count, 1) * sizeof(Oid));
	List	   *statements = compat_raw_parser(query->sql);
	ParseState *pstate = make_parsestate(NULL);
	Node	   *raw;
	Query	   *parsed;
	int			i;

	raw = list_length(statements) != 1 ? NULL : linitial_node(RawStmt, statements)->stmt;
	check_is_one(raw != NULL && IsA(raw, SelectStmt) && ((SelectStmt *) raw)->intoClause == NULL);
	check_only_reads(!changes_something(raw, NULL));
	for (i = 0; i < query->parameter_count; i++)
		types[i] = query->parameters[i].type_id;
	pstate->p_sourcetext = query->sql;
	rule_literals_take(pstate, raw, types, query->parameter_count);
	parsed = transformStmt(pstate, raw);
	check_only_reads(parsed->commandType == CMD_SELECT && !parsed->hasModifyingCTE &&
					 !locks_rows((Node *) parsed, NULL));
	free_parsestate(pstate);
	return parsed;
}

void
rule_query_analyze(RuleCompiler *compiler, const RuleQuery *query)
{
	int			nest_level = settings_pin_all();
	ErrorContextCallback callback = {
		.previous = error_context_stack,
		.callback = query_error_callback,
		.arg = unconstify(RuleQuery *, query)
	};
	Query	   *parsed;

	error_context_stack = &callback;
	parsed = analyze(query);
	rule_query_check_result(ExecCleanTypeFromTL(parsed->targetList));
	check_policies(parsed, compiler->relation->rd_rel->relowner);
	error_context_stack = callback.previous;
	settings_restore(nest_level);
	compiler->objects = rule_objects_add(compiler->objects, (Node *) parsed);
}
