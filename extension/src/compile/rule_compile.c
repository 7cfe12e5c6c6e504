/*-------------------------------------------------------------------------
 *
 * rule_compile.c
 *	  Compiles a trigger's arguments against its relation.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "base/guarded.h"
#include "base/settings.h"
#include "base/warning.h"
#include "compile/rule_compile.h"
#include "compile/rule_compiler_internal.h"
#include "compile/rule_query.h"
#include "executor/executor.h"
#include "guard/admission.h"
#include "guard/rule_objects.h"
#include "optimizer/optimizer.h"
#include "rule/query_arguments.h"
#include "rule/query_text.h"
#include "rule/rule_author.h"
#include "utils/memutils.h"
#include "utils/rel.h"

static Rule *
create_rule(Relation relation, const char *trigger_name, RuleAction action,
			bool *has_warned)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "uncache rule",
												  ALLOCSET_SMALL_SIZES);
	Rule	   *rule = MemoryContextAllocZero(context, sizeof(Rule));

	rule->context = context;
	rule->action = action;
	rule->relation_id = RelationGetRelid(relation);
	rule->relation_name = MemoryContextStrdup(context, RelationGetRelationName(relation));
	rule->trigger_name = MemoryContextStrdup(context, trigger_name);
	rule->has_warned = has_warned;
	return rule;
}

static void
add_key(RuleCompiler *compiler, const char *template)
{
	Rule	   *rule = compiler->rule;

	rule->keys = rule->key_count == 0 ? palloc0(sizeof(RuleKey)) :
		repalloc(rule->keys, (rule->key_count + 1) * sizeof(RuleKey));
	memset(&rule->keys[rule->key_count], 0, sizeof(RuleKey));
	rule_template_compile(compiler, template, &rule->keys[rule->key_count]);
	rule->key_count++;
}

static void
add_templates(RuleCompiler *compiler, char *const *arguments, int count)
{
	int			i;

	for (i = 0; i < count; i++)
		add_key(compiler, arguments[i]);
}

/* What compiling one query, guarded, works on. */
typedef struct QueryCall
{
	RuleCompiler *compiler;
	RuleQuery  *query;
	List	   *globs;			/* what its text shows, in the rule's context */
} QueryCall;

/* Planning runs what evaluating would: as the author, too. */
static void
compile_as_author(const QueryCall *call)
{
	int			nest_level = settings_pin_query();
	RuleQueryRole role = rule_query_enter_author(call->compiler->rule->author_id);

	rule_query_compile(call->compiler, call->query);
	rule_query_leave_author(role);
	settings_restore(nest_level);
}

static void
find_globs(QueryCall *call)
{
	MemoryContext old_context;
	List	   *placeholders;
	char	   *sql = query_text_sql(call->query->source, &placeholders);
	List	   *globs = query_text_globs(sql, list_length(placeholders));
	ListCell   *cell;

	old_context = MemoryContextSwitchTo(call->compiler->rule->context);
	foreach(cell, globs)
		call->globs = lappend(call->globs, pstrdup(lfirst(cell)));
	MemoryContextSwitchTo(old_context);
}

static void
compile_query(void *argument)
{
	QueryCall  *call = argument;

	find_globs(call);
	if (OidIsValid(call->compiler->rule->author_id))
		compile_as_author(call);
}

static void
look_at_query(QueryCall *call)
{
	rule_query_compile(call->compiler, call->query);
	find_globs(call);
	if (!call->compiler->skips_queries)
		rule_query_analyze(call->compiler, call->query);
}

/* Adds a query; arguments behind it up to the next one are its globs. */
static void
add_query(RuleCompiler *compiler, char *const *arguments, int count)
{
	Rule	   *rule = compiler->rule;
	RuleQuery  *query = &rule->queries[rule->query_count++];
	QueryCall	call = {.compiler = compiler,.query = query};
	ErrorData  *error = NULL;
	ListCell   *cell;

	query->source = arguments[0];
	query->first_key = rule->key_count;
	if (compiler->is_strict)
		look_at_query(&call);
	else
		error = guarded_call(compile_query, &call);
	if (error != NULL)
	{
		query->sql = NULL;

		/*
		 * said as of one that is prepared: which of them it is depends on
		 * caches
		 */
		rule_warn_of_error(rule, psprintf("query \"%s\"", warning_quote(query->source)), error);
		rule_try_again(rule);
	}
	add_templates(compiler, arguments + 1, count - 1);
	if (count == 1)
	{
		foreach(cell, call.globs)
			add_key(compiler, lfirst(cell));
	}
	query->key_count = rule->key_count - query->first_key;
	if (query->key_count == 0 && compiler->is_strict)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("could not determine which keys the query \"%s\" returns", query->source),
				 errhint("Pass a pattern that matches them as the next argument: it is used when the query cannot be run.")));
}

static void
add_queries(RuleCompiler *compiler, char *const *arguments, int count)
{
	int			first = 0;

	if (compiler->is_strict && count > 0 && !query_text_is_query(arguments[0]))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is not a query", arguments[0]),
				 errhint("The first argument must begin with SELECT, WITH, VALUES or TABLE; fallback patterns follow it.")));
	compiler->rule->queries = palloc0(Max(count, 1) * sizeof(RuleQuery));
	while (first < count)
	{
		int			next = query_arguments_next(arguments, count, first);

		add_query(compiler, arguments + first, next - first);
		first = next;
	}
}

/* What the arguments say of an author is not believed. */
static void
set_author(Rule *rule, Oid trigger_id)
{
	const RuleTrigger *trigger = rule_scan_trigger(trigger_id);
	Admission	admission = {0};
	const char *problem;
	const char *detail;

	if (trigger != NULL)
		admission = admission_find(trigger);
	rule->admission = admission;
	rule->author_id = rule_author_find_role(&rule->admission.author, &problem, &detail);
}

/* An author is not among the arguments, which live as long as the rule. */
typedef void (*CompileForm) (RuleCompiler *compiler, char *const *arguments, int count);

/* In the order of RuleForm. */
static const CompileForm compile_form[] = {add_templates, add_queries, cacheops_rule_compile};

StaticAssertDecl(lengthof(compile_form) == RULE_FORM_COUNT, "each form of arguments can be compiled");

static void
compile_arguments(RuleCompiler *compiler, char *const *arguments, int count)
{
	RuleAction	action = compiler->rule->action;
	char	  **copies = palloc(Max(count, 1) * sizeof(char *));
	int			author_count = rule_action_author_count(action, arguments, count);
	int			i;

	for (i = 0; i < count; i++)
		copies[i] = pstrdup(arguments[i]);
	compile_form[rule_action_form(action)] (compiler, copies + author_count, count - author_count);
}

/* Compiles into a short-lived rule, so that an error leaves nothing behind. */
Rule *
rule_compile(Relation relation, const Trigger *trigger, RuleAction action, bool *has_warned)
{
	Rule	   *rule = create_rule(relation, trigger->tgname, action, has_warned);
	MemoryContext old_context = MemoryContextSwitchTo(rule->context);
	RuleCompiler compiler = {.rule = rule,.relation = relation};

	if (trigger->tgnargs == rule_action_author_count(action, trigger->tgargs, trigger->tgnargs))
		rule_warn(rule, "it has no templates", NULL);
	if (rule_action_has_queries(action))
		set_author(rule, trigger->tgoid);
	compile_arguments(&compiler, trigger->tgargs, trigger->tgnargs);
	initStringInfo(&rule->key_buffer);
	rule->econtext = CreateStandaloneExprContext();
	rule->state_context = AllocSetContextCreate(rule->context, "uncache expressions",
												ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(old_context);
	MemoryContextSetParent(rule->context, CacheMemoryContext);
	return rule;
}

Bitmapset *
rule_columns_read(const Rule *rule)
{
	Bitmapset  *columns = NULL;
	int			i;
	int			j;

	/* what is in no condition is still in the cached rows */
	if (rule->cacheops != NULL)
		columns = bms_add_member(columns, -FirstLowInvalidHeapAttributeNumber);
	for (i = 0; i < rule->key_count; i++)
	{
		for (j = 0; j < rule->keys[i].part_count; j++)
		{
			AttrNumber	column = rule->keys[i].parts[j].column;

			if (column != 0)
				columns = bms_add_member(columns, column - FirstLowInvalidHeapAttributeNumber);
		}
	}
	for (i = 0; i < rule->expression_count; i++)
		pull_varattnos((Node *) rule->expressions[i].expr, 1, &columns);
	for (i = 0; i < rule->query_count; i++)
	{
		for (j = 0; j < rule->queries[i].parameter_count; j++)
			pull_varattnos((Node *) rule->queries[i].parameters[j].expr, 1, &columns);
	}
	return columns;
}

/* The same as numbers of columns: those of the whole row are all. */
static Bitmapset *
column_numbers(Relation relation, Bitmapset * columns)
{
	bool		is_whole_row = bms_is_member(-FirstLowInvalidHeapAttributeNumber, columns);
	Bitmapset  *numbers = NULL;
	int			i;

	for (i = 1; i <= RelationGetNumberOfAttributes(relation); i++)
	{
		if (!TupleDescAttr(RelationGetDescr(relation), i - 1)->attisdropped &&
			(is_whole_row || bms_is_member(i - FirstLowInvalidHeapAttributeNumber, columns)))
			numbers = bms_add_member(numbers, i);
	}
	return numbers;
}

/* Into the current memory context. */
static List *
copy_objects(const List *objects)
{
	List	   *copy = NIL;
	const ListCell *cell;

	foreach(cell, objects)
	{
		ObjectAddress *object = palloc(sizeof(ObjectAddress));

		*object = *(const ObjectAddress *) lfirst(cell);
		copy = lappend(copy, object);
	}
	return copy;
}

RuleAnalysis
rule_analyze(Relation relation, RuleAction action, char *const *arguments, int argument_count,
			 RuleScrutiny scrutiny)
{
	bool		has_warned = true;
	Rule	   *rule = create_rule(relation, "check", action, &has_warned);
	MemoryContext old_context = MemoryContextSwitchTo(rule->context);
	RuleCompiler compiler = {.rule = rule,.relation = relation,.is_strict = true,
	.skips_queries = scrutiny == RULE_SCRUTINY_OWN_TABLE};
	RuleAnalysis result;

	compile_arguments(&compiler, arguments, argument_count);
	MemoryContextSwitchTo(old_context);
	result.columns = column_numbers(relation, rule_columns_read(rule));
	result.objects = copy_objects(compiler.objects);
	MemoryContextDelete(rule->context);
	return result;
}
