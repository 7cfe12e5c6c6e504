/*-------------------------------------------------------------------------
 *
 * rule_expression.c
 *	  The SQL text of a placeholder → an expression that can be executed.
 *
 * It is parsed and analyzed as a check constraint of the table would be: over
 * the columns of one row, without subqueries or aggregates.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "base/compat.h"
#include "base/settings.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "compile/rule_expression.h"
#include "guard/admission.h"
#include "guard/admission_use.h"
#include "guard/no_code.h"
#include "guard/rule_literals.h"
#include "guard/rule_objects.h"
#include "guard/user_code.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_relation.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

/* "SELECT *" is no expression, and the analyzer does not expect it as one. */
static bool
is_star(const Node *node)
{
	return IsA(node, ColumnRef) &&
		IsA(linitial(((const ColumnRef *) node)->fields), A_Star);
}

/* The one expression of "SELECT <expression>", or an error. */
static Node *
parse_expression(const char *sql)
{
	List	   *statements = compat_raw_parser(sql);
	SelectStmt *select = NULL;
	SelectStmt *bare = makeNode(SelectStmt);
	ResTarget  *target;

	/* a length is known only of a statement that ";" ends */
	if (list_length(statements) == 1 &&
		linitial_node(RawStmt, statements)->stmt_len == 0)
		select = (SelectStmt *) linitial_node(RawStmt, statements)->stmt;
	if (select == NULL || !IsA(select, SelectStmt) ||
		list_length(select->targetList) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("a placeholder must be one SQL expression")));

	/* Nothing of a SELECT may be there but the expression. */
	bare->targetList = select->targetList;
	bare->limitOption = select->limitOption;
	target = linitial_node(ResTarget, select->targetList);
	if (!equal(select, bare) || target->name != NULL ||
		target->indirection != NIL || is_star(target->val))
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("a placeholder must be one SQL expression")));
	return target->val;
}

static ParseState *
make_state(Relation relation, const char *sql)
{
	ParseState *pstate = make_parsestate(NULL);
	ParseNamespaceItem *item;

	pstate->p_sourcetext = sql;
	item = addRangeTableEntryForRelation(pstate, relation, AccessShareLock,
										 NULL, false, true);
	addNSItemToQuery(pstate, item, false, true, true);
	return pstate;
}

/* PostgreSQL's text with one word for another, as often as it is there. */
static char *
replace(const char *text, const char *from, const char *to)
{
	StringInfoData result;
	const char *found;

	initStringInfo(&result);
	while ((found = strstr(text, from)) != NULL)
	{
		appendBinaryStringInfo(&result, text, (int) (found - text));
		appendStringInfoString(&result, to);
		text = found + strlen(from);
	}
	appendStringInfoString(&result, text);
	return result.data;
}

/* Errors that say what an expression may not be; others may quote names. */
static bool
names_kind(int sqlerrcode)
{
	return sqlerrcode == ERRCODE_FEATURE_NOT_SUPPORTED || sqlerrcode == ERRCODE_GROUPING_ERROR ||
		sqlerrcode == ERRCODE_WINDOWING_ERROR || sqlerrcode == ERRCODE_INVALID_COLUMN_REFERENCE;
}

/* As that of a check constraint, but nobody has written one. */
static Node *
transform(ParseState *pstate, Node *raw)
{
	MemoryContext context = CurrentMemoryContext;
	Node	   *volatile node = NULL;

	PG_TRY();
	{
		node = transformExpr(pstate, raw, EXPR_KIND_CHECK_CONSTRAINT);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		if (names_kind(error->sqlerrcode))
			error->message = replace(replace(error->message, "check constraints", "expressions of rules"),
									 "check constraint", "expression of a rule");
		ReThrowError(error);
	}
	PG_END_TRY();
	return node;
}

/* The literals may have been taken out of it. */
static Node *
analyze(ParseState *pstate, Node *raw)
{
	Node	   *node = transform(pstate, raw);

	assign_expr_collations(pstate, node);
	if (exprType(node) == UNKNOWNOID)
		node = coerce_to_common_type(pstate, node, TEXTOID, "template");
	if (get_typtype(exprType(node)) == TYPTYPE_PSEUDO)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("a placeholder cannot have type %s",
						format_type_be(exprType(node)))));
	return node;
}

static Expr *
make_expression(Relation relation, const char *placeholder, bool is_planned, const Admission *admission)
{
	int			nest_level = settings_pin_all();
	char	   *sql = psprintf(RULE_EXPRESSION_PREFIX "%s\n", placeholder);
	ParseState *pstate = make_state(relation, sql);
	Node	   *node = parse_expression(sql);
	List	   *objects;

	if (!is_planned)
		rule_literals_take(pstate, node, NULL, 0);
	if (admission != NULL)
		no_code_enter();
	node = analyze(pstate, node);
	if (admission != NULL)
	{
		no_code_leave();
		objects = rule_objects_add(NIL, node);
		admission_use_check(admission, objects);
		(void) user_code_check(objects);
	}
	if (is_planned)
		node = (Node *) expression_planner((Expr *) compat_expand_virtual_columns(node, relation));
	free_parsestate(pstate);
	settings_restore(nest_level);
	return (Expr *) node;
}

Expr *
rule_expression_plan(Relation relation, const char *placeholder)
{
	return make_expression(relation, placeholder, true, NULL);
}

Expr *
rule_expression_plan_admitted(Relation relation, const char *placeholder, const Admission *admission)
{
	return make_expression(relation, placeholder, true, admission);
}

Expr *
rule_expression_analyze(Relation relation, const char *placeholder)
{
	return make_expression(relation, placeholder, false, NULL);
}

/*
 * PostgreSQL's own immutable functions read no setting but those of settings_pin_values();
 * for anybody else's that is a promise which the names in their bodies may break.
 */
static bool
may_read_settings(Oid function_id, void *context)
{
	return function_id >= FirstNormalObjectId ||
		func_volatile(function_id) != PROVOLATILE_IMMUTABLE;
}

static bool
calls_reader_of_settings(Node *node, void *context)
{
	if (node == NULL)
		return false;
	return check_functions_in_node(node, may_read_settings, context) ||
		expression_tree_walker(node, calls_reader_of_settings, context);
}

bool
rule_expression_reads_settings(const Expr *expr, Oid output_function_id)
{
	return calls_reader_of_settings((Node *) unconstify(Expr *, expr), NULL) ||
		(OidIsValid(output_function_id) && may_read_settings(output_function_id, NULL));
}
