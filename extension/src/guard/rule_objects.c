/*-------------------------------------------------------------------------
 *
 * rule_objects.c
 *	  Lists the objects that an analyzed expression or query depends on.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/transam.h"
#include "base/compat.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "guard/builtin_function.h"
#include "guard/rule_objects.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

typedef struct Finder
{
	List	   *objects;
	List	   *range_tables;	/* the innermost query's first */
} Finder;

static bool
is_listed(const List *objects, Oid class_id, Oid object_id, int column, bool any_column)
{
	ListCell   *cell;

	foreach(cell, objects)
	{
		const ObjectAddress *object = lfirst(cell);

		if (object->classId == class_id && object->objectId == object_id &&
			(any_column || object->objectSubId == column))
			return true;
	}
	return false;
}

static void
append(Finder *finder, Oid class_id, Oid object_id, int column)
{
	ObjectAddress *object;

	if (is_listed(finder->objects, class_id, object_id, column, false))
		return;
	object = palloc(sizeof(ObjectAddress));
	ObjectAddressSubSet(*object, class_id, object_id, column);
	finder->objects = lappend(finder->objects, object);
}

static void
add(Finder *finder, Oid class_id, Oid object_id, int column)
{
	if (object_id >= FirstNormalObjectId)
		append(finder, class_id, object_id, column);
}

static void
add_type(Finder *finder, Oid type_id)
{
	add(finder, TypeRelationId, type_id, 0);
	add(finder, TypeRelationId, get_element_type(type_id), 0);
}

/* PostgreSQL's own are listed, too, if they are of a kind that no query calls. */
static bool
add_function(Oid function_id, void *context)
{
	if (builtin_function_has_effects(function_id) || builtin_function_runs_text(function_id))
		append(context, ProcedureRelationId, function_id, 0);
	else
		add(context, ProcedureRelationId, function_id, 0);
	return false;
}

/* That PostgreSQL calls an input function to convert a value is nothing to be listed. */
static bool
add_called(Oid function_id, void *context)
{
	if (builtin_function_is_internal(function_id))
		append(context, ProcedureRelationId, function_id, 0);
	return add_function(function_id, context);
}

/* A column of a composite type is one of the type's relation. */
static void
add_field(Finder *finder, Oid type_id, int column)
{
	add(finder, RelationRelationId, get_typ_typrelid(getBaseType(type_id)), column);
}

/* What the literal names is looked up when it is converted. */
static void
add_constant(Finder *finder, const Const *constant)
{
	Oid			object_id;

	add_type(finder, constant->consttype);
	if (constant->constisnull)
		return;
	object_id = constant->constbyval ? DatumGetObjectId(constant->constvalue) : InvalidOid;
	switch (constant->consttype)
	{
		case REGCLASSOID:
			add(finder, RelationRelationId, object_id, 0);
			break;
		case REGPROCOID:
		case REGPROCEDUREOID:
			add(finder, ProcedureRelationId, object_id, 0);
			break;
		case REGOPEROID:
		case REGOPERATOROID:
			add(finder, OperatorRelationId, object_id, 0);
			break;
		case REGTYPEOID:
			add(finder, TypeRelationId, object_id, 0);
			break;
		default:
			break;
	}
}

/* Of a row without a type of its own, as OUT parameters make it. */
static void
add_result(Finder *finder, Node *call)
{
	TupleDesc	desc = NULL;
	Oid			type_id;
	int			i;

	if (exprType(call) != RECORDOID)
		return;
	(void) get_expr_result_type(call, &type_id, &desc);
	for (i = 0; desc != NULL && i < desc->natts; i++)
		add_type(finder, TupleDescAttr(desc, i)->atttypid);
}

static bool find(Node *node, void *context);

/* Columns of a join that are merged of two are expressions over the joined tables. */
static void
add_join_column(Finder *finder, const Var *var, const RangeTblEntry *entry)
{
	Finder		outer = *finder;

	if (var->varattno <= 0 || var->varattno > list_length(entry->joinaliasvars))
		return;
	outer.range_tables = list_copy_tail(finder->range_tables, var->varlevelsup);
	(void) find(list_nth(entry->joinaliasvars, var->varattno - 1), &outer);
	finder->objects = outer.objects;
}

static void
add_column(Finder *finder, const Var *var)
{
	const List *range_table;
	const RangeTblEntry *entry;

	if (var->varlevelsup >= list_length(finder->range_tables))
		return;
	range_table = list_nth(finder->range_tables, var->varlevelsup);
	entry = list_nth(range_table, var->varno - 1);
	if (entry->rtekind == RTE_RELATION)
		add(finder, RelationRelationId, entry->relid, Max(var->varattno, 0));
	else if (entry->rtekind == RTE_JOIN)
		add_join_column(finder, var, entry);
	else if (entry->rtekind == RTE_FUNCTION)
	{
		ListCell   *cell;

		/* of which of its functions a column is does not matter much */
		foreach(cell, entry->functions)
			add_field(finder, exprType(lfirst_node(RangeTblFunction, cell)->funcexpr), 0);
	}
}

static void
add_operators(Finder *finder, const List *operators)
{
	const ListCell *cell;

	foreach(cell, operators)
		add(finder, OperatorRelationId, lfirst_oid(cell), 0);
}

static void
add_types(Finder *finder, const List *types)
{
	const ListCell *cell;

	foreach(cell, types)
		add_type(finder, lfirst_oid(cell));
}

/* Relations of which no column was found are listed as a whole. */
static void
add_relations(Finder *finder, const Query *query)
{
	ListCell   *cell;

	foreach(cell, query->rtable)
	{
		const RangeTblEntry *entry = lfirst(cell);

		add_types(finder, entry->coltypes);
		if (entry->rtekind == RTE_RELATION &&
			!is_listed(finder->objects, RelationRelationId, entry->relid, 0, true))
			add(finder, RelationRelationId, entry->relid, 0);
		if (entry->rtekind == RTE_FUNCTION)
		{
			ListCell   *function;

			foreach(function, entry->functions)
				add_types(finder, lfirst_node(RangeTblFunction, function)->funccoltypes);
		}
	}
}

static bool
find_in_query(Finder *finder, Query *query)
{
	finder->range_tables = lcons(query->rtable, finder->range_tables);
	(void) query_tree_walker(query, find, finder, QTW_IGNORE_JOINALIASES | QTW_EXAMINE_SORTGROUP);
	finder->range_tables = list_delete_first(finder->range_tables);
	add_relations(finder, query);
	return false;
}

static bool
find(Node *node, void *context)
{
	Finder	   *finder = context;

	if (node == NULL)
		return false;
	(void) check_functions_in_node(node, IsA(node, CoerceViaIO) ? add_function : add_called, finder);
	switch (nodeTag(node))
	{
		case T_Query:
			return find_in_query(finder, (Query *) node);
		case T_Var:
			add_type(finder, ((const Var *) node)->vartype);
			add_column(finder, (const Var *) node);
			return false;
		case T_Const:
			add_constant(finder, (const Const *) node);
			return false;
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
			add_type(finder, exprType(node));
			add(finder, OperatorRelationId, ((const OpExpr *) node)->opno, 0);
			break;
		case T_ScalarArrayOpExpr:
			add(finder, OperatorRelationId, ((const ScalarArrayOpExpr *) node)->opno, 0);
			break;
		case T_RowCompareExpr:
			add_operators(finder, ((const RowCompareExpr *) node)->opnos);
			break;
		case T_SortGroupClause:
			add(finder, OperatorRelationId, ((const SortGroupClause *) node)->eqop, 0);
			add(finder, OperatorRelationId, ((const SortGroupClause *) node)->sortop, 0);
			return false;
		case T_CollateExpr:
			add(finder, CollationRelationId, ((const CollateExpr *) node)->collOid, 0);
			break;
		case T_FieldSelect:
			add_type(finder, exprType(node));
			add_field(finder, exprType((Node *) ((const FieldSelect *) node)->arg),
					  ((const FieldSelect *) node)->fieldnum);
			break;
		case T_TableFunc:
			add_types(finder, ((const TableFunc *) node)->coltypes);
			break;
		case T_FuncExpr:
			add_result(finder, node);
			add_type(finder, exprType(node));
			break;
		case T_Param:
		case T_Aggref:
		case T_WindowFunc:
		case T_SubscriptingRef:
		case T_CaseExpr:
		case T_CoalesceExpr:
		case T_MinMaxExpr:
		case T_RelabelType:
		case T_CoerceViaIO:
		case T_ArrayCoerceExpr:
		case T_ConvertRowtypeExpr:
		case T_CoerceToDomain:
		case T_ArrayExpr:
		case T_RowExpr:
			add_type(finder, exprType(node));
			break;
		default:
			if (compat_is_json_value(node))
				add_type(finder, exprType(node));
			break;
	}
	return expression_tree_walker(node, find, context);
}

List *
rule_objects_add(List *objects, Node *node)
{
	Finder		finder = {objects, NIL};

	(void) find(node, &finder);
	return finder.objects;
}

List *
rule_objects_add_type(List *objects, Oid type_id)
{
	Finder		finder = {objects, NIL};

	add_type(&finder, type_id);
	return finder.objects;
}

List *
rule_objects_add_function(List *objects, Oid function_id)
{
	Finder		finder = {objects, NIL};

	(void) add_function(function_id, &finder);
	return finder.objects;
}

List *
rule_objects_add_relation(List *objects, Oid relation_id)
{
	Finder		finder = {objects, NIL};

	add(&finder, RelationRelationId, relation_id, 0);
	return finder.objects;
}

/* The next one down, which may be a domain as well. */
static Oid
base_of_domain(Oid type_id)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type_id));
	Oid			base_id = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		base_id = ((Form_pg_type) GETSTRUCT(tuple))->typbasetype;
		ReleaseSysCache(tuple);
	}
	return base_id;
}

static void
add_columns(Finder *finder, Oid relation_id)
{
	Relation	relation = OidIsValid(relation_id) ? try_relation_open(relation_id, AccessShareLock) : NULL;
	int			i;

	if (relation == NULL)
		return;
	for (i = 0; i < RelationGetNumberOfAttributes(relation); i++)
	{
		if (!TupleDescAttr(RelationGetDescr(relation), i)->attisdropped)
			add_type(finder, TupleDescAttr(RelationGetDescr(relation), i)->atttypid);
	}
	relation_close(relation, NoLock);
}

List *
rule_objects_add_type_parts(List *objects, const ObjectAddress *object)
{
	Finder		finder = {objects, NIL};

	if (object->classId != TypeRelationId)
		return objects;
	add_type(&finder, base_of_domain(object->objectId));
	add_type(&finder, get_element_type(object->objectId));
	if (type_is_range(object->objectId))
		add_type(&finder, get_range_subtype(object->objectId));
	add_type(&finder, compat_range_of_multirange(object->objectId));
	add_columns(&finder, get_typ_typrelid(object->objectId));
	return finder.objects;
}
