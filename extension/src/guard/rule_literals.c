/*-------------------------------------------------------------------------
 *
 * rule_literals.c
 *	  Keeps parse analysis from running code for a text's literals.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "base/compat.h"
#include "catalog/pg_type.h"
#include "guard/rule_literals.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_func.h"
#include "parser/parse_type.h"
#include "utils/lsyscache.h"

/* What parameters of a ParseState mean. */
typedef struct Literals
{
	ParseState *pstate;
	const Oid  *types;			/* of $1 … $type_count */
	int			type_count;
	List	   *strings;		/* behind them: the texts of literals (char *) */
	bool		is_in_behavior; /* what is looked at is below a JsonBehavior */
} Literals;

StaticAssertDecl(sizeof(ParamRef) <= sizeof(A_Const), "a parameter fits into the place of a literal");

/* --- taking them out --- */

/*
 * What ON EMPTY and ON ERROR give must be a constant: there it becomes a null, which
 * has no text to convert.
 */
static void
take_constant(Literals *literals, A_Const *constant)
{
	const char *string = compat_const_string(constant);
	int			location = constant->location;
	ParamRef   *parameter = (ParamRef *) constant;

	if (string == NULL)
		return;
	if (literals->is_in_behavior)
	{
		compat_make_null(constant);
		return;
	}
	literals->strings = lappend(literals->strings, unconstify(char *, string));
	memset(constant, 0, sizeof(*constant));
	parameter->type = T_ParamRef;
	parameter->number = literals->type_count + list_length(literals->strings);
	parameter->location = location;
}

static void
check_parameter(const Literals *literals, const ParamRef *parameter)
{
	if (parameter->number <= 0 || parameter->number > literals->type_count)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_PARAMETER),
				 errmsg("there is no parameter $%d", parameter->number),
				 parser_errposition(literals->pstate, parameter->location)));
}

/* To know how a domain's value is made of JSON its constraints are planned. */
static void
check_json_type(const Literals *literals, const TypeName *type)
{
	if (type != NULL && get_typtype(typenameTypeId(literals->pstate, type)) == TYPTYPE_DOMAIN)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a rule must not make a domain's value of JSON"),
				 errhint("Return the type that the domain is made of.")));
}

/* A method's handler is called to analyze it. */
static void
check_sample(const Literals *literals, const RangeTableSample *sample)
{
	const Oid	types[] = {INTERNALOID};
	Oid			handler_id = LookupFuncName(sample->method, lengthof(types), types, true);

	if (handler_id >= FirstGenbkiObjectId)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a rule's query must not sample by a method that is not PostgreSQL's own"),
				 parser_errposition(literals->pstate, sample->location)));
}

/* What a type's name has in parentheses stays: it is for the type to read. */
static bool
take(Node *node, void *context)
{
	Literals   *literals = context;
	bool		was_in_behavior = literals->is_in_behavior;
	bool		result;

	if (node == NULL || IsA(node, TypeName) || compat_is_json_path(node))
		return false;
	if (IsA(node, A_Const))
	{
		take_constant(literals, (A_Const *) node);
		return false;
	}
	if (IsA(node, ParamRef))
		check_parameter(literals, (const ParamRef *) node);
	if (IsA(node, RangeTableSample))
		check_sample(literals, (const RangeTableSample *) node);
	check_json_type(literals, compat_json_type(node));
	if (IsA(node, CommonTableExpr) && compat_walk_cycle((CommonTableExpr *) node, take, context))
		return true;
	literals->is_in_behavior |= compat_is_json_behavior(node);
	result = raw_expression_tree_walker(node, take, context);
	literals->is_in_behavior = was_in_behavior;
	return result;
}

/* --- what analysis makes of them --- */

static Node *
make_parameter(ParseState *pstate, ParamRef *reference)
{
	const Literals *literals = pstate->p_ref_hook_state;
	Param	   *parameter = makeNode(Param);

	parameter->paramkind = PARAM_EXTERN;
	parameter->paramid = reference->number;
	parameter->paramtype = reference->number <= literals->type_count ?
		literals->types[reference->number - 1] : UNKNOWNOID;
	parameter->paramtypmod = -1;
	parameter->paramcollid = get_typcollation(parameter->paramtype);
	parameter->location = reference->location;
	return (Node *) parameter;
}

/* Of PostgreSQL's own types those without parts; of other people's the enums. */
static bool
is_plain_type(Oid type_id)
{
	char		kind = get_typtype(type_id);

	return kind == TYPTYPE_ENUM || (kind == TYPTYPE_BASE && type_id < FirstGenbkiObjectId);
}

/* Does the input function of a type, or of an array's elements, run nobody's code? */
static bool
runs_no_code(Oid type_id)
{
	Oid			element_id = get_element_type(type_id);
	Oid			function_id;
	Oid			io_parameter;

	if (!OidIsValid(element_id))
		return is_plain_type(type_id);
	getTypeInputInfo(type_id, &function_id, &io_parameter);
	return function_id < FirstGenbkiObjectId && get_typtype(type_id) == TYPTYPE_BASE &&
		is_plain_type(element_id);
}

static Node *
make_constant(ParseState *pstate, char *string, Oid type_id, int32 typmod, int location)
{
	ParseCallbackState position;
	Oid			function_id;
	Oid			io_parameter;
	int16		length;
	bool		is_by_value;
	Const	   *constant;
	Datum		value;

	/*
	 * an interval's fields are part of how it is read, as coerce_type() has
	 * it
	 */
	if (type_id != INTERVALOID)
		typmod = -1;
	getTypeInputInfo(type_id, &function_id, &io_parameter);
	get_typlenbyval(type_id, &length, &is_by_value);
	setup_parser_errposition_callback(&position, pstate, location);
	value = OidInputFunctionCall(function_id, string, io_parameter, typmod);
	cancel_parser_errposition_callback(&position);
	constant = makeConst(type_id, typmod, get_typcollation(type_id), length, value, false, is_by_value);
	constant->location = location;
	return (Node *) constant;
}

/* Where no text may be converted, some value of the type stands for it. */
static Node *
coerce_parameter(ParseState *pstate, Param *parameter, Oid type_id, int32 typmod, int location)
{
	const Literals *literals = pstate->p_ref_hook_state;
	Param	   *typed;

	if (parameter->paramtype != UNKNOWNOID)
		return NULL;
	if (runs_no_code(type_id))
		return make_constant(pstate,
							 list_nth(literals->strings, parameter->paramid - literals->type_count - 1),
							 type_id, typmod, parameter->location);
	typed = copyObject(parameter);
	typed->paramtype = type_id;
	typed->paramcollid = get_typcollation(type_id);
	typed->location = location;
	return (Node *) typed;
}

void
rule_literals_take(ParseState *pstate, Node *raw, const Oid *types, int type_count)
{
	Literals   *literals = palloc0(sizeof(Literals));

	literals->pstate = pstate;
	literals->types = types;
	literals->type_count = type_count;
	pstate->p_ref_hook_state = literals;
	pstate->p_paramref_hook = make_parameter;
	pstate->p_coerce_param_hook = coerce_parameter;
	(void) take(raw, literals);
}
