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

#include "access/table.h"
#include "base/compat.h"
#include "base/settings.h"
#include "catalog/pg_type.h"
#include "compile/rule_compiler_internal.h"
#include "compile/rule_query.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "guard/admission.h"
#include "guard/admission_use.h"
#include "guard/guard_state.h"
#include "guard/no_code.h"
#include "guard/rule_literals.h"
#include "guard/rule_objects.h"
#include "guard/user_code.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "parser/analyze.h"
#include "rule/query_text.h"
#include "storage/lmgr.h"
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
						   SECURITY_RESTRICTED_OPERATION | SECURITY_NOFORCE_RLS |
						   GUARD_STATE_QUERY);
	return role;
}

void
rule_query_leave_author(RuleQueryRole role)
{
	SetUserIdAndSecContext(role.user_id, role.security_context);
}

/* As the author; what is allocated is of no use afterwards. */
static List *
find_use(const Rule *rule, Relation relation, const char *source)
{
	Rule		looked_at = *rule;
	RuleCompiler compiler = {.rule = &looked_at,.relation = relation,.is_strict = true};
	RuleQuery	query = {.source = source};

	looked_at.context = CurrentMemoryContext;
	no_code_enter();
	rule_query_compile(&compiler, &query);
	rule_query_analyze(&compiler, &query);
	no_code_leave();
	return compiler.objects;
}

/*
 * Before anything of it is planned: does it use what it used?  What its names mean may
 * change at once, so what is analyzed to be planned is looked at again.
 */
static void
check_admitted(Rule *rule, Relation relation, RuleQuery *query)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "uncache query", ALLOCSET_SMALL_SIZES);
	MemoryContext old_context = MemoryContextSwitchTo(context);
	List	   *objects = find_use(rule, relation, query->source);

	admission_use_check(&rule->admission, objects);
	rule_add_relations(rule, user_code_check(objects));
	rule_add_types(rule, admission_use_find_types(objects));
	MemoryContextSwitchTo(old_context);
	MemoryContextDelete(context);
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
	if (!compiler->is_strict)
		check_admitted(compiler->rule, compiler->relation, query);
	compiler->runs_as_author = true;
	foreach(cell, placeholders)
		compile_parameter(compiler, lfirst(cell), &parameters[count++]);
	compiler->runs_as_author = false;
	query->parameters = parameters;
	query->parameter_count = count;
	query->types = MemoryContextAlloc(compiler->rule->context, Max(count, 1) * sizeof(Oid));
	while (count-- > 0)
		query->types[count] = parameters[count].type_id;
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

/*
 * PostgreSQL analyzes a query again when something has changed, and plans what it has
 * found.  It is looked at in between.  What somebody else's hook keeps from us is not
 * analyzed again.
 */
static post_parse_analyze_hook_type next_hook = NULL;
static const ParseState *awaited = NULL;
static const Admission *awaited_use = NULL;

static void
look_at_analyzed(ParseState *pstate, Query *parsed)
{
	const Admission *admission = awaited_use;

	if (pstate != awaited)
		return;
	awaited = NULL;
	no_code_leave();
	admission_use_check(admission, rule_objects_add(NIL, (Node *) parsed));
}

#if COMPAT_ANALYZE_HOOK_HAS_JUMBLE
static void
analyze_hook(ParseState *pstate, Query *parsed, COMPAT_JUMBLE_CONST JumbleState * jumble)
{
	if (next_hook != NULL)
		next_hook(pstate, parsed, jumble);
	look_at_analyzed(pstate, parsed);
}
#else
static void
analyze_hook(ParseState *pstate, Query *parsed)
{
	if (next_hook != NULL)
		next_hook(pstate, parsed);
	look_at_analyzed(pstate, parsed);
}
#endif

void
rule_query_give_up(void)
{
	awaited = NULL;
	no_code_leave();
}

void
rule_query_init(void)
{
	next_hook = post_parse_analyze_hook;
	post_parse_analyze_hook = analyze_hook;
}

static void
set_up_parser(ParseState *pstate, void *argument)
{
	RuleQuery  *query = argument;

	if (!query->may_analyze)
	{
		query->is_outdated = true;
		elog(ERROR, "what the query reads has changed meanwhile");
	}

	/*
	 * until look_at_analyzed(); if another's hook keeps that from us, nothing
	 * is run
	 */
	no_code_enter();
	awaited = pstate;
	awaited_use = query->admission;
	compat_set_up_parameters(pstate, query->types, query->parameter_count);
}

static void
check_use(const Rule *rule, SPIPlanPtr plan)
{
	const		CachedPlanSource *source = linitial(SPI_plan_get_plan_sources(plan));
	List	   *objects = rule_objects_add(NIL, linitial(source->query_list));

	admission_use_check(&rule->admission, objects);
	(void) user_code_check(objects);
}

static SPIPlanPtr
prepare(const Rule *rule, RuleQuery *query)
{
	SPIPlanPtr	plan;
	ErrorContextCallback callback = {
		.previous = error_context_stack,
		.callback = query_error_callback,
		.arg = query
	};

	error_context_stack = &callback;
	query->may_analyze = true;
	query->is_outdated = false;
	query->admission = &rule->admission;
	plan = SPI_prepare_params(query->sql, set_up_parser, query, 0);
	query->may_analyze = awaited == NULL;
	rule_query_give_up();
	if (plan == NULL)
		elog(ERROR, "SPI_prepare_params failed: %s", SPI_result_code_string(SPI_result));
	check_plan(plan);
	check_use(rule, plan);
	error_context_stack = callback.previous;
	return plan;
}

static void
free_plan(void *argument)
{
	RuleQuery  *query = argument;

	if (query->plan != NULL)
		(void) SPI_freeplan(query->plan);
	query->plan = NULL;
}

void
rule_query_prepare(Rule *rule, RuleQuery *query)
{
	MemoryContextCallback *callback;
	Relation	relation;
	SPIPlanPtr	plan;

	if (query->plan != NULL && SPI_plan_is_valid(query->plan))
		return;
	free_plan(query);
	query->may_analyze = false;
	/* the statement that fires the rule has it locked */
	relation = table_open(rule->relation_id, NoLock);
	check_admitted(rule, relation, query);
	table_close(relation, NoLock);
	plan = prepare(rule, query);
	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "SPI_keepplan failed");
	callback = MemoryContextAlloc(rule->context, sizeof(*callback));
	callback->func = free_plan;
	callback->arg = query;
	MemoryContextRegisterResetCallback(rule->context, callback);
	query->plan = plan;
}

void
rule_query_lock(const RuleQuery *query)
{
	const		CachedPlanSource *source = linitial(SPI_plan_get_plan_sources(query->plan));
	ListCell   *cell;

	foreach(cell, source->relationOids)
	{
		if (!ConditionalLockRelationOid(lfirst_oid(cell), AccessShareLock))
			ereport(ERROR,
					(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
					 errmsg("a relation that it reads is locked")));
	}
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
	List	   *statements = compat_raw_parser(query->sql);
	ParseState *pstate = make_parsestate(NULL);
	Node	   *raw;
	Query	   *parsed;

	raw = list_length(statements) != 1 ? NULL : linitial_node(RawStmt, statements)->stmt;
	check_is_one(raw != NULL && IsA(raw, SelectStmt) && ((SelectStmt *) raw)->intoClause == NULL);
	check_only_reads(!changes_something(raw, NULL));
	pstate->p_sourcetext = query->sql;
	rule_literals_take(pstate, raw, query->types, query->parameter_count);
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
	check_policies(parsed, OidIsValid(compiler->rule->author_id) ? compiler->rule->author_id :
				   compiler->relation->rd_rel->relowner);
	error_context_stack = callback.previous;
	settings_restore(nest_level);
	compiler->objects = rule_objects_add(compiler->objects, (Node *) parsed);
}
