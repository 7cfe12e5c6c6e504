/*-------------------------------------------------------------------------
 *
 * rule_columns.c
 *	  Lets the columns be altered and dropped that a rule's UPDATE OF and WHEN
 *	  name.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/pg_class.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/primnodes.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "watch/rule_columns.h"
#include "watch/rule_edit.h"

/* --- dependencies --- */

/* Does a dependency of the trigger's come from a column? */
static bool
is_on_column(const RuleTrigger *rule, Form_pg_depend form)
{
	return form->refclassid == RelationRelationId && form->refobjid == rule->relation_id &&
		form->refobjsubid != 0;
}

/* Does it come from WHEN?  What is not the table's is its function's or that's. */
static bool
is_of_condition(const RuleTrigger *rule, Form_pg_depend form)
{
	return form->deptype == DEPENDENCY_NORMAL && form->refclassid != RelationRelationId &&
		!(form->refclassid == ProcedureRelationId && form->refobjid == rule_scan_function(rule->action));
}

/* Deletes what makes the trigger depend on columns, with what WHEN depends on if that goes. */
static void
delete_dependencies(const RuleTrigger *rule, bool without_condition)
{
	Relation	depends = table_open(DependRelationId, RowExclusiveLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], Anum_pg_depend_classid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(TriggerRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_objid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(rule->trigger_id));
	scan = systable_beginscan(depends, DependDependerIndexId, true, NULL, 2, keys);
	while ((tuple = systable_getnext(scan)) != NULL)
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		if (is_on_column(rule, form) || (without_condition && is_of_condition(rule, form)))
			CatalogTupleDelete(depends, &tuple->t_self);
	}
	systable_endscan(scan);
	table_close(depends, RowExclusiveLock);
}

void
rule_columns_release(const RuleTrigger *rule)
{
	delete_dependencies(rule, false);
	CommandCounterIncrement();
}

static void
depend_on_column(const RuleTrigger *rule, int column)
{
	ObjectAddress trigger;
	ObjectAddress referenced;

	ObjectAddressSet(trigger, TriggerRelationId, rule->trigger_id);
	ObjectAddressSubSet(referenced, RelationRelationId, rule->relation_id, column);
	recordDependencyOn(&trigger, &referenced, DEPENDENCY_NORMAL);
}

/* --- WHEN --- */

static bool
reads_column(Node *condition, AttrNumber column)
{
	Bitmapset  *numbers = NULL;

	pull_varattnos(condition, PRS2_OLD_VARNO, &numbers);
	pull_varattnos(condition, PRS2_NEW_VARNO, &numbers);
	return bms_is_member(column - FirstLowInvalidHeapAttributeNumber, numbers);
}

bool
rule_columns_name(const RuleTrigger *rule, AttrNumber column)
{
	int			i;

	for (i = 0; i < rule->column_count; i++)
	{
		if (rule->columns[i] == column)
			return true;
	}
	return rule->is_conditional && reads_column(stringToNode(rule_edit_condition(rule)), column);
}

/* What fitting a condition works on. */
typedef struct Fit
{
	TupleDesc	desc;
	bool		is_possible;
} Fit;

static bool
is_of_somebody(Oid function_id, void *context)
{
	return function_id >= FirstNormalObjectId;
}

/* Does a cast call a function that may be dropped? */
static bool
calls_function(Node *node, void *context)
{
	if (node == NULL)
		return false;
	return check_functions_in_node(node, is_of_somebody, context) ||
		expression_tree_walker(node, calls_function, context);
}

/* A column as it was: read through an implicit cast, if it has another type now. */
static Node *
fit_column(const Var *var, Fit *fit)
{
	Form_pg_attribute attribute = TupleDescAttr(fit->desc, var->varattno - 1);
	Var		   *present;
	Node	   *result;

	if (attribute->attisdropped)
		return NULL;
	if (attribute->atttypid == var->vartype)
		return (Node *) copyObject(var);
	present = makeVar(var->varno, var->varattno, attribute->atttypid, attribute->atttypmod,
					  attribute->attcollation, var->varlevelsup);
	result = coerce_to_target_type(NULL, (Node *) present, attribute->atttypid,
								   var->vartype, var->vartypmod, COERCION_IMPLICIT,
								   COERCE_IMPLICIT_CAST, -1);
	if (result == NULL || calls_function(result, NULL))
		return NULL;
	exprSetCollation(result, var->varcollid);
	return result;
}

static Node *
fit_columns(Node *node, void *context)
{
	Fit		   *fit = context;
	Node	   *fitted;

	if (node == NULL)
		return NULL;
	if (!IsA(node, Var) || ((Var *) node)->varattno <= 0)
		return expression_tree_mutator(node, fit_columns, context);
	fitted = fit_column((Var *) node, fit);
	if (fitted == NULL)
		fit->is_possible = false;
	return fitted != NULL ? fitted : (Node *) copyObject(node);
}

/* The rule's WHEN for the columns that there are; NULL if it has none, or it cannot be kept. */
static Node *
fit_condition(const RuleTrigger *rule, TupleDesc desc)
{
	Fit			fit = {desc, true};
	Node	   *condition;

	if (!rule->is_conditional)
		return NULL;
	condition = fit_columns(stringToNode(rule_edit_condition(rule)), &fit);
	return fit.is_possible ? condition : NULL;
}

/* --- UPDATE OF, and both together --- */

/*
 * The columns of UPDATE OF; none, which means all, if one of them is gone: another may
 * come in its place.
 */
static int
keep_columns(const RuleTrigger *rule, TupleDesc desc, int16 *kept)
{
	int			i;

	for (i = 0; i < rule->column_count; i++)
	{
		if (TupleDescAttr(desc, rule->columns[i] - 1)->attisdropped)
			return 0;
		kept[i] = rule->columns[i];
	}
	return rule->column_count;
}

static void
depend_on_columns(const RuleTrigger *rule, const int16 *columns, int count, Node *condition)
{
	Bitmapset  *numbers = NULL;
	int			number = -1;
	int			i;

	for (i = 0; i < count; i++)
		numbers = bms_add_member(numbers, columns[i] - FirstLowInvalidHeapAttributeNumber);
	pull_varattnos(condition, PRS2_OLD_VARNO, &numbers);
	pull_varattnos(condition, PRS2_NEW_VARNO, &numbers);
	while ((number = bms_next_member(numbers, number)) >= 0)
	{
		if (number + FirstLowInvalidHeapAttributeNumber > 0)
			depend_on_column(rule, number + FirstLowInvalidHeapAttributeNumber);
	}
}

bool
rule_columns_restore(const RuleTrigger *rule)
{
	Relation	relation = table_open(rule->relation_id, AccessShareLock);
	TupleDesc	desc = RelationGetDescr(relation);
	int16	   *columns = palloc(Max(rule->column_count, 1) * sizeof(int16));
	int			count = keep_columns(rule, desc, columns);
	Node	   *condition = fit_condition(rule, desc);

	delete_dependencies(rule, condition == NULL);
	rule_edit_restrict(rule, columns, count, condition == NULL ? NULL : nodeToString(condition));
	depend_on_columns(rule, columns, count, condition);
	table_close(relation, NoLock);
	CommandCounterIncrement();
	return rule->is_conditional == (condition != NULL);
}

/* --- another column in a column's place --- */

static int
add_column(const RuleTrigger *rule, AttrNumber column, AttrNumber added, int16 *columns)
{
	bool		has_column = false;
	bool		has_added = false;
	int			count = 0;
	int			i;

	for (i = 0; i < rule->column_count; i++)
	{
		has_column |= rule->columns[i] == column;
		has_added |= rule->columns[i] == added;
		columns[count++] = rule->columns[i];
	}
	if (has_column && !has_added)
		columns[count++] = added;
	return count;
}

bool
rule_columns_add(const RuleTrigger *rule, AttrNumber column, AttrNumber added)
{
	int16	   *columns = palloc((rule->column_count + 1) * sizeof(int16));
	int			count = add_column(rule, column, added, columns);
	Node	   *condition = rule->is_conditional ? stringToNode(rule_edit_condition(rule)) : NULL;
	bool		keeps_condition = condition == NULL || !reads_column(condition, column);

	if (count == rule->column_count && keeps_condition)
		return true;
	if (!keeps_condition)
		condition = NULL;
	delete_dependencies(rule, !keeps_condition);
	rule_edit_restrict(rule, columns, count, condition == NULL ? NULL : nodeToString(condition));
	depend_on_columns(rule, columns, count, condition);
	CommandCounterIncrement();
	return keeps_condition;
}
