/*-------------------------------------------------------------------------
 *
 * rule_compile.c
 *	  Compiles a trigger's arguments against its relation.
 *
 * A placeholder that names a column takes a fast path by its type; anything
 * else is parsed by PostgreSQL's parser, as a check constraint of the table
 * would be, and run by its executor.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "guarded.h"
#include "nodes/nodeFuncs.h"
#include "parser/scansup.h"
#include "rule_compile.h"
#include "rule_expression.h"
#include "template.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

/* What one compilation works on. */
typedef struct Compiler
{
	Rule	   *rule;
	Relation	relation;
	bool		is_strict;		/* raise errors instead of using wildcards */
	const char *template_text;	/* the template at hand, for messages */
	const char *placeholder;	/* the expression at hand, zero-terminated */
	Expr	   *expr;			/* its planned form */
} Compiler;

/* What is wrong with a template is an error, or a warning and a wildcard. */
static void
complain(Compiler *compiler, const char *what)
{
	if (compiler->is_strict)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid template \"%s\": %s", compiler->template_text, what)));
	rule_warn(compiler->rule, "a template is invalid",
			  psprintf("\"%s\": %s.", compiler->template_text, what));
}

/* The identifier as SQL reads it: folded to lower case, or without quotes. */
static char *
identifier_name(const char *source, Size length)
{
	char	   *name;
	Size		i;
	Size		n = 0;

	if (source[0] != '"')
		return downcase_truncate_identifier(source, (int) length, false);
	name = palloc(length);
	for (i = 1; i + 1 < length; i++)
	{
		if (source[i] == '"')
			i++;
		name[n++] = source[i];
	}
	name[n] = '\0';
	truncate_identifier(name, (int) n, false);
	return name;
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

static void
set_output(Compiler *compiler, FmgrInfo *output, Oid type_id)
{
	Oid			function_id;
	bool		is_varlena;

	getTypeOutputInfo(type_id, &function_id, &is_varlena);
	fmgr_info_cxt(function_id, output, compiler->rule->context);
}

/* Fills part if the identifier is a column that needs no expression. */
static bool
compile_column(Compiler *compiler, const TemplatePart *source, RulePart *part)
{
	TupleDesc	desc = RelationGetDescr(compiler->relation);
	char	   *name = identifier_name(source->text, source->length);
	int			i;

	for (i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (attribute->attisdropped || strcmp(NameStr(attribute->attname), name) != 0)
			continue;
		part->column = attribute->attnum;
		part->kind = column_kind(getBaseType(attribute->atttypid));
		if (part->kind == RULE_OUTPUT || part->kind == RULE_OUTPUT_BY_SETTINGS)
			set_output(compiler, &part->output, getBaseType(attribute->atttypid));
		if (part->kind == RULE_OUTPUT_BY_SETTINGS)
			compiler->rule->reads_settings = true;
		return part->kind != RULE_EXPRESSION;
	}
	return false;
}

/* Says where in which template an error is. */
static void
placeholder_error_callback(void *argument)
{
	const Compiler *compiler = argument;
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

/* Plans compiler->placeholder into the rule; raises what is wrong. */
static void
plan_expression(void *argument)
{
	Compiler   *compiler = argument;
	Expr	   *expr = rule_expression_plan(compiler->relation, compiler->placeholder);
	MemoryContext old_context = MemoryContextSwitchTo(compiler->rule->context);

	compiler->expr = copyObject(expr);
	MemoryContextSwitchTo(old_context);
}

static void
add_expression(Compiler *compiler, RulePart *part)
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
	set_output(compiler, &expression->output, type_id);
	rule->reads_any_setting |=
		rule_expression_reads_settings(compiler->expr,
									   column_kind(type_id) == RULE_EXPRESSION ?
									   expression->output.fn_oid : InvalidOid);
	part->kind = RULE_EXPRESSION;
	part->expression = rule->expression_count++;
}

static void
compile_expression(Compiler *compiler, const TemplatePart *source, RulePart *part)
{
	ErrorData  *error;

	compiler->placeholder = pnstrdup(source->text, source->length);
	if (compiler->is_strict)
	{
		ErrorContextCallback callback = {
			.previous = error_context_stack,
			.callback = placeholder_error_callback,
			.arg = compiler
		};

		error_context_stack = &callback;
		plan_expression(compiler);
		error_context_stack = callback.previous;
		add_expression(compiler, part);
		return;
	}
	error = guarded_call(plan_expression, compiler);
	if (error == NULL)
		add_expression(compiler, part);
	else
	{
		part->kind = RULE_WILDCARD;
		rule_warn(compiler->rule,
				  psprintf("placeholder {%s} is invalid", compiler->placeholder),
				  error->message);
	}
}

static void
compile_part(Compiler *compiler, const TemplatePart *source, RulePart *part)
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
			if (compile_column(compiler, source, part))
				break;
			/* what is no column at all (perhaps CURRENT_DATE) shows there */
			/* FALLTHROUGH */
		case TEMPLATE_EXPRESSION:
			compile_expression(compiler, source, part);
			break;
		case TEMPLATE_INVALID:
		case TEMPLATE_END:
			part->kind = RULE_WILDCARD;
			break;
	}
}

static void
compile_key(Compiler *compiler, const char *string, RuleKey *key)
{
	TemplateReader reader;
	TemplatePart source;
	Size		length = strlen(string);
	char	   *any_row;

	compiler->template_text = string;
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

	any_row = palloc(2 * length + 1);
	key->is_pattern_for_any_row =
		template_for_any_row(string, length, any_row, &key->length_for_any_row);
	key->text_for_any_row = any_row;
}

static Rule *
create_rule(Relation relation, const char *trigger_name, MemoryContext parent,
			bool *has_warned)
{
	MemoryContext context = AllocSetContextCreate(parent, "uncache rule",
												  ALLOCSET_SMALL_SIZES);
	Rule	   *rule = MemoryContextAllocZero(context, sizeof(Rule));

	rule->context = context;
	rule->relation_name = MemoryContextStrdup(context, RelationGetRelationName(relation));
	rule->trigger_name = MemoryContextStrdup(context, trigger_name);
	rule->has_warned = has_warned;
	return rule;
}

/* Compiles into a short-lived rule, so that an error leaves nothing behind. */
Rule *
rule_compile(Relation relation, const Trigger *trigger, bool *has_warned)
{
	Rule	   *rule = create_rule(relation, trigger->tgname, CurrentMemoryContext,
								   has_warned);
	MemoryContext old_context = MemoryContextSwitchTo(rule->context);
	Compiler	compiler = {.rule = rule,.relation = relation};
	int			i;

	rule->keys = palloc0(Max(trigger->tgnargs, 1) * sizeof(RuleKey));
	rule->key_count = trigger->tgnargs;
	if (rule->key_count == 0)
		rule_warn(rule, "it has no templates", NULL);
	for (i = 0; i < rule->key_count; i++)
		compile_key(&compiler, trigger->tgargs[i], &rule->keys[i]);
	rule->econtext = CreateStandaloneExprContext();
	rule->state_context = AllocSetContextCreate(rule->context, "uncache expressions",
												ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(old_context);
	MemoryContextSetParent(rule->context, CacheMemoryContext);
	return rule;
}

void
rule_check_template(Relation relation, const char *string)
{
	bool		has_warned = true;
	Rule	   *rule = create_rule(relation, "check", CurrentMemoryContext, &has_warned);
	MemoryContext old_context = MemoryContextSwitchTo(rule->context);
	Compiler	compiler = {.rule = rule,.relation = relation,.is_strict = true};
	RuleKey		key;

	compile_key(&compiler, string, &key);
	MemoryContextSwitchTo(old_context);
	MemoryContextDelete(rule->context);
}
