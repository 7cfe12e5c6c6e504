/*-------------------------------------------------------------------------
 *
 * rule_template.c
 *	  Compiles a template against its relation.
 *
 * A placeholder that names a column takes a fast path by its type; anything
 * else is parsed by PostgreSQL's parser, as a check constraint of the table
 * would be, and run by its executor.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "base/guarded.h"
#include "base/settings.h"
#include "base/warning.h"
#include "catalog/pg_type.h"
#include "compile/rule_compiler_internal.h"
#include "compile/rule_expression.h"
#include "executor/executor.h"
#include "guard/guard_state.h"
#include "guard/query_guard.h"
#include "guard/rule_objects.h"
#include "nodes/nodeFuncs.h"
#include "rule/template.h"
#include "rule/template_arguments.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

/* What is wrong with a template is an error, or a warning and a wildcard. */
static void
complain(RuleCompiler *compiler, const char *what)
{
	if (compiler->is_strict)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid template \"%s\": %s", compiler->template_text, what)));
	rule_warn(compiler->rule, "a template is invalid",
			  psprintf("\"%s\": %s.", warning_quote(compiler->template_text), what));
}

/*
 * How the text of a column of this (base) type is made.  What is not listed goes
 * the way of an expression, which may fail: its output function may be anybody's.
 */
static RulePartKind
column_kind(Oid type_id)
{
	switch (type_id)
	{
		case BOOLOID:
			return RULE_BOOL;
		case INT2OID:
			return RULE_INT2;
		case INT4OID:
			return RULE_INT4;
		case INT8OID:
			return RULE_INT8;
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
			return RULE_TEXT;
		case NAMEOID:
		case CHAROID:
		case OIDOID:
		case NUMERICOID:
		case UUIDOID:
		case TIMEOID:
		case INETOID:
		case CIDROID:
			return RULE_OUTPUT;
		case FLOAT4OID:
		case FLOAT8OID:
		case BYTEAOID:
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
		case INTERVALOID:
			return RULE_OUTPUT_BY_SETTINGS;
		default:
			return type_is_enum(type_id) ? RULE_OUTPUT : RULE_EXPRESSION;
	}
}

void
rule_template_set_output(RuleCompiler *compiler, FmgrInfo *output, Oid type_id)
{
	Oid			function_id;
	bool		is_varlena;

	getTypeOutputInfo(type_id, &function_id, &is_varlena);
	fmgr_info_cxt(function_id, output, compiler->rule->context);
}

Form_pg_attribute
rule_template_find_column(const RuleCompiler *compiler, const char *name)
{
	TupleDesc	desc = RelationGetDescr(compiler->relation);
	int			i;

	for (i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (!attribute->attisdropped && strcmp(NameStr(attribute->attname), name) == 0)
			return attribute;
	}
	return NULL;
}

/* Fills part if the column needs no expression: a virtual one is no part of a row. */
static bool
compile_column(RuleCompiler *compiler, Form_pg_attribute column, RulePart *part)
{
	RulePartKind kind = column_kind(getBaseType(column->atttypid));

	if (kind == RULE_EXPRESSION || compat_is_virtual_column(column))
		return false;
	part->column = column->attnum;
	part->kind = kind;
	if (kind == RULE_OUTPUT || kind == RULE_OUTPUT_BY_SETTINGS)
		rule_template_set_output(compiler, &part->output, getBaseType(column->atttypid));
	if (kind == RULE_OUTPUT_BY_SETTINGS)
		compiler->rule->reads_settings = true;
	return true;
}

/* Says where in which template an error is. */
static void
add_error_place(void *argument)
{
	const RuleCompiler *compiler = argument;
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(Max(position - (int) strlen(RULE_EXPRESSION_PREFIX), 1));
		internalerrquery(compiler->placeholder);
	}
	errcontext("placeholder {%s} of template \"%s\"",
			   compiler->placeholder, compiler->template_text);
}

/* Planning calls functions that claim to be immutable, and looks at rows' types by their tables. */
static Expr *
plan_for_writer(const RuleCompiler *compiler)
{
	int			nest_level = settings_pin_brief_locks();
	QueryGuardKeys before = query_guard_enter_keys(RelationGetRelid(compiler->relation));
	uint64		refusals = guard_state_refusals();
	Expr	   *expr = rule_expression_plan(compiler->relation, compiler->placeholder);

	guard_state_check_refusals(refusals);
	query_guard_leave_keys(before);
	settings_restore(nest_level);
	return expr;
}

void
rule_template_analyze(RuleCompiler *compiler, const TemplatePart *placeholder)
{
	ErrorContextCallback callback = {
		.previous = error_context_stack,
		.callback = add_error_place,
		.arg = compiler
	};
	MemoryContext old_context;
	Expr	   *expr;

	compiler->placeholder = MemoryContextStrdup(compiler->rule->context,
												pnstrdup(placeholder->text, placeholder->length));
	error_context_stack = &callback;
	if (compiler->is_strict)
		expr = rule_expression_analyze(compiler->relation, compiler->placeholder);
	else if (compiler->runs_as_author)
		expr = rule_expression_plan_admitted(compiler->relation, compiler->placeholder,
											 &compiler->rule->admission);
	else
		expr = plan_for_writer(compiler);
	error_context_stack = callback.previous;
	old_context = MemoryContextSwitchTo(compiler->rule->context);
	compiler->expr = copyObject(expr);
	if (compiler->is_strict)
		compiler->objects = rule_objects_add(compiler->objects, (Node *) compiler->expr);
	MemoryContextSwitchTo(old_context);
}

/* What a guarded rule_template_analyze() works on. */
typedef struct PlanCall
{
	RuleCompiler *compiler;
	const TemplatePart *placeholder;
} AnalyzeCall;

static void
analyze(void *argument)
{
	const AnalyzeCall *call = argument;

	rule_template_analyze(call->compiler, call->placeholder);
}

static bool
reads_rows(Expr *expr)
{
	ListCell   *cell;

	foreach(cell, rule_objects_add(NIL, (Node *) expr))
	{
		const ObjectAddress *object = lfirst(cell);

		if (object->classId == TypeRelationId && type_is_rowtype(object->objectId))
			return true;
	}
	return false;
}

static void
add_expression(RuleCompiler *compiler, RulePart *part)
{
	Rule	   *rule = compiler->rule;
	Oid			type_id = getBaseType(exprType((Node *) compiler->expr));
	Size		size = (rule->expression_count + 1) * sizeof(RuleExpression);
	RuleExpression *expression;

	rule->expressions = rule->expression_count == 0 ?
		MemoryContextAlloc(rule->context, size) : repalloc(rule->expressions, size);
	expression = &rule->expressions[rule->expression_count];
	expression->source = compiler->placeholder;
	expression->expr = compiler->expr;
	expression->state = NULL;
	expression->is_bool = (type_id == BOOLOID);
	rule_template_set_output(compiler, &expression->output, type_id);
	rule->reads_rows |= reads_rows(compiler->expr);
	rule->reads_any_setting |=
		rule_expression_reads_settings(compiler->expr,
									   column_kind(type_id) == RULE_EXPRESSION ?
									   expression->output.fn_oid : InvalidOid);
	part->kind = RULE_EXPRESSION;
	part->expression = rule->expression_count++;
}

/* NULL, or what is wrong with it: that is raised where nothing is compiled. */
static ErrorData *
try_analyze(RuleCompiler *compiler, const TemplatePart *source)
{
	AnalyzeCall call = {compiler, source};

	if (!compiler->is_strict)
		return guarded_call(analyze, &call);
	rule_template_analyze(compiler, source);
	return NULL;
}

static void
compile_expression(RuleCompiler *compiler, const TemplatePart *source, RulePart *part)
{
	ErrorData  *error = try_analyze(compiler, source);

	if (error == NULL)
		add_expression(compiler, part);
	else
	{
		part->kind = RULE_WILDCARD;
		rule_warn_of_compile_error(compiler->rule,
								   psprintf("placeholder {%s}", warning_quote(compiler->placeholder)), error);
	}
}

/* The SQL that means a column, whatever its name means elsewhere. */
static TemplatePart
name_column(Form_pg_attribute column)
{
	const char *name = quote_identifier(NameStr(column->attname));
	TemplatePart source = {TEMPLATE_IDENTIFIER, name, strlen(name)};

	return source;
}

int
rule_template_add_column(RuleCompiler *compiler, Form_pg_attribute column)
{
	TemplatePart source = name_column(column);
	ErrorData  *error = try_analyze(compiler, &source);
	RulePart	part;

	if (error != NULL)
	{
		rule_warn_of_compile_error(compiler->rule, psprintf("column %s", warning_quote(compiler->placeholder)), error);
		return -1;
	}
	add_expression(compiler, &part);
	return part.expression;
}

static void
compile_identifier(RuleCompiler *compiler, const TemplatePart *source, RulePart *part)
{
	const char *identifier = template_arguments_identifier(source->text, source->length);
	Form_pg_attribute column = rule_template_find_column(compiler, identifier);
	TemplatePart name;

	if (column != NULL && compile_column(compiler, column, part))
		return;
	/* what is no column at all (perhaps CURRENT_DATE) shows there */
	name = column == NULL ? *source : name_column(column);
	compile_expression(compiler, &name, part);
}

static void
compile_part(RuleCompiler *compiler, const TemplatePart *source, RulePart *part)
{
	memset(part, 0, sizeof(*part));
	switch (source->kind)
	{
		case TEMPLATE_LITERAL:
			part->kind = RULE_LITERAL;
			part->text = pnstrdup(source->text, source->length);
			part->length = source->length;
			break;
		case TEMPLATE_IDENTIFIER:
			compile_identifier(compiler, source, part);
			break;
		case TEMPLATE_EXPRESSION:
			compile_expression(compiler, source, part);
			break;
		case TEMPLATE_INVALID:
		case TEMPLATE_END:
			part->kind = RULE_WILDCARD;
			break;
	}
}

/* Makes a key the same for all rows. */
static void
produce_reach(RuleKey *key)
{
	memset(&key->parts[0], 0, sizeof(RulePart));
	key->parts[0].kind = RULE_LITERAL;
	key->parts[0].text = key->reach;
	key->parts[0].length = key->reach_length;
	key->part_count = 1;
	key->has_wildcard = false;
}

void
rule_template_compile(RuleCompiler *compiler, const char *string, RuleKey *key)
{
	TemplateReader reader;
	TemplatePart source;
	Size		length = strlen(string);
	char	   *reach;

	compiler->template_text = string;
	key->action = rule_action_invalidation(compiler->rule->action);
	key->is_glob = rule_action_is_glob(compiler->rule->action);
	template_reader_init(&reader, string, length);
	key->target = pnstrdup(reader.target, reader.target_length);
	key->target_length = reader.target_length;
	/* each part but the last takes at least one byte of the text */
	key->parts = palloc((length + 1) * sizeof(RulePart));
	key->part_count = 0;
	key->has_wildcard = false;

	while (template_next(&reader, &source) != TEMPLATE_END)
	{
		RulePart   *part = &key->parts[key->part_count++];

		if (source.kind == TEMPLATE_INVALID)
			complain(compiler, psprintf("%s, at byte %zu", reader.error,
										reader.error_offset + 1));
		compile_part(compiler, &source, part);
		key->has_wildcard |= (part->kind == RULE_WILDCARD);
		if (source.kind == TEMPLATE_INVALID)
			break;
	}
	key->parts = repalloc(key->parts, Max(key->part_count, 1) * sizeof(RulePart));

	reach = palloc(TEMPLATE_REACH_ROOM(length));
	key->is_reach_pattern =
		template_reach(string, length, key->is_glob, reach, &key->reach_length);
	key->reach = reach;
	if (key->is_glob && template_splits_glob(string, length))
	{
		complain(compiler, "a placeholder is inside brackets or follows a backslash");
		produce_reach(key);
	}
}
